"""Anomaly words in the message of a failed test. Pure, no I/O."""

import re
from collections.abc import Iterator

VOCABULARY = frozenset(
    {
        # what the delivery ledger counts
        "lost",
        "missing-recipient",
        "misdelivered",
        "unexpected-recipient",
        "phantom",
        "refused-delivered",
        "duplicated",
        "retry-duplicated",
        "reordered",
        "causal-reversed",
        "gap",
        "non-monotonic",
        "corrupted",
        "acked-not-persisted",
        "ack-before-durable",
        "duplicate-row",
        "refused-stored",
        "corrupted-row",
        "wrong-owner",
        "phantom-row",
        "unconverged",
        "stale-session",
        "spoofed-sender",
        "false-recovery",
        "late",
        "no-progress-after-heal",
        # what a check of a suite begins with
        "bystander-latency",
        "duplicate-execution",
        "growth",
        "injection",
        "leak",
        "metrics-false",
        "origin-accepted",
        "presence-stale",
        "protocol-accepted",
        "secret-leaked",
        "server-died",
        "slo",
        "unauthorized-resume",
        "unclean-close",
    }
)
"""Every word that names a fault of the service; a failure without one of them proves nothing."""

_SET_UP = re.compile(r"(?:Parent suite s|S)etup failed:")
_NEXT_HEAD = re.compile(r"(?:^|\n)(?:(?:Several failures occurred:\n\n)?\d+\) |[\w ]*[tT]eardown failed:\n)")
_VERDICT = re.compile(r"(?:^|: )FAIL: (?P<counts>.*)")
_CRITERION = re.compile(r"FAIL (?P<id>[A-Z]+-\d+) ")
_GROWTH = "SCALE-17"
_RETRIED = re.compile(r"^Keyword '.*?' failed after retrying .*?\. The last error was: ")
_COUNT = re.compile(r"(?P<count>\d[\d\s]*) (?P<word>[a-z]+(?:-[a-z]+)*)")


def anomalies(message: str) -> list[str]:
    """The anomaly words of a failed test's message, in its order, each once.

    They stand in a verdict of the delivery ledger (`FAIL: 3 lost, 0 reordered of 5 000 acked`; a count of 0 is none)
    or before the first colon of a check (`spoofed-sender: ...`), also of one that was retried until its time was over.
    A measured criterion that is missed (`FAIL PERF-05 ...`) is a service level, or growth.
    A set-up that failed has none: nothing was tested.
    """
    if _SET_UP.match(message):
        return []
    return list(dict.fromkeys(word for head in _heads(message) for word in _words(head)))


def _heads(message: str) -> Iterator[str]:
    """The first line of every failure that Robot has put into one message."""
    for part in _NEXT_HEAD.split(message):
        yield part.partition("\n")[0]


def _words(line: str) -> Iterator[str]:
    if criterion := _CRITERION.match(line):
        yield "growth" if criterion["id"] == _GROWTH else "slo"
        return
    if verdict := _VERDICT.search(line):
        for item in verdict["counts"].partition(";")[0].partition(" of ")[0].split(", "):
            counted = _COUNT.fullmatch(item)
            if counted and int("".join(counted["count"].split())) and counted["word"] in VOCABULARY:
                yield counted["word"]
        return
    word, colon, _ = _RETRIED.sub("", line).partition(":")
    if colon and word in VOCABULARY:
        yield word
