"""The suite of a chat for two hundred, on a chat that is right, and on chats that are wrong in one way each."""

import pytest
from chat_server import Chat, Doubling, Forgetful, Leaking, Lossy, Swapping, chat_server
from harness import Run, run_suite
from test_dry_run import SECRETS, TRADES

HEARD, ORDER, STORM = (
    "Everybody Hears One Line Once And The Next Room Does Not",
    "Lines Of One Speaker Keep Their Order Everywhere",
    "Nobody Misses A Line When Half The Room Reconnects",
)

CALM = {"HEARD_WITHIN": "10 s", "RECOVERED_IN": "30s", "STORM": "20/s", "STORM_LINES": "100"}
"""Two hundred clients, the link and the ledger share one process, on a machine that has more to do: it keeps up with
the frames of 20 lines a second, and its times say nothing of the chat."""

SMALL = {**CALM, "MEMBERS": "20"}


def run_chat(tmp_path, chat: Chat, **variables: str) -> Run:
    """Runs the suite on a chat."""
    with chat_server(chat):
        options = [f"--variable={name}:{value}" for name, value in {**variables, "WS_URL": chat.url}.items()]
        return run_suite(TRADES / "chat.robot", tmp_path, *options, env=SECRETS)


def test_a_room_of_two_hundred_is_right(tmp_path):
    run = run_chat(tmp_path, Chat(), **CALM).passed()
    assert {name: test.status for name, test in run.tests.items()} == dict.fromkeys((HEARD, ORDER, STORM), "PASS")


@pytest.mark.parametrize(
    ("chat", "told"),
    [
        (Lossy, {HEARD: "1 (member-002) of 20 clients did not receive", ORDER: "expected", STORM: "not delivered"}),
        (Doubling, {HEARD: "came 2 times, not once", ORDER: "not exactly 100 times", STORM: " duplicated of "}),
        (Swapping, {ORDER: "out of order by $.n", STORM: " reordered of "}),
        (Leaking, {HEARD: "1 (outsider) of 1 others", STORM: " unexpected-recipient of "}),
        (Forgetful, {STORM: "not delivered"}),
    ],
)
def test_a_chat_that_is_wrong_turns_its_tests_red(tmp_path, chat, told):
    run = run_chat(tmp_path, chat(), **SMALL)
    assert {name for name, test in run.tests.items() if test.status == "FAIL"} == set(told)
    for name, words in told.items():
        assert words in run.failure(name)


def test_a_line_that_is_heard_late_is_seen(tmp_path):
    run = run_chat(tmp_path, Chat(), **SMALL | {"HEARD_WITHIN": "1 us"})
    assert run.failure(HEARD).startswith("FAIL fan-out delivery.time: p95 = ")
