"""What waits and checks say, against an echo server: each failure's words once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from foreign_servers import Loop, websockets_server

from wireproof.journal import now_ns
from wireproof.moments import Since, to_since
from wireproof.sockets.arguments import Clients
from wireproof.sockets.errors import SocketsError

SHORT = timedelta(milliseconds=150)
NO_TIME = timedelta(milliseconds=20)
ALICE = Clients(["alice"])


@pytest.fixture
def alice(sockets: Any, echo_url: str) -> Any:
    """The library with one open client on the echo server."""
    sockets.open_client("alice", echo_url)
    return sockets


def said(check: Callable[[], object]) -> str:
    with pytest.raises(AssertionError) as failure:
        check()
    assert "\n" not in str(failure.value)
    return str(failure.value)


def say(library: Any, *bodies: Any) -> None:
    """Sends bodies and waits for the last one's echo."""
    for body in bodies:
        library.send_json("alice", body)
    library.wait_for_message("alice", json=bodies[-1])


class TestWaiting:
    def test_the_nearest_miss_is_told_with_types(self, alice: Any) -> None:
        alice.set_mark("request")
        say(alice, {"type": "order.paid", "order": "17"}, {"x": 1}, {"y": 2})
        told = said(lambda: alice.wait_for_message("alice", json={"type": "order.paid", "order": 17}, timeout=SHORT))
        assert told == (
            'alice: no message {"type":"order.paid","order":17} within 0.15 s of mark \'request\'; 3 came, '
            'nearest #1 differs: order expected 17 (number), got "17" (text)'
        )

    def test_nothing_came(self, alice: Any) -> None:
        told = said(lambda: alice.wait_for_message("alice", kind="paid", timeout=SHORT, msg="the shop is open"))
        assert told == "the shop is open: alice: no message kind=paid within 0.15 s of the start of the test; 0 came"

    def test_the_authors_words_start_no_markup(self, alice: Any) -> None:
        told = said(lambda: alice.wait_for_message("alice", timeout=NO_TIME, msg="*HTML* <b>x</b>"))
        assert told.startswith("'*HTML* <b>x</b>': alice")

    def test_some_of_many_came(self, alice: Any) -> None:
        say(alice, {"n": 1})
        told = said(lambda: alice.wait_for_messages("alice", 2, jsonpath="$.n", timeout=SHORT))
        assert told == ("alice: only 1 of 2 messages jsonpath=$.n within 0.15 s of the start of the test; 1 came")

    def test_too_many_came(self, alice: Any) -> None:
        say(alice, {"n": 1}, {"n": 2}, {"n": 3})
        told = said(lambda: alice.wait_for_messages("alice", 2, jsonpath="$.n", exactly=True, settle=NO_TIME))
        assert told.startswith(
            "alice: message jsonpath=$.n came 3 times, not exactly 2 times, since the start of the test; too many: #3"
        )

    def test_once_finds_the_copy_that_came_before(self, alice: Any) -> None:
        say(alice, {"order": 17}, {"order": 17}, {"end": 1})
        told = said(lambda: alice.message_should_arrive_once("alice", json={"order": 17}, settle=NO_TIME))
        assert told.startswith('alice: message {"order":17} came 2 times, not once, since the start of the test')
        assert "too many: #2, the first of them " in told

    def test_once_finds_the_copy_that_comes_later(self, sockets: Any, loop: Loop) -> None:
        async def twice(connection: Any) -> None:
            message = await connection.recv()
            await connection.send(message)
            await connection.recv()
            await connection.send(message)
            await connection.wait_closed()

        with loop.hosting(websockets_server(twice)) as port:
            sockets.open_client("alice", f"ws://127.0.0.1:{port}/")
            sockets.send_text("alice", "hello")
            sockets.wait_for_message("alice", text="hello")
            sockets.send_text("alice", "again")
            told = said(lambda: sockets.message_should_arrive_once("alice", text="hello", settle=timedelta(seconds=5)))
        assert "came 2 times, not once" in told

    def test_waits_consume_nothing(self, alice: Any) -> None:
        say(alice, {"order": 17})
        first = alice.wait_for_message("alice", json={"order": 17})
        assert alice.wait_for_message("alice", json={"order": 17}) is first

    def test_something_came_that_should_not(self, alice: Any) -> None:
        mark = alice.set_mark("request")
        say(alice, {"order": 17, "note": "*HTML*\n<b>"})
        told = said(lambda: alice.no_message_should_arrive(ALICE, json={"order": 17}, since=to_since(mark)))
        assert told.startswith('alice: message {"order":17} should not have come, but #1 did, ')
        assert told.endswith('{"order":17,"note":"*HTML*\\n<b>"}')

    def test_silence_passes(self, alice: Any) -> None:
        say(alice, {"order": 17})
        alice.no_message_should_arrive(ALICE, json={"order": 18}, within=NO_TIME)


class TestSince:
    def test_marks_messages_and_sendings_serve(self, alice: Any) -> None:
        say(alice, {"n": 1})
        mark = alice.set_mark("here")
        sent = alice.send_json("alice", {"n": 2})
        second = alice.wait_for_message("alice", json={"n": 2})
        for since in (Since(name="here"), to_since(mark), to_since(second), to_since(sent)):
            assert [message.json["n"] for message in alice.get_messages("alice", since=since)] == [2]

    def test_an_unknown_mark_lists_the_known(self, alice: Any) -> None:
        alice.set_mark("here")
        with pytest.raises(ValueError, match=r"no mark named 'there' was set; known marks: .*'here'"):
            alice.get_messages("alice", since=Since(name="there"))


