"""Shapes read frames as the dialect reads them, or leave them to it."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocols import PROTOCOLS, Protocol, cloud_message

from wireproof.delivery.columns import ABSENT, ACKED, REFUSED
from wireproof.dialects import TEXT, Definition, Dialect, Frame
from wireproof.load.worker.answers import answer_of
from wireproof.load.worker.ids import Ids
from wireproof.load.worker.reading import Reader, Reading
from wireproof.load.worker.receipts import SHAPES, Shapes
from wireproof.load.worker.template import Values

IDS = Ids("0badcafe")
READER = Reader(IDS)

by_name = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)


def read(dialect: Dialect, payload: bytes) -> Reading:
    (message,) = dialect.feed(Frame(TEXT, payload))
    return READER.read(dialect, message)


def learn(shapes: Shapes, dialect: Dialect, *payloads: bytes) -> None:
    for payload in payloads:
        if fast(shapes, payload) is None:
            frame = Frame(TEXT, payload)
            shapes.learn(dialect, frame, read(dialect, payload))


def fast(shapes: Shapes, payload: bytes) -> Reading | None:
    """What the first shape says that matches, if one does."""
    for shape in shapes.known:
        if (found := shape.match(payload)) is not None:
            return shape.read(found)
    return None


def delivery(protocol: Protocol, number: int, seq: int) -> bytes:
    sent = protocol.make().encode(replace(protocol.draft, id=IDS.text(number))).payload
    return protocol.delivered(sent, seq)


@by_name
@settings(deadline=None, max_examples=30)
@given(pairs=st.lists(st.tuples(st.integers(0, 10**12 - 1), st.integers(1, 10**9)), min_size=8, max_size=30))
def test_a_shape_reads_what_the_dialect_reads(protocol: Protocol, pairs: list[tuple[int, int]]) -> None:
    shapes, dialect = Shapes(READER), protocol.make()
    for number, seq in pairs:
        frames = [delivery(protocol, number, seq)]
        if protocol.said is not None:
            frames.append(protocol.said(IDS.text(number), seq))
        for frame in frames:
            learn(shapes, dialect, frame)
            assert fast(shapes, frame) in (None, read(dialect, frame))


@by_name
def test_after_a_few_frames_nothing_is_parsed(protocol: Protocol) -> None:
    shapes, dialect = Shapes(READER), protocol.make()
    for number in range(1, 40):
        learn(shapes, dialect, delivery(protocol, number, number * 3))
        if protocol.said is not None:
            learn(shapes, dialect, protocol.said(IDS.text(number), number * 3))
    frame = delivery(protocol, 999_999_999_999, 1_000_000_007)
    assert fast(shapes, frame) == read(dialect, frame)
    if protocol.said is not None:
        said = protocol.said(IDS.text(999_999_999_999), 1_000_000_007)
        assert fast(shapes, said) == read(dialect, said)


def between(sender: str, recipient: str, number: int) -> bytes:
    whole = delivery(PROTOCOLS[0], number, number * 3)
    named = whole.replace(b"device-0001", sender.encode()).replace(b"device-0002", recipient.encode())
    return re.sub(rb"\d{4}-\d\d-\d\dT[0-9:.]+Z", b"2026-01-01T10:00:%02d.123Z" % (number % 60), named)


@pytest.mark.parametrize("members", [[f"d{n}" for n in range(200)], ["alice", "bob", "carol", "dave", "eve2"] * 9])
def test_members_share_a_shape_however_short_their_names(members: list[str]) -> None:
    reader = Reader(IDS, names=frozenset(member.encode() for member in members))
    shapes, dialect = Shapes(reader), cloud_message()
    unread = 0
    for number, pair in enumerate(pairwise(members)):
        unread += fast(shapes, between(*pair, number)) is None
        learn(shapes, dialect, between(*pair, number))
    assert unread < 10
    assert len(shapes.known) == 1
    last = between(members[-1], members[0], 12_345)
    assert fast(shapes, last) == read(dialect, last)


@pytest.mark.parametrize(("side", "names"), [("d", []), ("", [b"%d" % number for number in range(9)])])
def test_short_words_that_may_be_codes_are_left_to_the_dialect(side: str, names: list[bytes]) -> None:
    shapes, dialect = Shapes(Reader(IDS, names=frozenset(names))), cloud_message()
    learn(shapes, dialect, *(between("d1", f"{side}{number}", number) for number in range(2, 8)))
    assert fast(shapes, between("d1", f"{side}8", 12_345)) is None


@by_name
@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_a_damaged_frame_is_never_read_otherwise_than_by_the_dialect(protocol: Protocol, data: st.DataObject) -> None:
    shapes, dialect = Shapes(READER), protocol.make()
    for number in range(1, 8):
        learn(shapes, dialect, delivery(protocol, number, number * 1_000_003))
    whole = delivery(protocol, 12, 1_234_567)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + bytes([data.draw(st.integers(32, 126))]) + whole[at + 1 :]
    found = fast(shapes, damaged)
    if found is not None:
        assert [found] == [READER.read(dialect, message) for message in protocol.make().feed(Frame(TEXT, damaged))]


def test_a_refusal_that_looks_like_an_acknowledgement_is_none() -> None:
    shapes, dialect = Shapes(READER), cloud_message()
    said = PROTOCOLS[0].said
    assert said is not None
    for number in range(1, 30):
        delivered = said(IDS.text(number), number)
        learn(shapes, dialect, delivered, delivered.replace(b'"delivered"', b'"queued"'))
    good = said(IDS.text(77), 77)
    refused = good.replace(b'"delivered"', b'"failed"')
    assert fast(shapes, good) == Reading(judged=77, outcome=ACKED)
    assert fast(shapes, refused) is None
    assert read(dialect, refused).outcome == REFUSED


def test_a_code_is_never_taken_for_a_number_that_may_vary() -> None:
    class Coded(type(PROTOCOLS[1].make())):  # type: ignore[misc]
        def outcome(self, message: object) -> str:
            return "refused" if message.json["code"] == 500 else "acked"  # type: ignore[attr-defined]

    def said(number: int, code: int) -> bytes:
        return json.dumps({"replyTo": IDS.text(number), "code": code}).encode()

    shapes, dialect = Shapes(READER), Coded()
    learn(shapes, dialect, said(1, 200), said(2, 201), said(3, 202), said(4, 200))
    assert fast(shapes, said(5, 200)) == Reading(judged=5, outcome=ACKED)
    assert fast(shapes, said(6, 500)) is None


def test_a_repetition_that_says_so_has_a_shape_of_its_own() -> None:
    shapes, dialect = Shapes(READER), cloud_message()
    frame = delivery(PROTOCOLS[0], 5, 1000)
    again = frame[:-1] + b',"retryCount":1}'
    learn(shapes, dialect, frame, again)
    first, repeated = fast(shapes, frame), fast(shapes, again)
    assert first is not None
    assert repeated is not None
    assert (first.retry, repeated.retry) == (0, 1)


def test_shapes_are_limited() -> None:
    shapes, dialect = Shapes(READER), PROTOCOLS[1].make()
    for number in range(3 * SHAPES):
        letters = "".join(chr(97 + (number >> shift) % 26) for shift in (0, 2, 4, 6))
        learn(shapes, dialect, json.dumps({"id": IDS.text(number), letters: number % 5}).encode())
    assert len(shapes.known) <= SHAPES


def test_what_is_not_about_the_load_is_left_to_the_dialect() -> None:
    shapes, dialect = Shapes(READER), cloud_message()
    learn(shapes, dialect, b'{"id":"other","type":"notification","payload":{}}')
    assert shapes.known == []


@pytest.mark.parametrize("protocol", [PROTOCOLS[0], PROTOCOLS[4]], ids=["cloudmessage", "defined"])
def test_answers_say_what_the_dialect_answers(protocol: Protocol) -> None:
    shapes, dialect = Shapes(READER), protocol.make()
    frame, other = delivery(protocol, 500, 1507), delivery(protocol, 501, 1510)
    learn(shapes, dialect, *(delivery(protocol, number, number * 3) for number in range(1, 12)), frame, other)
    (shape,) = [shape for shape in shapes.known if shape.match(frame)]
    answer = answer_of(dialect, Frame(TEXT, frame), shape.pattern, IDS.text(500), Values())
    assert answer.template is not None
    (outgoing,) = answer.to(other, 501, 1510)
    (message,) = dialect.feed(Frame(TEXT, other))
    (wanted,) = dialect.answers(message)
    varying = re.compile(rb'"id": "[0-9a-f-]{36}"|[0-9T:.-]{23}Z')
    assert varying.sub(b"", outgoing.payload) == varying.sub(b"", wanted.payload)
    assert outgoing.about


def test_frames_whose_answers_differ_in_more_than_numbers_are_left_to_the_dialect() -> None:
    def acknowledged(number: int) -> bytes:
        return delivery(PROTOCOLS[3], number, number).replace(b"\n\n", b"\nack:token-%d\n\n" % (number * 1_000_003))

    shapes, dialect = Shapes(READER), PROTOCOLS[3].make()
    learn(shapes, dialect, *(acknowledged(number) for number in range(1, 12)))
    assert fast(shapes, acknowledged(500)) is None


def test_a_control_message_delivers_nothing() -> None:
    dialect = Definition(name="pinging", control={"type": "ping"}).dialect()()
    ping = json.dumps({"id": IDS.text(5), "type": "ping"}).encode()
    assert read(dialect, ping) == Reading()
    assert read(dialect, ping.replace(b"ping", b"say")).delivered == 5


def test_a_reading_tells_a_changed_body() -> None:
    dialect = cloud_message()
    whole = delivery(PROTOCOLS[0], 5, 1000)
    assert read(dialect, whole).digest != read(dialect, whole.replace(b'"hi"', b'"ho"')).digest
    assert read(dialect, whole).digest == read(dialect, delivery(PROTOCOLS[0], 6, 2000)).digest
    assert read(dialect, whole).delivered == 5
    assert read(dialect, b'{"id":"x"}') == Reading(delivered=ABSENT)
