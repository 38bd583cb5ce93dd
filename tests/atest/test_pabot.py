"""Four workers of pabot beside each other on one PostgreSQL and Redis: nobody sees what another does."""

import subprocess
import sys
from pathlib import Path

import pytest
from harness import GENEROUS_S, Run, environment, write_suites

from wireproof.fixtures.postgres import Postgres
from wireproof.stack import databases
from wireproof.stack.embedded import EmbeddedStack

WORKERS = 4
SUITES = 8
RESOURCE = """
*** Settings ***
Library     DatabaseLibrary
Library     wireproof.Fixtures

*** Variables ***
${SHOP: Secret}     %{SHOP_URL}
${CACHE: Secret}    %{CACHE_URL}

*** Keywords ***
Isolate
    Connect Postgres    shop    dsn=${SHOP}    disposable=${True}
    ${isolation}    Use Isolation    database per worker    db=shop
    ${worker}    Evaluate    urllib.parse.urlsplit($isolation.database)    modules=urllib.parse
    ${password}    Evaluate    urllib.parse.urlsplit($SHOP.value).password    modules=urllib.parse
    Connect To Database    psycopg2    db_name=${worker.path}[1:]    db_user=${worker.username}
    ...    db_password=${password}    db_host=${worker.hostname}    db_port=${worker.port}    alias=sql

Only Mine Should Be There
    FOR    ${number}    IN RANGE    20
        Execute Sql String    INSERT INTO orders VALUES (${number})    alias=sql
        Check Row Count    SELECT * FROM orders    ==    ${{$number + 1}}    alias=sql
    END
"""
SUITE = """
*** Settings ***
Resource            base.resource
Suite Setup         Isolate
Suite Teardown      Disconnect From Database    alias=sql

*** Test Cases ***
Orders Of Suite {number}
    Only Mine Should Be There
"""


@pytest.fixture(scope="module")
def shared():
    """One PostgreSQL for all workers, with a database that they copy."""
    stack = EmbeddedStack.start()
    databases.create(stack.postgres.url, "shop")
    shop = Postgres("shop", stack.postgres.url_of("shop"))
    shop.execute("CREATE TABLE orders (id integer PRIMARY KEY)")
    shop.close()
    yield stack
    stack.stop()


def test_workers_do_not_meet(tmp_path: Path, shared: EmbeddedStack) -> None:
    texts = {f"suite_{number}.robot": SUITE.format(number=number) for number in range(SUITES)}
    suites = write_suites(tmp_path, {"base.resource": RESOURCE, **texts})
    output = tmp_path / "results"
    robot = ["--command", sys.executable, "-m", "robot", "--end-command"]
    command = [sys.executable, "-m", "pabot.pabot", *robot, "--processes", str(WORKERS), "--no-pabotlib"]
    done = subprocess.run(
        [*command, "--outputdir", str(output), str(suites)],
        env=environment({"SHOP_URL": shared.postgres.url_of("shop"), "CACHE_URL": shared.redis.url}),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    run = Run(done.returncode, done.stdout + done.stderr, output)
    assert (output / "output.xml").exists(), run.console
    assert {status for status, _ in run.outcomes().values()} == {"PASS"}, run.outcomes()
    assert len(run.tests) == SUITES
    assert run.rc == 0
    keeper = Postgres("keeper", shared.postgres.url_of("postgres"))
    left = keeper.execute("SELECT datname FROM pg_database WHERE datname LIKE 'wireproof-worker-%'")
    templates = keeper.execute("SELECT datname FROM pg_database WHERE datname LIKE 'wireproof-template-%'")
    keeper.close()
    assert left == []
    assert len(templates) == 1
