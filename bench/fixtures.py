"""Area `fixtures`: what isolation costs a suite."""

import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from bench.figures import Figure
from wireproof.fixtures.isolation.isolation import Isolation, Plan
from wireproof.fixtures.isolation.owned import Owner
from wireproof.fixtures.isolation.server import Server
from wireproof.fixtures.postgres import Postgres
from wireproof.fixtures.redis import Redis
from wireproof.stack import databases
from wireproof.stack.embedded import EmbeddedStack

TABLES = 12
SEEDED = 2
ROWS = 20
ROUNDS = 200
_DATABASE = "bench-fixtures"


def measure() -> Iterator[Figure]:
    stack = EmbeddedStack.start()
    databases.create(stack.postgres.url, _DATABASE)
    postgres = Postgres("bench", stack.postgres.url_of(_DATABASE), disposable=True)
    cache = Redis("bench", stack.redis.url, disposable=True)
    server = Server(stack.endpoint("http"))
    try:
        yield from _measure(postgres, cache, server)
    finally:
        server.close()
        postgres.close()
        cache.close()
        stack.stop()


def _measure(postgres: Postgres, cache: Redis, server: Server) -> Iterator[Figure]:
    for number in range(TABLES):
        parent = f"REFERENCES t{number - 1}" if number else ""
        postgres.execute(f"CREATE TABLE t{number} (id int PRIMARY KEY, parent int {parent}, user_id text, note text)")
    for number in range(SEEDED):
        postgres.execute(_rows(number, "seed"))

    def begin(asked: Server | None) -> Isolation:
        isolation = Isolation(Plan("reset", Owner("bench-"), postgres, cache, asked))
        isolation.begin()
        return isolation

    def dirty(asked: Server | None) -> Isolation:
        isolation = begin(asked)
        postgres.execute("; ".join(_rows(number, "test") for number in range(TABLES)))  # type: ignore[arg-type]
        with cache.asking() as client:
            client.mset({f"key-{number}": number for number in range(ROWS)})
        return isolation

    database = f"{TABLES} tables, {ROWS} new rows in each, {SEEDED} seeded, {ROWS} keys"
    how = f"median of {ROUNDS}: {database}"
    for prepare, state, goal in ((dirty, "dirty", "< 5 ms"), (begin, "clean", "< 1 ms")):
        name = f"reset of a {state} database and Redis"
        yield Figure("fixtures", name, _median_ms(partial(prepare, server)), "ms", goal, f"{how}; the server asked")
        yield Figure("fixtures", f"{name} alone", _median_ms(partial(prepare, None)), "ms", "", how)
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        isolation = begin(server)
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
