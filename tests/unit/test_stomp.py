import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.dialects import TEXT, Dialect, Draft, Frame, LoginRefused, Message, create, stomp_frames
from wireproof.dialects.stomp_frames import BrokenFrameError, StompFrame, decode, split

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
HEADERS = st.dictionaries(TEXTS.filter(lambda name: name != "content-length"), TEXTS, max_size=4)
SERVER_FRAMES = st.builds(StompFrame, st.sampled_from(["MESSAGE", "RECEIPT", "ERROR"]), HEADERS, st.binary(max_size=40))
PRICE = b'MESSAGE\nsubscription:p1\nmessage-id:m-7\ndestination:/topic/prices\n\n{"sequence":7}\0'


@pytest.fixture
def dialect() -> Dialect:
    return create("stomp", "trader")


def read(dialect: Dialect, payload: bytes) -> Message:
    (message,) = dialect.feed(Frame(TEXT, payload))
    return message


def logged_in(heart_beat: str = "0,0", **credentials: str) -> Dialect:
    dialect = create("stomp", "trader")
    login = dialect.login(credentials)
    assert login is not None
    next(login)
    with pytest.raises(StopIteration):
        login.send(read(dialect, f"CONNECTED\nversion:1.2\nheart-beat:{heart_beat}\n\n\0".encode()))
    return dialect


class TestFrames:
    @given(st.lists(SERVER_FRAMES, max_size=4), st.data())
    def test_come_back_as_they_went_however_the_stream_is_cut(
        self, frames: list[StompFrame], data: st.DataObject
    ) -> None:
        stream = b"\n".join(frame.encode() for frame in frames)
        cut = data.draw(st.integers(0, len(stream)))
        first, rest = split(stream[:cut])
        second, rest = split(rest + stream[cut:])
        assert rest == b""
        expected = [
            StompFrame(frame.command, decode(read).headers | frame.headers, frame.body)
            for frame, read in zip(frames, first + second, strict=True)
        ]
        assert [decode(one) for one in first + second] == expected

    @given(st.binary())
    def test_any_bytes_are_frames_or_one_plain_line(self, stream: bytes) -> None:
        assert "\n" not in outcome(stream)
        assert "\n" not in outcome(b"MESSAGE\n" + stream)

    def test_windows_line_ends_and_repeated_headers(self) -> None:
        (data,), _ = split(b"\r\nMESSAGE\r\nfoo:World\r\nfoo:Hello\r\n\r\nhi\0")
        assert decode(data) == StompFrame("MESSAGE", {"foo": "World"}, b"hi")

    def test_a_body_with_nul_ends_by_its_length(self) -> None:
        frames, rest = split(b"MESSAGE\ncontent-length:3\n\na\0b\0RECEIPT")
        assert [decode(one).body for one in frames] == [b"a\0b"]
        assert rest == b"RECEIPT"

    def test_headers_are_escaped_except_in_connect(self) -> None:
        assert StompFrame("SEND", {"a:b": "\\\r\n"}).encode() == b"SEND\na\\cb:\\\\\\r\\n\n\n\0"
        assert StompFrame("CONNECT", {"login": "a:b\\n"}).encode() == b"CONNECT\nlogin:a:b\\n\n\n\0"
        assert decode(b"CONNECTED\nserver:a:b\\t\n\n").headers == {"server": "a:b\\t"}

    @pytest.mark.parametrize(
        ("stream", "line"),
        [
            (b"hello", "no STOMP frame of a server: it begins with hello"),
            (b'{"type": 1}', 'no STOMP frame of a server: it begins with {"type": 1}'),
            (b"MESSAGES\n\n\0", "no STOMP frame of a server: it begins with MESSAGES"),
            (b"MESSAGE\ncontent-length:1\n\nabc\0", "a STOMP frame with content-length 1 has more bytes than that"),
            (b"MESSAGE\nno colon\n\n\0", "a STOMP header without a colon: no colon"),
            (b"MESSAGE\na:b\\t\n\n\0", "a STOMP header with the unknown escape \\t"),
            (b"MESSAGE\na:b\\\n\n\0", "a STOMP header with the unknown escape \\"),
        ],
    )
    def test_broken_ones_say_what_is_wrong(self, stream: bytes, line: str) -> None:
        with pytest.raises(BrokenFrameError, match=f"^{re.escape(line)}$"):
            [decode(one) for one in split(stream)[0]]

    def test_one_that_never_ends_is_given_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stomp_frames, "LARGEST", 100)
        with pytest.raises(BrokenFrameError, match=r"^a STOMP frame of more than 100 bytes$"):
            split(b"MESSAGE\n\n" + b"x" * 100)

    @pytest.mark.parametrize(
        "frame",
        [StompFrame("CONNECT", {"login": "a\nb"}), StompFrame("CONNECT", {"a:b": ""}), StompFrame("SEND", {"a": "\0"})],
    )
    def test_a_header_that_cannot_be_written(self, frame: StompFrame) -> None:
        with pytest.raises(ValueError, match=r"^the header [^\n]+ holds NUL, a line break or a colon$"):
            frame.encode()


