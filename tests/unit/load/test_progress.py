"""What people see of a running load."""

from typing import Any

import pytest

from wireproof.load.live import Live
from wireproof.load.progress import Paper, ProgressLine, Screen, is_terminal, line


class Stream:
    def __init__(self, tty: bool) -> None:
        self.tty = tty

    def isatty(self) -> bool:
        return self.tty


RUNNING: dict[str, Any] = {
    "connections": 100,
    "asked_rate": 1000,
    "send_rate": 998.4,
    "p95_s": 0.0312345,
    "outstanding": 3,
    "errors": 0,
}


def test_a_load_in_one_line() -> None:
    assert line("steady", Live(elapsed_s=23.9, **RUNNING), 60) == (
        "[load] steady  00:23/01:00  100 connections  998/s (1000)  p95 31.2 ms  3 outstanding  0 errors"
    )
    assert line("steady", Live(elapsed_s=4000, connections=9), 7200) == (
        "[load] steady  1:06:40/2:00:00  9 connections  0/s  0 outstanding  0 errors"
    )
    assert line("a\nb", Live(is_connecting=True, connections=7, errors=2), 60) == (
        "[load] a\\nb  connecting  7 connections  2 errors"
    )


def test_the_drain_does_not_go_beyond_the_end() -> None:
    assert "01:00/01:00" in line("steady", Live(elapsed_s=63), 60)


@pytest.mark.parametrize(
    ("tty", "environment", "expected"),
    [
        (True, {}, True),
        (True, {"TERM": "xterm"}, True),
        (False, {}, False),
        (True, {"CI": "true"}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_what_a_terminal_is(tty: bool, environment: dict[str, str], expected: bool) -> None:
    assert is_terminal(Stream(tty), environment) is expected  # type: ignore[arg-type]


def test_no_stream_is_no_terminal() -> None:
    assert not is_terminal(None, {})


def shown(kind: type[Screen] | type[Paper], *moments: Live, begin: str = "") -> list[str]:
    """What is written in the course of a load."""
    texts: list[str] = []
    progress = ProgressLine(kind(texts.append, begin), "x", 60)
    for live in moments:
        progress.show(live)
    progress.end()
    return texts


def moments(until_s: float) -> list[Live]:
    return [Live(elapsed_s=tick / 10) for tick in range(int(until_s * 10) + 1)]


def test_a_terminal_gets_one_line_four_times_a_second() -> None:
    texts = shown(Screen, Live(is_connecting=True), *moments(1), begin="\n")
    assert texts[0] == "\n[load] x  connecting  0 connections  0 errors\x1b[K"
    assert all(text.startswith("\r[load] x") and text.endswith("\x1b[K") for text in texts[1:-1])
    assert len(texts) == 1 + 4 + 1
    assert texts[-1] == "\r\x1b[K\n"


def test_loads_share_the_line_of_a_terminal() -> None:
    texts: list[str] = []
    screen = Screen(texts.append, "\n", lambda: 80)
    one, other = ProgressLine(screen, "one", 60), ProgressLine(screen, "other", 90)
    one.show(Live(elapsed_s=1, send_rate=10, errors=2))
    other.show(Live(is_connecting=True))
    assert texts[-1] == "\r[load] one 00:01/01:00 10/s 2 errors | other connecting 0/s 0 errors\x1b[K"
    one.show(Live(elapsed_s=2))
    other.show(Live(elapsed_s=1))
    assert texts[-1] == "\r[load] one 00:02/01:00 0/s 0 errors | other 00:01/01:30 0/s 0 errors\x1b[K"
    one.end()
    assert texts[-1].startswith("\r[load] other  00:01/01:30  ")
    other.end()
    other.end()
    assert texts[-1] == "\r\x1b[K\n"
    assert [text.count("\n") for text in texts] == [1, 0, 0, 0, 0, 1]


def test_a_line_never_wraps() -> None:
    texts: list[str] = []
    ProgressLine(Screen(texts.append, width=lambda: 30), "x", 60).show(Live(elapsed_s=1))
    assert texts == ["[load] x  00:01/01:00  0 con…\x1b[K"]


def test_elsewhere_a_line_is_added_every_ten_seconds() -> None:
    texts = shown(Paper, Live(is_connecting=True), *moments(31), begin="\n")
    assert [text.strip()[:21] for text in texts] == [f"[load] x  00:{second}/01:00" for second in (10, 20, 30)]
    assert texts[0].startswith("\n[load]")
    assert all(text.endswith("\n") and "\r" not in text and "\x1b" not in text for text in texts)


def test_a_short_load_says_nothing_there() -> None:
    assert shown(Paper, *moments(9)) == []
