"""`python -m wireproof load`: a load on any URL in one line, with a verdict, a page and an exit code."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import GENEROUS_S, environment

from wireproof.delivery.history import History
from wireproof.measures.interval_log import read_log

QUIET = """
import sys
from robot.output import LOGGER
LOGGER.register_console_logger(sys.argv[1])
from wireproof.load import keywords
keywords.BuiltIn.get_variable_value = lambda self, name: None
print(keywords._is_quiet())
"""


def load(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "wireproof", "load", *arguments],
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )


SHORT = ("--dialect", "echo", "--connections", "4", "--rate", "100/s", "--duration", "1s")


def test_a_load_that_meets_its_thresholds(tmp_path, echo):
    done = load(tmp_path, echo.url, *SHORT, "--send", '{"text": "<b>"}', "--threshold", "delivery.lost == 0")
    assert (done.returncode, done.stderr) == (0, "")
    first, *_, verdict, last = done.stdout.splitlines()
    assert first == f"{echo.url}/: 100 messages, up to 100/s, 4 connections, 1 s"
    assert verdict == "PASS delivery.lost: count = 0 is == 0 (n = 100)"
    assert last == "report: results/load/load.html"
    assert "\r" not in done.stdout
    assert "\x1b" not in done.stdout


def test_it_leaves_a_page_and_figures(tmp_path, echo):
    done = load(tmp_path, echo.url, *SHORT, "--threshold", "delivery.lost == 0", "--out", "here", "--name", "<x>")
    assert done.returncode == 0
    page = (tmp_path / "here" / "load.html").read_text()
    assert "<svg" in page
    assert "<script" not in page
    assert "<x>" not in page
    figures = json.loads((tmp_path / "here" / "load.json").read_text())
    assert figures["counts"]["sent"] == figures["counts"]["delivered"] == 100
    assert figures["verdicts"] == [{"word": "PASS", "line": "PASS delivery.lost: count = 0 is == 0 (n = 100)"}]
    statistics = [one["statistic"] for one in figures["metrics"]["delivery.time"]]
    assert statistics == ["p50", "p95", "p99", "max"]
    with (tmp_path / "here" / "load.hlog").open() as lines:
        seconds = read_log(lines)["delivery.time"]
    assert sum(histogram.count for histogram in seconds.values()) == 100
    assert len(History.load(tmp_path / "here" / "load.npz")["sent"]["at"]) == 100


def test_a_threshold_that_is_not_met_is_exit_code_1(tmp_path, echo):
    done = load(tmp_path, echo.url, *SHORT, "--threshold", "delivery.lost > 5")
    assert done.returncode == 1
    assert "FAIL delivery.lost: count = 0 is not > 5 (n = 100)" in done.stdout


def test_a_condition_that_stops_it_is_exit_code_1(tmp_path, echo):
    arguments = ("--dialect", "echo", "--connections", "4", "--rate", "100/s", "--duration", "1h")
    done = load(tmp_path, echo.url, *arguments, "--stop-when", "connections.held > 3")
    assert done.returncode == 1
    assert "stopped early: connections.held > 3 was met: it was 4" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--rate", "1000"), "argument --rate: '1000' is not a rate: write a rate as count/unit"),
        (("--duration", "30"), "argument --duration: '30' is not a duration: write 50 ms, 2 s or 10 min"),
        (("--size", "250"), "argument --size: '250' is not a size: write"),
        (("--send", "{"), "argument --send: not JSON: "),
        (("--login", "[]"), 'argument --login: write a JSON object, for example {"id": "device-{n}"}, not []'),
        (("--login", '{"token": "%{NO_SUCH_VARIABLE}"}'), "there is no environment variable NO_SUCH_VARIABLE: set it"),
        (("--header", "Token"), "argument --header: write a header as Name: value, not Token"),
        ((), "python -m wireproof load: say how long: give duration, such as 30s, or stages, such as 0/s..1000/s"),
        (("--duration", "1s", "--threshold", "delivry.p95 < 1 s"), "load: unknown metric 'delivry.p95': did you mean"),
        (("--duration", "1s", "--stop-when", "mood > 1"), "load: unknown figure 'mood' of a running load: there are "),
        (("--stages", "fast"), "load: stage 1 'fast': it cannot be read: write 1000/s for 2min"),
        (("--duration", "1s", "--header", "X Y: 1"), "load: 'X Y' is not a header's name"),
    ],
)
def test_what_cannot_be_asked_is_exit_code_2(tmp_path, arguments, why):
    done = load(tmp_path, "ws://127.0.0.1:1/", *arguments)
    assert done.returncode == 2
    assert why in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_is_not_there_is_told(tmp_path):
    done = load(tmp_path, "ws://127.0.0.1:1/", *SHORT, "--threshold", "connect.success > 99 %")
    assert done.returncode == 1
    assert "FAIL connect.success: rate = 0 %" in done.stdout
    assert "Traceback" not in done.stderr


def on_a_terminal(directory: Path, act: Callable[[int], None], *arguments: str) -> tuple[int, str]:
    """The exit code and all that was written of a load whose output is a terminal; `act` is given its process."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(directory)
        variables = {**environment(), "TERM": "xterm"}
        for name in ("CI", "NO_COLOR"):
            variables.pop(name, None)
        os.execve(sys.executable, [sys.executable, "-m", "wireproof", "load", *arguments], variables)
    written = b""
    try:
        while data := os.read(terminal, 4096):
            written += data
            if b"/1:00:00" in written:
                act(pid)
                act = _nothing
    except OSError:  # how a terminal says that nobody writes any more
        pass
    finally:
        os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), written.decode()


