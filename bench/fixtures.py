"""Area `fixtures`: what isolation costs a suite."""

import statistics
import time
from collections.abc import Callable, Iterator

from bench.figures import Figure
from wireproof.fixtures.isolation import Isolation, Plan
from wireproof.fixtures.owned import Owner
from wireproof.fixtures.postgres import Postgres
from wireproof.fixtures.redis import Redis
from wireproof.stack import databases
from wireproof.stack.embedded import EmbeddedStack

TABLES = 12
SEEDED = 2
ROWS = 20
ROUNDS = 50
_DATABASE = "bench-fixtures"


def measure() -> Iterator[Figure]:
    stack = EmbeddedStack.start()
    databases.create(stack.postgres.url, _DATABASE)
    postgres = Postgres("bench", stack.postgres.url_of(_DATABASE), disposable=True)
    cache = Redis("bench", stack.redis.url, disposable=True)
    try:
        yield from _measure(postgres, cache, stack.endpoint("http"))
    finally:
        postgres.close()
        cache.close()
        stack.stop()


def _measure(postgres: Postgres, cache: Redis, http: str) -> Iterator[Figure]:
    for number in range(TABLES):
        parent = f"REFERENCES t{number - 1}" if number else ""
        postgres.execute(f"CREATE TABLE t{number} (id int PRIMARY KEY, parent int {parent}, user_id text, note text)")
    for number in range(SEEDED):
        postgres.execute(_rows(number, "seed"))
    plan = Plan("reset", Owner("bench-"), postgres, cache, http)

    def begin() -> Isolation:
        isolation = Isolation(plan)
        isolation.begin()
        return isolation

    def dirty() -> Isolation:
        isolation = begin()
        postgres.execute("; ".join(_rows(number, "test") for number in range(TABLES)))  # type: ignore[arg-type]
        with cache.asking() as client:
            client.mset({f"key-{number}": number for number in range(ROWS)})
        return isolation

    database = f"{TABLES} tables, {ROWS} new rows in each, {SEEDED} seeded, {ROWS} keys; the server asked"
    how = f"median of {ROUNDS}: {database}"
    yield Figure("fixtures", "reset of a dirty database and Redis", _median_ms(dirty), "ms", "< 5 ms", how)
    yield Figure("fixtures", "reset of a clean database and Redis", _median_ms(begin), "ms", "< 1 ms", how)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        isolation = begin()
        times.append(time.perf_counter() - start)
        isolation.end()
    yield Figure("fixtures", "recording the baseline", statistics.median(times) * 1e3, "ms", "", how)


def _rows(number: int, who: str) -> str:
    first = 1 if who == "seed" else 1001
    numbers = f"generate_series({first}, {first + ROWS - 1}) AS n"
    return f"INSERT INTO t{number} (id, user_id, note) SELECT n, '{who}-' || n, repeat('x', 50) FROM {numbers}"  # noqa: S608


def _median_ms(prepare: Callable[[], Isolation]) -> float:
    times = []
    for _ in range(ROUNDS):
        isolation = prepare()
        start = time.perf_counter()
        isolation.end()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3
