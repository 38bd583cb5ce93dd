"""What faults read in messages through a dialect, and what the journal hears of it."""

import json

import pytest
from frame_link import Way, text

from wireproof import dialects, journal
from wireproof.dialects import Dialect, Frame, Message
from wireproof.faults.errors import FaultError
from wireproof.faults.frames import deeds
from wireproof.faults.frames.codec import WireFrame, WireMessage
from wireproof.faults.frames.meaning import (
    DialectOf,
    Recording,
    acknowledgement_of,
    is_acknowledgement,
    is_delivery,
)
from wireproof.faults.frames.spoken import SpokenDialects
from wireproof.faults.frames.uncompressed import Uncompressed
from wireproof.faults.links.stage import Piece


def cloud(**envelope: object) -> bytes:
    return json.dumps({"id": "m1", "type": "user_message", **envelope}).encode()


def stomp(command: str, *headers: str) -> bytes:
    return "\n".join([command, *headers, "", "\0"]).encode()


def read(name: str, payload: bytes) -> tuple[Dialect, Message]:
    dialect = dialects.create(name)
    [message] = dialect.feed(Frame(1, payload))
    return dialect, message


ACK = {"originalMessageId": "m1", "status": "delivered"}
CASES = [
    ("cloudmessage", cloud(type="ack", payload=ACK), True, False),
    ("cloudmessage", cloud(type="ack", payload={"originalMessageId": "m1", "seq": 4}), True, False),
    ("cloudmessage", cloud(type="ack", payload={**ACK, "status": "failed", "code": "FORBIDDEN"}), False, False),
    ("cloudmessage", cloud(type="ack", payload={**ACK, "status": "success", "sessionId": "s"}), False, False),
    ("cloudmessage", cloud(type="error", payload={**ACK, "code": "INVALID"}), False, False),
    ("cloudmessage", cloud(seq=3, payload=1), False, True),
    ("cloudmessage", cloud(type="notification", fromDeviceId="server"), False, False),
    ("stomp", stomp("RECEIPT", "receipt-id:r1"), True, False),
    ("json", b'{"type": "ack"}', True, False),
    ("stomp", stomp("MESSAGE", "message-id:1", "destination:/q"), False, True),
    ("stomp", stomp("CONNECTED", "version:1.2"), False, False),
    ("json", b'{"id": "a", "type": "paid"}', False, True),
]


class TestMeaning:
    @pytest.mark.parametrize(("dialect", "payload", "is_ack", "is_delivered"), CASES)
    def test_acknowledgements_and_deliveries(self, dialect, payload, is_ack, is_delivered):
        speaks, message = read(dialect, payload)
        assert is_acknowledgement(speaks, message) is is_ack
        assert is_delivery(speaks, message) is is_delivered

    def test_the_acknowledgement_of_one_message(self):
        speaks, message = read("cloudmessage", cloud(type="ack", payload=ACK))
        assert acknowledgement_of("m1")(speaks, message)
        assert not acknowledgement_of("m2")(speaks, message)


class TestDialectOf:
    def test_a_stand_in_until_the_client_is_known(self):
        names = iter(["", "", "stomp"])
        dialect_of = DialectOf(lambda: next(names))
        first = dialect_of()
        assert first.name == "cloudmessage"
        assert dialect_of() is first
        known = dialect_of()
        assert known.name == "stomp"
        assert dialect_of() is known

    def test_nobody_asks_forever_about_a_stranger(self):
        asked = []
        dialect_of = DialectOf(lambda: asked.append(1) or "")
        assert {dialect_of().name for _ in range(1000)} == {"cloudmessage"}
        assert len(asked) == 100

    def test_what_clients_speak_is_in_the_journal(self):
        spoken = SpokenDialects()
        assert spoken.at("127.0.0.1:4001") == ""
        journal.current().record("connected", "alice", local_address="127.0.0.1:4001", dialect="stomp")
        assert spoken.at("127.0.0.1:4001") == "stomp"
        journal.current().record("connected", "bob", local_address="127.0.0.1:4001", dialect="json")
        journal.current().flush()
        assert spoken.at("127.0.0.1:4001") == "json"


class Angry(Dialect):
    name = "angry"

    def feed(self, frame: Frame) -> list[Message]:
        raise RuntimeError("no")


