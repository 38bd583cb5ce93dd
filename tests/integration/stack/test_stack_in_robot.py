"""The library `wireproof.Stack` in real Robot runs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from robot.api import ExecutionResult

from wireproof import journal, journal_file
from wireproof.stack import janitor

SETTINGS = "*** Settings ***\nLibrary    wireproof.Stack\n"
LONG_S = 60


class Run:
    """A finished run: what each test came to, and the files."""

    def __init__(self, directory: Path) -> None:
        self.output = directory / "results"
        result = ExecutionResult(self.output / "output.xml")
        self.tests = {test.name: (test.status, test.message) for test in result.suite.all_tests}
        self.warnings = [message.message for message in result.errors.messages]

    def events(self, kind: str) -> list[journal.Event]:
        return [event for event in journal_file.read(self.output / "wireproof/journal.jsonl") if event.kind == kind]


@pytest.fixture
def robot(tmp_path, monkeypatch):
    """Runs suites, given by file name, in a project of their own; no `stack up` is found there."""
    (tmp_path / "robot.toml").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    for name in ("WS_URL", "HTTP_URL", "POSTGRES_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)

    def run(*options: str, **suites: str) -> Run:
        subprocess.run(
            command(tmp_path, *options, **suites), cwd=tmp_path, capture_output=True, timeout=LONG_S, check=False
        )
        return Run(tmp_path)

    return run


def command(directory: Path, *options: str, **suites: str) -> list[str]:
    for name, text in suites.items():
        (directory / "suites").mkdir(exist_ok=True)
        (directory / f"suites/{name}.robot").write_text(text)
    return [sys.executable, "-m", "robot", "--outputdir", "results", *options, "suites"]


def test_suites_share_one_stack_that_ends_with_the_run(robot, tmp_path):
    suite = f"""{SETTINGS}Suite Setup    Ensure Stack
*** Test Cases ***
{{}}
    Ensure Stack
    ${{{{ws}}}}    Get Endpoint    ws
    Set Test Message    ${{{{ws}}}}
"""
    run = robot(first=suite.format("First"), second=suite.format("Second"))
    assert run.tests["First"][0] == run.tests["Second"][0] == "PASS"
    assert run.tests["First"][1] == run.tests["Second"][1] != ""
    actions = [(event.source, event.data["action"]) for event in run.events("service")]
    assert sorted(actions[:3]) == [("postgres", "started"), ("redis", "started"), ("server", "started")]
    assert actions[3:] == [("server", "stopped")]
    assert sorted(path.name for path in (run.output / "wireproof/stack-logs").iterdir()) == [
        "postgres.log",
        "redis.log",
        "server.log",
    ]
    assert not list(tmp_path.glob("wireproof*"))


def test_no_password_reaches_a_file_of_the_run(robot, monkeypatch, tmp_path):
    """The passwords are taken from the run itself by writing them where only the test looks."""
    run = robot(
        "--loglevel",
        "TRACE",
        suite=f"""{SETTINGS}
*** Test Cases ***
Everything That Knows Them
    Ensure Stack
    FOR    ${{name}}    IN    postgres    redis    token secret
        ${{secret}}    Get Credential    ${{name}}
        Evaluate    open($TEMP + '/taken-' + $name, 'w').write($secret.value)
    END
    ${{server}}    Start Server
    Log    ${{server}}
    Get Endpoint    postgres
    Kill Service    postgres
    Run Keyword And Expect Error    *    Stack Should Be Healthy
*** Variables ***
${{TEMP}}    {tmp_path}
""",
    )
    assert run.tests == {"Everything That Knows Them": ("PASS", "")}
    secrets = [path.read_text() for path in tmp_path.glob("taken-*")]
    assert len(secrets) == 3
    for path in [path for path in run.output.rglob("*") if path.is_file()]:
        text = path.read_text(errors="replace")
        assert not [secret for secret in secrets if secret in text], path


def test_what_a_test_does_to_services_is_undone_when_it_ends(robot):
    run = robot(
        suite=f"""{SETTINGS}Suite Setup    Ensure Stack
*** Test Cases ***
Breaks Everything
    Kill Service    redis
    Suspend Service    postgres
    Stop Service    server
    Start Server    mine

Finds All Well
    Stack Should Be Healthy
    Run Keyword And Expect Error    the embedded stack has no service 'mine'*    Stop Service    mine

