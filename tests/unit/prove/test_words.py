"""Which anomaly words a failed test's message has."""

import pytest

from tests.prove.words import VOCABULARY, anomalies


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (
            "FAIL: 3 lost, 1 duplicated, 0 reordered of 5 000 acked; first lost s17#412, 38 ms after",
            ["lost", "duplicated"],
        ),
        ("FAIL: 1 000 lost", ["lost"]),
        ("FAIL: 1\u202f000 gap of 1\u202f000", ["gap"]),
        (
            "FAIL: 2 missing-recipient, 1 duplicate-row of 10 acked; 3 lost elsewhere",
            ["missing-recipient", "duplicate-row"],
        ),
        ("FAIL: 0 lost of 5 acked", []),
        ("FAIL: 12 bananas, 1 lost", ["lost"]),
        ("FAIL: 3 lost apples", []),
        ("the ledger of the night: FAIL: 1 phantom of 3 acked", ["phantom"]),
        ("spoofed-sender: the desktop got a message of the tablet that the phone sent", ["spoofed-sender"]),
        ("lost: The count of messages is 99, expected >= 100", ["lost"]),
        ("lost", []),
        ("lost messages: 3", []),
        ("desktop: lost: 3", []),
        ("no message matched within 5 s: 1 lost", []),
        ("UNKNOWN: nothing was acknowledged; 0 lost", []),
        ("PASS: 3 lost", []),
        (
            "FAIL PERF-05 slowest message deliveries: p99 = 251 ms [250, 252] is not < 100 ms (n = 53 000, 0 lost)",
            ["slo"],
        ),
        ("FAIL SCALE-17 memory does not grow: slope = 90 MB [80, 99] is not < 1 MB", ["growth"]),
        ("INVALID PERF-05 slowest message deliveries: sends were late", []),
        ("INCONCLUSIVE REL-02 messages are delivered: 1 lost", []),
        ("", []),
        ("Setup failed:\nlost: 1", []),
        ("Parent suite setup failed:\nFAIL: 1 lost of 2", []),
        ("Setup failed:\nno stack\n\nAlso teardown failed:\nleak: 3 connections", []),
        ("Teardown failed:\nleak: 3 connections", ["leak"]),
        ("Parent suite teardown failed:\nleak: 3 connections", ["leak"]),
        ("lost: 1\n\nAlso teardown failed:\nleak: 3 connections", ["lost", "leak"]),
        (
            "Several failures occurred:\n\n1) reordered: a\n\n2) timed out\n\n3) lost: b\n\n4) lost: c",
            ["reordered", "lost"],
        ),
        (
            "Several failures occurred:\n\n1) gap: a\n\n2) b\n\nAlso parent suite teardown failed:\nphantom: a",
            ["gap", "phantom"],
        ),
        ("Keyword 'Look' failed after retrying for 5 seconds. The last error was: leak: 3 connections", ["leak"]),
        ("Keyword 'Look' failed after retrying 3 times. The last error was: timed out: leak: 3 connections", []),
        ("Setup failed:\nKeyword 'Look' failed after retrying 3 times. The last error was: leak: 3", []),
        ("timed out; what came:\nlost: is the text of a message", []),
        ("timed out; what came:\n\nlost: is the text of a message", []),
    ],
)
def test_words_of_a_message(message: str, words: list[str]) -> None:
    assert anomalies(message) == words


def test_every_word_is_one_that_a_message_can_have() -> None:
    for word in VOCABULARY:
        assert anomalies(f"{word}: found") == anomalies(f"FAIL: 1 {word} of 2 acked") == [word]
