"""Two runs at once on the stack of `stack up`: neither deletes the other's rows nor blames it for what is left."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness import GENEROUS_S, Run, environment, run_robot

RESOURCE = """
*** Settings ***
Library     DatabaseLibrary
Library     OperatingSystem
Library     wireproof.Fixtures
Library     wireproof.Stack

*** Keywords ***
Isolate
    Ensure Stack
    ${isolation}    Use Isolation
    Should Be Equal    ${isolation.mode}    owner
    VAR    ${ANN}    ${isolation.owner}ann    scope=SUITE
    Seed User    {"id": "${ANN}"}

Connect As
    [Arguments]    ${alias}
    ${url}    Get Endpoint    postgres
    ${at}    Evaluate    urllib.parse.urlsplit($url)    modules=urllib.parse
    ${password}    Get Credential    postgres
    Connect To Database    psycopg2    db_name=wireproof    db_user=${at.username}    db_password=${password}
    ...    db_host=${at.hostname}    db_port=${at.port}    application_name=${alias}    alias=${alias}
"""
LONG = """
*** Settings ***
Resource            base.resource
Suite Setup         Isolate
Suite Teardown      Disconnect From All Databases

*** Test Cases ***
Is There Before And After The Other
    Wait Until Created    %{MEET}/short-watches    timeout=1 min
    Connect As    long
    Create File    %{MEET}/long-is-there
    Wait Until Created    %{MEET}/short-has-ended    timeout=1 min
    Row Should Exist    users    {"id": "${ANN}"}
"""
SHORT = """
*** Settings ***
Resource            base.resource
Suite Setup         Watch
Suite Teardown      Nothing Should Be Left Behind    ignore=rows

*** Test Cases ***
Leaves Nothing
    Nothing Should Be Left Behind    ignore=rows    timeout=0s

Forgets A Session
    Connect As    forgotten
    Run Keyword And Expect Error    left behind: session 'forgotten' (*    Nothing Should Be Left Behind
    ...    ignore=rows    timeout=0s
    Disconnect From Database    alias=forgotten

Forgets A Row
    Run Keyword And Expect Error    left behind: row users id=${ANN}    Nothing Should Be Left Behind

Starts The Server Anew
    Restart Service    server
    Nothing Should Be Left Behind    ignore=rows    timeout=10s

*** Keywords ***
Watch
    Isolate
    Create File    %{MEET}/short-watches
    Wait Until Created    %{MEET}/long-is-there    timeout=1 min
"""
COUNT = """
*** Settings ***
Resource            base.resource
Suite Setup         Ensure Stack

*** Test Cases ***
Nobody Has Left A User
    Row Count Should Be    users    0
"""


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A checkout whose stack is up, and what its runs find in their environment."""
    checkout = tmp_path_factory.mktemp("checkout")
    (checkout / ".git").mkdir()
    env = {"XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime")), "MEET": str(checkout)}

    def stack(command: str) -> None:
        program = [sys.executable, "-m", "wireproof", "stack", command]
        subprocess.run(program, env=environment(env), cwd=checkout, check=True, timeout=GENEROUS_S)

    stack("up")
    yield checkout, env
    stack("down")


@pytest.fixture(scope="module")
def runs(variables: tuple[Path, dict[str, str]]) -> tuple[Run, Run]:
    """A long run, and a short one that ends earlier and watches what the long one does meanwhile."""
    checkout, env = variables

    def run(name: str, text: str) -> Run:
        return run_robot(checkout / name, {"base.resource": RESOURCE, f"{name}.robot": text}, env=env)

    with ThreadPoolExecutor() as pool:
        long, short = pool.submit(run, "long", LONG), pool.submit(run, "short", SHORT)
        ended = short.result()
        (checkout / "short-has-ended").touch()
        return long.result(), ended


def test_neither_deletes_what_the_other_needs(runs: tuple[Run, Run]) -> None:
    long, short = runs
    long.passed()
    short.passed()


def test_what_the_other_holds_is_told_as_unattributed(runs: tuple[Run, Run]) -> None:
    _, short = runs
    told = [found.message for found in short.messages(short.tests["Leaves Nothing"])]
    assert [line.split(" (")[0] for line in told if "'long'" in line] == ["unattributed: session 'long'"]


@pytest.mark.usefixtures("runs")
def test_in_the_end_each_has_deleted_its_own(variables: tuple[Path, dict[str, str]]) -> None:
    checkout, env = variables
    run_robot(checkout / "count", {"base.resource": RESOURCE, "count.robot": COUNT}, env=env).passed()
