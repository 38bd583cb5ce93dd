"""Runs on the stack of `stack up`: two at once do not disturb each other, and what one that dies leaves is healed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness import GENEROUS_S, Run, command, environment, run_robot, write_suites

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


DIES = f"""
*** Settings ***
Library     OperatingSystem
Library     wireproof.Faults
Library     wireproof.Stack
Library     {Path(__file__).parent / "forwarder.py"}

*** Test Cases ***
Is Killed In The Middle
    Ensure Stack
    {{harm}}
    Create File    %{{{{MEET}}}}/harmed
    Sleep    1 min

*** Keywords ***
Reroute
    ${{{{url}}}}    Get Endpoint    redis
    Start Forwarder    cache    ${{{{url}}}}
    Reroute Service    server    redis    via=cache

Plant Faults
    Fail Inserts    users
    Make Database Read Only
    Exhaust Connections
    Pause Cache    duration=1 min
    Fill Cache
    Revoke Cache Access
"""
COMES_LATER = """
*** Settings ***
Library     wireproof.Stack

*** Test Cases ***
Finds All Well
    Ensure Stack
    Stack Should Be Healthy
    ${ws}    Get Endpoint    ws
    Should Be Equal    ${ws}    %{KEPT_WS}
"""
COMES_MEANWHILE = """
*** Settings ***
Library     wireproof.Stack

*** Test Cases ***
Has A Stack Of Its Own
    Ensure Stack
    ${ws}    Get Endpoint    ws
    Should Not Be Equal    ${ws}    %{KEPT_WS}
"""


@pytest.fixture
def kept(variables: tuple[Path, dict[str, str]]) -> tuple[Path, dict[str, str]]:
    """The same; the address of its gateway is in the environment."""
    checkout, env = variables
    program = [sys.executable, "-m", "wireproof", "stack", "up"]
    up = subprocess.run(program, env=environment(env), cwd=checkout, check=True, capture_output=True, text=True)
    (checkout / "harmed").unlink(missing_ok=True)
    return checkout, {**env, "KEPT_WS": up.stdout.split()[1]}


def begin(directory: Path, harm: str, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """A run that does harm, and then sleeps."""
    directory.mkdir(parents=True)
    program = command(write_suites(directory, DIES.format(harm=harm)), directory / "results")
    run = subprocess.Popen(program, env=environment(env), cwd=directory, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + GENEROUS_S
    while not (Path(env["MEET"]) / "harmed").exists():
        assert run.poll() is None, "it ended before it did any harm"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return run


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("Suspend Service    redis", "redis suspended"),
        ("Suspend Service    postgres", "postgres suspended"),
        ("Kill Service    server", "server down"),
        ("Reroute", "server rerouted"),
        (
            "Plant Faults",
            "inserts into users fail with 53100 in database wireproof, read only in database wireproof, "
            "connections exhausted in database wireproof, writes paused, out of memory, "
            "access of user default revoked",
        ),
    ],
)
def test_what_a_killed_run_left_is_healed_by_the_next(kept: tuple[Path, dict[str, str]], harm: str, found: str) -> None:
    _, env = kept
    name = harm.replace(" ", "-")
    with begin(kept[0] / f"dies-{name}", harm, env) as run:
        run.kill()
    later = run_robot(kept[0] / f"later-{name}", COMES_LATER, env=env)
    assert later.outcomes() == {"Finds All Well": ("PASS", "")}
    assert later.errors == [f"the embedded stack was found with {found}, as a run that died leaves it: healed"]
    again = run_robot(kept[0] / f"again-{name}", COMES_LATER, env=env)
    again.passed()


def test_a_run_that_is_interrupted_heals_what_it_did(kept: tuple[Path, dict[str, str]]) -> None:
    checkout, env = kept
    with begin(checkout / "interrupted", "Suspend Service    redis", env) as run:
        os.kill(run.pid, signal.SIGINT)
    run_robot(checkout / "after-it", COMES_LATER, env=env).passed()


def test_what_a_living_run_does_is_not_healed_by_others(kept: tuple[Path, dict[str, str]]) -> None:
    checkout, env = kept
    with begin(checkout / "lives", "Suspend Service    redis", env) as run:
        run_robot(checkout / "meanwhile", COMES_MEANWHILE, env=env).passed()
        os.kill(run.pid, signal.SIGINT)
    run_robot(checkout / "afterwards", COMES_LATER, env=env).passed()