Waits In Vain
    Kill Service    redis
    Run Keyword And Expect Error    no cache: the embedded stack is not ready after * s: redis: *
    ...    Wait Until Stack Is Ready    timeout=10ms    msg=no cache

Restarts
    ${{before}}    Get Endpoint    postgres
    Restart Service    postgres
    Wait Until Stack Is Ready
    ${{after}}    Get Endpoint    postgres
    Should Be Equal    ${{before}}    ${{after}}
""",
    )
    assert run.tests["Breaks Everything"][0] == "FAIL"
    assert run.tests["Breaks Everything"][1].startswith('CREATE DATABASE "mine-')
    assert run.tests["Finds All Well"] == run.tests["Waits In Vain"] == run.tests["Restarts"] == ("PASS", "")
    assert run.warnings == []


def test_a_server_of_a_suite_ends_with_the_suite_that_started_it(robot):
    run = robot(
        a=f"""{SETTINGS}Suite Setup    Begin
*** Test Cases ***
One
    Stop Service    other
    Start Service    other

Two
    Restart Service    other
*** Keywords ***
Begin
    Ensure Stack
    ${{server}}    Start Server    other    settings={{"maxConnections": 3}}
    Should Be Equal    ${{server.name}}    other
    Should Start With    ${{server.ws}}    ws://127.0.0.1:
""",
        b=f"""{SETTINGS}
*** Test Cases ***
Three
    Run Keyword And Expect Error    *no service 'other'*    Stop Service    other
""",
    )
    assert run.tests == dict.fromkeys(("One", "Two", "Three"), ("PASS", ""))


def test_a_bad_stack_fails_the_first_area_and_skips_the_others(robot, monkeypatch):
    monkeypatch.setenv("PG_BIN", "/nowhere")
    suite = f"{SETTINGS}Suite Setup    Ensure Stack\n*** Test Cases ***\n{{}}\n    No Operation\n"
    run = robot(first=suite.format("First"), second=suite.format("Second"))
    reason = "PG_BIN is /nowhere, but there is no initdb and postgres: point it to PostgreSQL's bin directory"
    assert run.tests["First"] == ("FAIL", f"Parent suite setup failed:\n{reason}")
    assert run.tests["Second"][0] == "SKIP"
    assert run.tests["Second"][1].endswith(f"the stack is not there: {reason}")


def test_an_external_stack_is_told_by_variables(robot, stack):
    suite = f"""{SETTINGS}Suite Setup    Ensure Stack
*** Test Cases ***
Healthy
    Stack Should Be Healthy
    Skip Unless Stack Can    mint tokens

Not Ours
    Skip Unless Stack Can    kill services    read sessions

Refused
    Kill Service    redis
"""
    addresses = {"WS_URL": stack.addresses.ws, "HTTP_URL": stack.addresses.http}
    run = robot(
        *[f"--variable={name}:{url}" for name, url in addresses.items()], "--variable=STACK:external", suite=suite
    )
    assert run.tests["Healthy"] == ("PASS", "")
    assert run.tests["Not Ours"] == (
        "SKIP",
        "the external stack cannot kill services (others run its services), read sessions; it can mint tokens",
    )
    assert run.tests["Refused"] == (
        "FAIL",
        "the external stack has no service 'redis' to control: it cannot kill services (others run its services), "
        "only servers that tests started (now none); call Skip Unless Stack Can    kill services",
    )
    missing = robot("--variable", "STACK:external", suite=suite)
    assert "addresses are missing: WS_URL, HTTP_URL;" in missing.tests["Healthy"][1]


def test_a_foreign_stack_needs_only_its_gateway(robot, stack):
    run = robot(
        f"--variable=WS_URL:{stack.addresses.ws}",
        suite=f"""{SETTINGS}Suite Setup    Attach To Stack    staging    isolation=keep    max_rate=200/s
*** Test Cases ***
Attached
    Ensure Stack
    ${{ws}}    Get Endpoint    ws
    Should Be Equal    ${{ws}}    ${{WS_URL}}

Nothing More
    Get Endpoint    http

Bad Rate
    Attach To Stack    staging    max_rate=200
""",
    )
    assert run.tests["Attached"] == ("PASS", "")
    assert run.tests["Nothing More"] == ("FAIL", "the external stack has no http that tests may use")
    assert "write a rate as count/unit" in run.tests["Bad Rate"][1]


def test_plain_lines_for_wrong_arguments(robot):
    run = robot(
        suite=f"""{SETTINGS}
