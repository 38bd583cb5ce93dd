"""Faults of services in Robot runs: what the journal tells, what is refused, and that the next test finds all well."""

from collections.abc import Iterator

import pytest
from harness import Run, run_robot

from wireproof import journal_file
from wireproof.journal import Event

SETTINGS = """
*** Settings ***
Library         wireproof.Stack
Suite Setup     Ensure Stack
"""
FAULTS = f"""{SETTINGS}
*** Test Cases ***
Killed
    Kill Service    redis
    Start Service    redis

Suspended
    Suspend Service    postgres

Stopped
    ${{stopped}}    Stop Service    server    timeout=15s
    Should Be True    ${{stopped.graceful}}
    Should Be Equal    ${{stopped.exit_code}}    ${{0}}
    Should Be True    0 < ${{stopped.took_ms}} < 15000

Restarted
    ${{stopped}}    Restart Service    postgres    mode=immediate
    Should Not Be True    ${{stopped.graceful}}

Crashed
    Crash Service    redis    times=3

Rolled
    Start Server    second
    Roll Services    second    server

Healed Twice
    Suspend Service    redis
    Resume Service    redis
    Resume Service    redis
    Start Service    redis

All Is Well
    Stack Should Be Healthy
"""
REFUSED = {
    "Kill What Is Killed": (["Kill Service    redis"] * 2, "redis is not running: start it first"),
    "Stop What Is Stopped": (["Stop Service    redis"] * 2, "redis is not running: start it first"),
    "Restart What Is Killed": (
        ["Kill Service    redis", "Restart Service    redis"],
        "redis is not running: start it first",
    ),
    "Suspend What Is Suspended": (
        ["Suspend Service    redis"] * 2,
        "redis is suspended already: call Resume Service first",
    ),
    "Start What Is Suspended": (
        ["Suspend Service    redis", "Start Service    redis"],
        "redis is suspended: call Resume Service",
    ),
    "Resume What Is Killed": (
        ["Kill Service    redis", "Resume Service    redis"],
        "redis is not running: start it first",
    ),
    "Unknown Service": (
        ["Kill Service    mongo"],
        "the embedded stack has no service 'mongo' to control; it has postgres, redis, server",
    ),
    "Unknown Among Several": (
        ["Roll Services    server    mongo"],
        "the embedded stack has no service 'mongo' to control; it has postgres, redis, server",
    ),
    "No Services": (["Roll Services"], "no service is named: write Roll Services    server    server-2"),
    "Crashes Never": (["Crash Service    redis    times=0"], "times is 0: a service crashes once or more often"),
}
"""By test: its lines, and the reason why the last one fails."""

INTERRUPTED = {
    "Ends The Server": ("0.03 s", "Restart Service    server"),
    "Starts The Server": ("0.25 s", "Restart Service    server"),
    "Ends PostgreSQL": ("0.02 s", "Restart Service    postgres"),
    "Crashes Redis": ("0.3 s", "Crash Service    redis    times=1000"),
    "Freezes And Thaws": ("0.3 s", "Freeze And Thaw"),
    "Rolls": ("0.4 s", "Roll Services    server    postgres    redis"),
}
"""By test: its time-out, and what it interrupts."""


def suite(tests: dict[str, list[str]]) -> str:
    """Each test, followed by one that needs all services."""
    cases = [
        "\n    ".join([name, *lines]) + f"\n\nAfter {name}\n    Stack Should Be Healthy\n"
        for name, lines in tests.items()
    ]
    return "\n".join([SETTINGS, "*** Test Cases ***", *cases])


FREEZE = """
*** Keywords ***
Freeze And Thaw
    WHILE    ${True}    limit=NONE
        Suspend Service    postgres
        Resume Service    postgres
    END
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Three suites on one stack of the run's own."""
    directory = tmp_path_factory.mktemp("service-faults")
    directory.joinpath("robot.toml").touch()
    refused = suite({name: lines for name, (lines, _) in REFUSED.items()})
    timed = suite({name: [f"[Timeout]    {after}", what] for name, (after, what) in INTERRUPTED.items()})
    suites = {"a.robot": FAULTS, "b.robot": refused, "c.robot": timed + FREEZE}
    return run_robot(directory, suites, env={"XDG_RUNTIME_DIR": str(directory)})


@pytest.fixture(scope="module")
def faults(run: Run) -> dict[str, list[Event]]:
    """The fault events by the test in whose time they were recorded."""
    found: dict[str, list[Event]] = {}
    for event in journal_file.read(run.directory / "wireproof/journal.jsonl"):
        if event.kind == "scope" and event.source == "test" and event.data["phase"] == "start":
            name = event.data["name"].rpartition(".")[2]
        elif event.kind == "fault":
            found.setdefault(name, []).append(event)
    return found


@pytest.mark.parametrize(
    "name", ["Killed", "Suspended", "Stopped", "Restarted", "Crashed", "Rolled", "Healed Twice", "All Is Well"]
)
def test_it_is_done_and_undone(run: Run, name: str) -> None:
    assert run.outcomes()[name] == ("PASS", "")


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("Killed", ["redis killed"]),
        ("Suspended", ["postgres suspended"]),
        ("Stopped", ["server stopped"]),
        ("Restarted", ["postgres restarted"]),
        ("Crashed", ["redis killed"] * 3),
        ("Rolled", ["second restarted", "server restarted"]),
        ("Healed Twice", ["redis suspended"]),
    ],
)
def test_the_journal_tells_every_fault_from_when_to_when(
    faults: dict[str, list[Event]], test: str, told: list[str]
) -> None:
    events = faults[test]
    assert [event.data["phase"] for event in events] == ["on", "off"] * len(told)
    for on, off, expected in zip(events[::2], events[1::2], told, strict=True):
        assert f"{on.source} {on.data['name']}" == f"{off.source} {off.data['name']}" == expected
        assert on.data["number"] == off.data["number"]
        assert on.at_ns < off.at_ns
        assert off.data["touched"] >= 1
        assert off.data["effect"] == {"processes": off.data["touched"]}


def test_postgres_is_frozen_with_all_its_processes(faults: dict[str, list[Event]]) -> None:
    assert faults["Suspended"][1].data["touched"] > 3


def test_every_fault_of_the_run_has_a_number_of_its_own_and_an_end(faults: dict[str, list[Event]]) -> None:
    events = [event for found in faults.values() for event in found]
    on, off = ([event.data["number"] for event in events if event.data["phase"] == phase] for phase in ("on", "off"))
    assert len(set(on)) == len(on)
    assert sorted(on) == sorted(off)


@pytest.mark.parametrize("name", REFUSED)
def test_what_contradicts_itself_is_one_plain_line(run: Run, name: str) -> None:
    assert run.failure(name) == REFUSED[name][1]


@pytest.mark.parametrize("name", INTERRUPTED)
def test_a_time_out_interrupts_it(run: Run, name: str) -> None:
    assert run.failure(name).startswith("Test timeout ")


@pytest.mark.parametrize("name", [*REFUSED, *INTERRUPTED])
def test_the_next_test_finds_the_stack_whole(run: Run, name: str) -> None:
    assert run.outcomes()[f"After {name}"] == ("PASS", "")


def test_nothing_is_complained_about(run: Run) -> None:
    assert run.errors == []
