"""Templates write what the dialect would write, but for the number, the moment and what has to be new."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from protocols import PROTOCOLS, Protocol, cloud_message

from wireproof.dialects import Draft
from wireproof.load.worker.ids import Ids
from wireproof.load.worker.template import NoTemplateError, Template, Values

IDS = Ids("0badcafe")
MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
numbers = st.integers(0, 10**12 - 1)


def encoded(protocol: Protocol, number: int) -> bytes:
    return protocol.make().encode(replace(protocol.draft, id=IDS.text(number))).payload


def template(first: bytes, second: bytes, seq: tuple[bytes, bytes] | None = None) -> Template:
    return Template(first, second, IDS.text(0).encode(), Values(), seq)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
@settings(deadline=None)
@given(number=numbers)
def test_it_writes_what_the_dialect_writes(protocol: Protocol, number: int) -> None:
    made = template(encoded(protocol, 0), encoded(protocol, 0))
    wanted = MOMENT.sub(b"now", encoded(protocol, number))
    assert MOMENT.sub(b"now", made.payload(number)) == wanted
    assert MOMENT.sub(b"now", made.builder()(number)) == wanted


def test_numbers_that_follow_each_other_or_do_not_are_written_alike() -> None:
    payload = f'{{"id":"{IDS.text(0)}","share":"100 %","format":"%012d"}}'.encode()
    made = template(payload, payload)
    build = made.builder()
    for number in (0, 998, 999, 1000, 1001, 7, 10**12 - 1, 999_999, 1_000_000):
        assert build(number) == made.payload(number) == payload.replace(b"0" * 12, b"%012d" % number, 1)


def test_the_present_time_moves_on_when_it_is_refreshed() -> None:
    values = Values()
    dialect = cloud_message()
    payloads = [dialect.encode(Draft(id=IDS.text(0))).payload for _ in range(2)]
    made = Template(payloads[0], payloads[1], IDS.text(0).encode(), values)
    early = made.payload(1)
    values.slots = {
        name: b"2027-01-01T00:00:00.000Z" if b"Z" in name else value for name, value in values.slots.items()
    }
    assert b"2027-01-01" not in early
    assert b"2027-01-01T00:00:00.000Z" in made.payload(1)


def test_a_moment_of_the_author_stays() -> None:
    due = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    payload = f'{{"id":"{IDS.text(0)}","due":"{due}"}}'.encode()
    assert template(payload, payload).payload(7) == payload.replace(b"0" * 12, b"000000000007")


def test_an_id_of_its_own_is_new_each_time() -> None:
    def confirmation(fresh: str) -> bytes:
        return f'{{"id":"{fresh}","about":"{IDS.text(0)}","seq":12}}'.encode()

    first = confirmation("6f9619ff-8b86-d011-b42d-00c04fc964ff")
    second = confirmation("7f9619ff-8b86-d011-b42d-00c04fc964ff").replace(b"12", b"19")
    made = template(first, second, (b"12", b"19"))
    written = [made.payload(number, number + 100) for number in range(50)]
    assert len({payload.split(b'"')[3] for payload in written}) == 50
    assert written[7].endswith(f'"about":"{IDS.text(7)}","seq":107}}'.encode())


UNWRITABLE: Sequence[tuple[str, bytes, bytes]] = [
    ("no id", b'{"text":"hi"}', b'{"text":"hi"}'),
    ("another shape", b'{"id":"%b"}', b'{"id":"%b","x":1}'),
    ("a number that is another each time", b'{"id":"%b","x":1}', b'{"id":"%b","x":2}'),
    ("a word that is too short to count in", b'{"id":"%b","x":"a1"}', b'{"id":"%b","x":"b2"}'),
]


@pytest.mark.parametrize(("why", "first", "second"), UNWRITABLE, ids=[why for why, *_ in UNWRITABLE])
def test_what_no_template_can_write_is_left_to_the_dialect(why: str, first: bytes, second: bytes) -> None:
    id = IDS.text(0).encode()
    with pytest.raises(NoTemplateError):
        template(first.replace(b"%b", id), second.replace(b"%b", id))


@settings(deadline=None)
@given(number=numbers, text=st.text())
def test_ids_are_numbers_and_back(number: int, text: str) -> None:
    assert IDS.number(IDS.text(number)) == number
    assert IDS.number(Ids("0badcaff").text(number)) == -1
    assert IDS.number(IDS.prefix + text) == -1 or (len(text) == 12 and text.isascii() and text.isdigit())