def told(kind: str, since: int) -> list[dict]:
    recent = journal.current().recent()
    return [dict(event.data) for event in recent if event.kind == kind and event.source == "gate"][since:]


class TestJournal:
    def test_only_what_goes_on_as_it_is_has_passed(self):
        before = len(told("wire", 0))
        way = Way()
        way.put(deeds.Drop(), dialect="cloudmessage", count=1)
        for number in (1, 2, 3):
            way.send(text(cloud(id=f"m{number}")))
        assert told("wire", before) == [{"id": id, "direction": "to client"} for id in ("m2", "m3")]

    def test_it_is_called_what_its_author_called_it(self):
        before = len(told("wire", 0))
        way = Way()
        way.put(deeds.Drop(), dialect="stomp", skip=1)
        way.send(text(stomp("MESSAGE", "message-id:server-1", "correlation-id:wp-1", "destination:/q")))
        assert [data["id"] for data in told("wire", before)] == ["wp-1"]

    def test_a_late_one_passes_when_it_comes(self):
        before = len(told("wire", 0))
        way = Way()
        way.put(deeds.Delay(100), dialect="cloudmessage", count=1)
        way.send(text(cloud(id="m1")), text(cloud(id="m2")))
        way.wake(100)
        assert [data["id"] for data in told("wire", before)] == ["m2", "m1"]

    def test_of_several_faults_the_last_on_the_way_tells(self):
        before = len(told("wire", 0))
        way = Way()
        oldest = way.put(deeds.Drop(), dialect="cloudmessage", count=1)
        way.put(deeds.Drop(), deeds.PINGS)
        way.put(deeds.Duplicate(), dialect="cloudmessage", skip=9)
        way.send(text(cloud(id="m1")), text(cloud(id="m2")))
        assert [data["id"] for data in told("wire", before)] == ["m2"]
        way.heal(oldest)
        way.send(text(cloud(id="m3")))
        assert [data["id"] for data in told("wire", before)] == ["m2", "m3"]

    def test_a_damaged_one_has_not_passed(self):
        before = len(told("wire", 0))
        way = Way()
        way.put(deeds.Truncate(3), dialect="cloudmessage")
        way.send(text(cloud()))
        assert told("wire", before) == []

    def test_a_dialect_that_breaks_is_told_once_and_the_link_goes_on(self):
        before = len(told("note", 0))
        way = Way()
        way.put(deeds.Drop(), dialect=Angry(), every=2)
        assert way.send(text(b"1"), text(b"2"), text(b"3")) == text(b"1") + text(b"3")
        [note] = told("note", before)
        assert note["text"] == "the dialect 'angry' cannot look at a message to client: no"


class TestRecording:
    def test_the_last_ones_are_kept(self):
        recording = Recording("gate", "to client", (), keep=2)
        for payload in (b"1", b"2", b"3"):
            recording.take(WireMessage((WireFrame(text(payload)),)))
        assert [recording.message(back).payload for back in (1, 2)] == [b"3", b"2"]
        for back in (0, 3):
            with pytest.raises(
                FaultError, match=f"^2 messages to client were recorded on link 'gate', .* {back} back$"
            ):
                recording.message(back)


class TestUncompressed:
    OFFER = b"GET / HTTP/1.1\r\nHost: x\r\nsec-websocket-EXTENSIONS : permessage-deflate\r\nUpgrade: websocket\r\n\r\n"
    PLAIN = b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n"

    @staticmethod
    def out(stage: Uncompressed, *pieces: Piece) -> bytes:
        return b"".join(piece.data for given in pieces for piece in stage.feed(given, 0))

    @pytest.mark.parametrize("size", [1, 7, 1000])
    def test_the_offer_is_taken_out_in_any_cut(self, size):
        stage = Uncompressed()
        data = self.OFFER + b"\x81\x00"
        parts = [Piece(data[start : start + size]) for start in range(0, len(data), size)]
        assert self.out(stage, *parts) == self.PLAIN + b"\x81\x00"
        assert stage.is_over

    def test_a_head_that_ends_early_or_never_goes_on_as_it_is(self):
        assert self.out(Uncompressed(), Piece(b"GET"), Piece(end="fin")) == b"GET"
        assert self.out(Uncompressed(), Piece(b"x" * 70_000)) == b"x" * 70_000