*** Test Cases ***
No Stack
    Get Endpoint    ws

Unknown Endpoint
    Get Endpoint    mysql

Bad Json
    Start Server    settings={{'a': 1}}

No Object
    Start Server    settings=[1]

No Ability
    Ensure Stack
    Skip Unless Stack Can    fly

Bad Setting Name
    Start Server    settings={{"MAX": 1}}
""",
    )
    assert run.tests["No Stack"] == ("FAIL", "no stack is running: call Ensure Stack first")
    assert "cannot be converted to 'ws', 'http', 'postgres' or 'redis'" in run.tests["Unknown Endpoint"][1]
    assert "cannot be converted to Settings: " in run.tests["Bad Json"][1]
    assert 'write settings as a JSON object, for example {"maxConnections": 3}' in run.tests["No Object"][1]
    assert run.tests["No Ability"][1].startswith("no stack has an ability 'fly'; there are start server, ")
    assert run.tests["Bad Setting Name"][1].startswith("'MAX' is no name of a setting: write it as /version does")
    assert not [message for _, message in run.tests.values() if "Traceback" in message]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_robot_that_is_ended_leaves_nothing(number, tmp_path, monkeypatch):
    """The run tells by a file that its stack is there, then waits."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "robot.toml").touch()
    suite = f"""{SETTINGS}
*** Test Cases ***
Waits
    Ensure Stack
    Evaluate    open('run', 'w').write(str(wireproof.stack.current().run.path))    modules=wireproof.stack
    Evaluate    os.rename('run', 'ready')    modules=os
    Sleep    60 s
"""
    process = subprocess.Popen(
        command(tmp_path, suite=suite), cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    ready = tmp_path / "ready"
    wait_for(lambda: ready.exists() or process.poll() is not None)
    run_dir = Path(ready.read_text())
    everything = janitor.working_below(run_dir)
    assert len(everything) > 3
    os.kill(process.pid, number)
    process.wait(LONG_S)
    wait_for(lambda: not run_dir.exists())
    assert janitor.wait_until_dead(everything, LONG_S) == []


def wait_for(condition) -> None:
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_second_run_uses_the_stack_that_is_up(robot, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wireproof = [sys.executable, "-m", "wireproof", "stack"]
    (tmp_path / "robot.toml").touch()
    up = subprocess.run([*wireproof, "up", "--json"], capture_output=True, text=True, check=True, timeout=LONG_S)
    try:
        suite = f"{SETTINGS}\n*** Test Cases ***\nUses It\n    Ensure Stack\n    ${{ws}}    Get Endpoint    ws\n"
        run = robot(suite=f"{suite}    Set Test Message    ${{ws}}\n    Kill Service    postgres\n")
        assert run.tests["Uses It"] == ("PASS", json.loads(up.stdout)["ws"])
        status = subprocess.run([*wireproof, "status"], capture_output=True, text=True, check=False, timeout=LONG_S)
        assert status.returncode == 0, status.stdout
    finally:
        subprocess.run([*wireproof, "down"], capture_output=True, check=True, timeout=LONG_S)


SETTINGS_OF_A_RUN = f"""{SETTINGS}Suite Setup    Ensure Stack
*** Test Cases ***
Every Server Has Them
    ${{added}}    Start Server
    ${{own}}    Get Endpoint    http
    FOR    ${{http}}    IN    ${{own}}    ${{added.http}}
        ${{version}}    Evaluate    json.load(urllib.request.urlopen($http + "/version"))    modules=json,urllib.request
        Should Be Equal    ${{version}}[settings][messageTimeout]    ${{7.0}}
    END
"""


def test_a_run_may_have_settings_of_its_own_and_says_so(robot):
    given = '{"messageTimeout": 7}'
    run = robot("--variable", f"SERVER_SETTINGS:{given}", settings=SETTINGS_OF_A_RUN)
    assert run.tests == {"Every Server Has Them": ("PASS", "")}
    assert run.warnings == [f"the servers of this run have settings of their own: {given}"]


def test_a_run_whose_settings_are_wrong_says_what_to_do(robot):
    run = robot("--variable", "SERVER_SETTINGS:{7}", settings=SETTINGS_OF_A_RUN)
    status, message = run.tests["Every Server Has Them"]
    assert (status, message.startswith("Parent suite setup failed:\n${SERVER_SETTINGS} is no JSON: ")) == ("FAIL", True)