def outcome(stream: bytes) -> str:
    try:
        return str(len([decode(one) for one in split(stream)[0]]))
    except ValueError as error:
        return str(error)


class TestMessages:
    def test_parts(self, dialect: Dialect) -> None:
        message = read(dialect, PRICE)
        assert (message.kind, message.id, message.flow) == ("MESSAGE", "m-7", "/topic/prices")
        assert message.fields["subscription"] == "p1"
        assert message.json == message.body == {"sequence": 7}
        assert message.problem == ""

    def test_a_text_body_is_no_json(self, dialect: Dialect) -> None:
        message = read(dialect, b"MESSAGE\n\nhello\0")
        assert (message.body, message.json) == ("hello", None)
        assert message.problem.startswith("not JSON: ")

    def test_heart_beats_are_no_messages(self, dialect: Dialect) -> None:
        assert dialect.feed(Frame(TEXT, b"\n")) == []

    def test_several_in_one_and_one_in_several(self, dialect: Dialect) -> None:
        assert [message.index for message in dialect.feed(Frame(TEXT, PRICE + b"\n" + PRICE))] == [1, 2]
        assert dialect.feed(Frame(TEXT, PRICE[:20])) == []
        assert read(dialect, PRICE[20:]).raw == PRICE[:-1]

    @pytest.mark.parametrize("payload", [b"hello", b"MESSAGE\nno colon\n\n\0", b"MESSAGE\n\xff:1\n\n\0"])
    def test_what_is_not_stomp_has_a_problem_and_the_next_frame_is_read(self, dialect: Dialect, payload: bytes) -> None:
        assert read(dialect, payload).problem
        assert read(dialect, PRICE).id == "m-7"

    def test_a_frame_that_breaks_off_takes_nothing_along(self, dialect: Dialect) -> None:
        assert dialect.feed(Frame(TEXT, b"MESSAGE\ncontent-length:1\n\n")) == []
        assert read(dialect, b"abc\0").problem
        assert read(dialect, PRICE).id == "m-7"

    @pytest.mark.parametrize(
        ("payload", "control"),
        [(b"RECEIPT\nreceipt-id:1\n\n\0", True), (b"CONNECTED\n\n\0", True), (b"ERROR\n\n\0", False), (PRICE, False)],
    )
    def test_receipts_are_not_for_matchers(self, dialect: Dialect, payload: bytes, control: bool) -> None:
        assert read(dialect, payload).control is control


class TestLogin:
    def test_connects_with_the_credentials_as_headers(self, dialect: Dialect) -> None:
        login = dialect.login({"Authorization": "Bearer abc", "host": "prices"})
        assert login is not None
        (connect,) = next(login)
        assert connect.payload == (
            b"CONNECT\naccept-version:1.2\nhost:prices\nheart-beat:10000,10000\nAuthorization:Bearer abc\n\n\0"
        )
        assert connect.confidential
        with pytest.raises(StopIteration) as end:
            login.send(read(dialect, b"CONNECTED\nversion:1.2\nsession:s-1\n\n\0"))
        assert end.value.value == {"version": "1.2", "session": "s-1"}

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (b"ERROR\nmessage:token expired\n\n\0", "token expired"),
            (b"ERROR\nmessage:refused\n\ntry\nagain\0", "refused: try\\nagain"),
            (b"ERROR\n\n\0", "refused without a reason"),
            (b"CONNECTED\nversion:1.1\n\n\0", "the server speaks STOMP 1.1, not 1.2"),
            (b"CONNECTED\n\n\0", "the server speaks STOMP 1.0, not 1.2"),
        ],
    )
    def test_refused(self, dialect: Dialect, answer: bytes, reason: str) -> None:
        login = dialect.login({})
        assert login is not None
        next(login)
        with pytest.raises(LoginRefused) as refusal:
            login.send(read(dialect, answer))
        assert refusal.value.reason == reason

    def test_a_credential_that_would_forge_a_header(self, dialect: Dialect) -> None:
        with pytest.raises(ValueError, match=r"^the header login of CONNECT holds NUL, a line break or a colon$"):
            dialect.login({"login": "a\nhost:b"})

    @pytest.mark.parametrize(
        ("client", "server", "interval_s"),
        [
            ("10000,10000", "0,5000", 7.5),
            ("1000,0", "0,4000", 3.0),
            ("10000,10000", "10000,0", None),
            ("0,0", "0,5000", None),
            ("10000,0", "nonsense", None),
        ],
    )
    def test_heart_beats_as_both_ends_want(self, client: str, server: str, interval_s: float | None) -> None:
        heartbeat = logged_in(server, **{"heart-beat": client}).heartbeat
        assert (heartbeat.interval_s if heartbeat else None) == interval_s
        assert heartbeat is None or heartbeat.outgoing.payload == b"\n"

    def test_no_heart_beat_before_the_login(self, dialect: Dialect) -> None:
        assert dialect.heartbeat is None