def _nothing(pid: int) -> None:
    """Does nothing."""


def test_a_terminal_sees_one_line_and_ctrl_c_keeps_the_result(tmp_path, echo):
    arguments = ("--dialect", "echo", "--connections", "4", "--rate", "100/s", "--duration", "1h")
    code, written = on_a_terminal(tmp_path, lambda pid: os.kill(pid, signal.SIGINT), echo.url, *arguments)
    assert code == 1
    assert re.search(r"\r\[load\] load  00:0\d/1:00:00  4 connections", written)
    assert "stopped early: Ctrl-C" in written
    assert "Traceback" not in written
    assert json.loads((tmp_path / "results/load/load.json").read_text())["stopped"] == "Ctrl-C"


@pytest.mark.parametrize(("console", "quiet"), [("none", "True"), ("quiet", "True"), ("verbose", "False")])
def test_nobody_is_told_who_does_not_look(console, quiet):
    done = subprocess.run(
        [sys.executable, "-c", QUIET, console], capture_output=True, text=True, timeout=GENEROUS_S, check=False
    )
    assert (done.stdout.strip(), done.stderr) == (quiet, "")


def test_make_says_which_server_is_missing():
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["make", "--dry-run", "load", "URL=ws://h/", "OPTIONS=--duration 1s"],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=GENEROUS_S,
        check=False,
    )
    assert 'python -m wireproof load "ws://h/" --duration 1s' in done.stdout


def test_a_server_that_is_not_there_fails_a_load_without_thresholds(tmp_path):
    done = load(tmp_path, "ws://127.0.0.1:9/", *SHORT)
    assert done.returncode == 1
    told = "FAIL none of 4 clients of the load 'load' was let in; errors: 4 x connect: ECONNREFUSED"
    assert told in done.stdout.splitlines()


def test_a_host_that_is_not_there_is_told(tmp_path):
    done = load(tmp_path, "ws://nobody.invalid/", *SHORT)
    assert done.returncode == 1
    assert "INVALID: the host 'nobody.invalid' has no address: " in done.stdout


def test_results_that_cannot_be_left_are_told_before_the_load(tmp_path, echo):
    (tmp_path / "file").touch()
    done = load(tmp_path, echo.url, *SHORT, "--out", "file")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "python -m wireproof load: no results can be left in 'file': File exists; take another --out\n"
    )


DIALECTS = """
from wireproof.dialects.plain_json import PlainJson


class CannotBeMade(PlainJson):
    def __init__(self, *arguments, **more):
        raise RuntimeError("not made")


class CannotLogIn(PlainJson):
    def login(self, credentials):
        raise RuntimeError("not in")


class CannotWrite(PlainJson):
    def encode(self, draft):
        raise RuntimeError("not written")
"""


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("CannotBeMade", 2, "the dialect 'strange.CannotBeMade' raised RuntimeError: not made"),
        ("CannotLogIn", 2, "client-001 cannot log in: the dialect raised RuntimeError: not in"),
        ("CannotWrite", 1, "INVALID: the load could not begin: RuntimeError: not written"),
    ],
)
def test_what_a_dialect_raises_is_one_line(tmp_path, echo, name, code, told):
    (tmp_path / "strange.py").write_text(DIALECTS)
    arguments = [argument if argument != "echo" else f"strange.{name}" for argument in SHORT]
    done = load(tmp_path, echo.url, *arguments)
    assert done.returncode == code
    assert told in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
