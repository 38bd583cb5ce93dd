"""On a stack that is not there the first suite fails with every reason, the others skip and name it."""

from harness import run_robot

GATED = """
*** Settings ***
Library         wireproof.Stack
Suite Setup     Ensure Stack

*** Test Cases ***
{name}
    Fail    this must not run
"""


def test_every_dead_address_is_named(tmp_path):
    dead = {
        "WS_URL": "ws://127.0.0.1:1/",
        "HTTP_URL": "http://127.0.0.1:2",
        "POSTGRES_URL": "postgresql://qa:canary-4718@127.0.0.1:3/orders",
        "REDIS_URL": "redis://:canary-4719@127.0.0.1:4/0",
    }
    options = [part for name, url in dead.items() for part in ("--variable", f"{name}:{url}")]
    suites = {f"{name}.robot": GATED.format(name=name) for name in ("First", "Second", "Third")}
    run = run_robot(tmp_path, suites, "--variable", "STACK:external", *options)
    first = run.failure("First")
    assert first.startswith("Parent suite setup failed:\n")
    line = first.partition("\n")[2]
    assert line.isprintable()
    for dependency in ("ws: 127.0.0.1:1 ", "127.0.0.1:2/health/ready ", "postgres: ", "redis: "):
        assert dependency in line
    for name in ("Second", "Third"):
        assert run.tests[name].status == "SKIP"
        assert line in run.tests[name].message
    assert "canary" not in first
    shown = [message.message for message in run.messages() if message.level not in ("DEBUG", "TRACE")]
    assert [text for text in shown if "Traceback" in text] == []


def test_a_missing_program_is_named(tmp_path):
    run = run_robot(
        tmp_path,
        GATED.format(name="Needs A Stack"),
        env={"PG_BIN": str(tmp_path / "nowhere"), "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    line = run.failure("Needs A Stack").partition("\n")[2]
    assert line.isprintable()
    assert f"PG_BIN is {tmp_path / 'nowhere'}" in line