class TestTracking:
    def test_the_senders_id_comes_with_what_is_delivered(self, dialect: Dialect) -> None:
        delivered = read(
            dialect, StompFrame("MESSAGE", {"message-id": "broker-5", "correlation-id": "r-1", "ack": "a-7"}).encode()
        )
        assert (delivered.id, delivered.sent_id) == ("broker-5", "r-1")
        (confirmation,) = dialect.answers(delivered)
        assert confirmation.about == "r-1"

    @pytest.mark.parametrize(("command", "outcome"), [("RECEIPT", "acked"), ("ERROR", "refused")])
    def test_a_receipt_acknowledges_and_an_error_refuses(self, dialect: Dialect, command: str, outcome: str) -> None:
        answer = read(dialect, StompFrame(command, {"receipt-id": "r-1"}).encode())
        assert (answer.reply_to, dialect.outcome(answer)) == ("r-1", outcome)

    def test_a_message_says_nothing_about_another(self, dialect: Dialect) -> None:
        delivered = read(dialect, StompFrame("MESSAGE", {"message-id": "1"}).encode())
        assert dialect.outcome(delivered) == ""


class TestSending:
    def test_a_draft_is_a_send_with_a_receipt(self, dialect: Dialect) -> None:
        sent = dialect.encode(Draft({"buy": 1}, to="/queue/orders", fields={"priority": 9}, id="r-1"))
        frame = decode(sent.payload[:-1])
        assert frame.command == sent.kind == "SEND"
        assert frame.headers == {
            "destination": "/queue/orders",
            "content-type": "application/json",
            "priority": "9",
            "receipt": "r-1",
            "correlation-id": "r-1",
            "content-length": "10",
        }
        assert json.loads(frame.body) == {"buy": 1}
        assert dialect.is_reply(sent, read(dialect, b"RECEIPT\nreceipt-id:r-1\n\n\0"))
        assert not dialect.is_reply(sent, read(dialect, b"ERROR\nreceipt-id:r-1\n\n\0"))
        assert not dialect.is_reply(sent, read(dialect, b"RECEIPT\nreceipt-id:r-2\n\n\0"))

    def test_a_subscription(self, dialect: Dialect) -> None:
        sent = dialect.encode(Draft(kind="SUBSCRIBE", fields={"id": "p1", "destination": "/topic/prices"}))
        assert decode(sent.payload[:-1]).headers == {"id": "p1", "destination": "/topic/prices", "receipt": sent.id}
        assert sent.id

    def test_a_text_goes_out_as_text(self, dialect: Dialect) -> None:
        frame = decode(dialect.encode(Draft("hello", to="/queue/a")).payload[:-1])
        assert (frame.headers["content-type"], frame.body) == ("text/plain", b"hello")

    def test_connect_has_no_receipt(self, dialect: Dialect) -> None:
        assert dialect.encode(Draft(kind="CONNECT")).payload == b"CONNECT\n\n\0"

    def test_a_kind_that_stomp_does_not_have(self, dialect: Dialect) -> None:
        with pytest.raises(ValueError, match=r"^STOMP clients send ABORT, ACK, [A-Z, ]+, not 'say'$"):
            dialect.encode(Draft(kind="say"))

    @pytest.mark.parametrize(("options", "acks"), [({}, [b"ACK\nid:a-1\n\n\0"]), ({"confirm": False}, [])])
    def test_messages_that_wait_for_an_ack_get_one(self, options: dict[str, Any], acks: list[bytes]) -> None:
        dialect = create("stomp", "trader", options=options)
        message = read(dialect, b"MESSAGE\nmessage-id:m-1\nack:a-1\n\n\0")
        assert [answer.payload for answer in dialect.answers(message)] == acks
        assert dialect.answers(read(dialect, PRICE)) == ()