class TestInbox:
    def test_a_wrong_count_tells_the_types(self, alice: Any) -> None:
        from assertionengine import AssertionOperator

        say(alice, {"n": 1}, {"n": 2})
        assert alice.get_message_count("alice", AssertionOperator["=="], 2) == 2
        told = said(lambda: alice.get_message_count("alice", AssertionOperator["=="], 3, kind="{x}", msg="{y}"))
        assert told == "{y}: alice: number of messages kind={x} '0' (int) should be '3' (int)"

    def test_a_wrong_state_tells_why(self, alice: Any) -> None:
        from assertionengine import AssertionOperator

        alice.close_client(ALICE, code=4000)
        told = said(lambda: alice.get_client_state("alice", AssertionOperator["=="], "open"))
        assert told == "alice: state 'closed' (str) should be 'open' (str); it was closed from this side (4000)"

    def test_order_with_a_gap(self, alice: Any) -> None:
        say(alice, {"version": 1}, {"version": 2}, {"version": 4})
        alice.messages_should_be_in_order(ALICE, by="$.version")
        told = said(lambda: alice.messages_should_be_in_order(ALICE, by="$.version", step=1))
        assert told == (
            "alice: out of order by $.version: #3 has 4 after 2 in #2, expected 3, messages since the start of the test"
        )


class TestManyClients:
    def test_those_that_got_nothing_are_named(self, sockets: Any, echo_url: str) -> None:
        sockets.open_clients("member", 3, echo_url)
        sockets.send_text("member-002", "hello")
        sockets.wait_for_message("member-002", text="hello")
        told = said(lambda: sockets.all_clients_should_receive(Clients(["member"]), text="hello", timeout=SHORT))
        assert told == (
            "2 (member-001, member-003) of 3 clients did not receive: member-001: no message text=hello within 0.15 s "
            "of the start of the test; 0 came"
        )

    def test_those_that_got_it_twice_are_named(self, sockets: Any, echo_url: str) -> None:
        sockets.open_clients("member", 2, echo_url)
        for name in ("member-001", "member-002", "member-002"):
            sockets.send_text(name, "hello")
        sockets.wait_for_messages("member-002", 2)
        everybody = Clients(["all"])
        told = said(lambda: sockets.all_clients_should_receive(everybody, text="hello", settle=NO_TIME))
        assert told.startswith("1 (member-002) of 2 clients: member-002: message text=hello came 2 times, not once")
        sockets.all_clients_should_receive(everybody, text="hello", once=False)

    def test_those_that_got_it_too_are_named(self, sockets: Any, echo_url: str) -> None:
        sockets.open_clients("member", 1, echo_url)
        sockets.open_client("outsider", echo_url)
        for name in ("member-001", "outsider"):
            sockets.send_text(name, "hello")
            sockets.wait_for_message(name, text="hello")
        told = said(lambda: sockets.only_these_clients_should_receive(Clients(["member"]), text="hello", settle=SHORT))
        assert told.startswith("1 (outsider) of 1 others: outsider: message text=hello should not have come, but #1")


class TestReplies:
    def test_an_echo_is_the_reply(self, sockets: Any, echo_url: str) -> None:
        sockets.open_client("alice", echo_url, dialect="echo")
        reply = sockets.send_message_and_wait_for_reply("alice", {"ask": 1})
        assert reply.json["ask"] == 1

    def test_no_reply(self, alice: Any) -> None:
        second = timedelta(seconds=1)  # the echo has to come meanwhile
        told = said(lambda: alice.send_message_and_wait_for_reply("alice", {"id": "q-1"}, kind="ask", timeout=second))
        assert told == ("alice: no reply to ask q-1 within 1 s; 1 other messages came since it was sent")


class TestCounts:
    def test_none_is_another_keyword(self, alice: Any) -> None:
        with pytest.raises(SocketsError, match="use No Message Should Arrive for none"):
            alice.wait_for_messages("alice", 0)

    def test_nobody_is_no_group(self, sockets: Any) -> None:
        with pytest.raises(SocketsError, match="no client named 'all'; none is open, call Open Client first"):
            sockets.no_message_should_arrive(Clients(["all"]))
        for wrong in ({"count": 0}, {"each": []}, {"count": -1}):
            with pytest.raises(SocketsError, match="a group has at least one client"):
                sockets.open_clients("member", url="ws://127.0.0.1:1/", **wrong)
        with pytest.raises(SocketsError, match="one of the two"):
            sockets.open_clients("member", url="ws://127.0.0.1:1/")


class TestSending:
    def test_count_and_rate(self, alice: Any) -> None:
        from wireproof.quantities import Rate

        began = now_ns()
        sent = alice.send_message("alice", {"text": "line"}, kind="say", count=5, rate=Rate(100))
        assert len({one.id for one in sent}) == 5
        assert sent[-1].at_ns - began >= 40_000_000
        alice.wait_for_messages("alice", 5, kind="say", exactly=True, settle=NO_TIME)

    def test_half_a_character_is_refused(self, alice: Any) -> None:
        with pytest.raises(SocketsError, match=r"half a character \(lone surrogate .ud83d\) at position 5"):
            alice.send_text("alice", "smile\ud83d")
        with pytest.raises(SocketsError, match="half a character"):
            alice.send_json("alice", {"text": "\ud83d"})

    @pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": {1, 2}}])
    def test_what_is_no_json_is_refused(self, alice: Any, body: Any) -> None:
        with pytest.raises(SocketsError, match="the body cannot be sent as JSON"):
            alice.send_json("alice", body)

    def test_an_unknown_client_lists_the_known(self, alice: Any) -> None:
        with pytest.raises(SocketsError) as failure:
            alice.send_text("bob", "x")
        assert str(failure.value) == "no client named 'bob'; there are alice"
