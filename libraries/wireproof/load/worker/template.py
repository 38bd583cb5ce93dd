"""Messages as byte templates: the dialect writes one, the others are copies with another number in them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from wireproof.load.worker.ids import DIGITS
from wireproof.load.worker.tokens import Tokens

NUMBER: Final = b"number"
SEQ: Final = b"seq"
FRESH: Final = b"fresh"

_MOMENT = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{3}|\d{6}))?(Z|\+00:00)")
_FRESH_DIGITS = 12
"""A word that is new in each message is an id: its last digits count, so that it stays new."""

_END_DIGITS = 3
_ENDS = [b"%0*d" % (_END_DIGITS, number) for number in range(10**_END_DIGITS)]
"""The ends of all numbers: to write the whole of each takes Python as long as all else that a message needs."""

_JUST_NOW_S = 5.0


class NoTemplateError(ValueError):
    """The dialect writes something that no template can: each message has to come from the dialect itself."""


class Values:
    """What stands in the slots of all templates of one worker: the moment, ids of its own, the number at hand."""

    def __init__(self) -> None:
        self.slots: dict[bytes, Any] = {NUMBER: 0, SEQ: 0, FRESH: 0}
        self._moments: dict[bytes, tuple[str, bytes]] = {}

    def moment(self, fraction: bytes, zone: bytes) -> bytes:
        """The name of a slot that holds the present time, as `refresh` last saw it."""
        precision = {0: "seconds", 3: "milliseconds", 6: "microseconds"}[len(fraction)]
        name = precision.encode() + zone
        self._moments[name] = (precision, zone)
        self.refresh()
        return name

    def refresh(self) -> None:
        """Sets the present time."""
        if not self._moments:
            return
        now = datetime.now(UTC).replace(tzinfo=None)
        for name, (precision, zone) in self._moments.items():
            self.slots[name] = now.isoformat(timespec=precision).encode() + zone


Builder = Callable[[int], bytes]


class Template:
    """Payloads that differ in their numbers, in the moment they say, and in ids that only have to be new.

    Args:
        first, second: two payloads that the dialect wrote for the same message.
        id: the message's id in them, as `Ids` writes it.
        values: where the slots' values are.
        seq: where the payloads also say a delivery's number: what it is in the first and in the second.

    Raises:
        NoTemplateError: they differ in something else, or do not hold the id.
    """

    def __init__(
        self, first: bytes, second: bytes, id: bytes, values: Values, seq: tuple[bytes, bytes] | None = None
    ) -> None:
        if id not in first:
            raise NoTemplateError("the message does not carry its id as it is")
        tokens, others = Tokens.of(first), Tokens.of(second)
        if tokens.gaps != others.gaps:
            raise NoTemplateError("the dialect writes the same message in different shapes")
        self._values = values
        self.slots: list[bytes] = []
        words = (self._word(*pair, id, seq) for pair in zip(tokens.words, others.words, strict=True))
        gaps = tuple(_literal(gap) for gap in tokens.gaps)
        self._format = Tokens(gaps, ()).joined(tuple(words))

    def _word(self, word: bytes, other: bytes, id: bytes, seq: tuple[bytes, bytes] | None) -> bytes:
        if id in word and word == other:
            prefix = id[:-DIGITS]
            return _literal(word).replace(_literal(id), _literal(prefix) + self._slot(NUMBER, b"0%dd" % DIGITS))
        if found := present(word):
            return self._slot(self._values.moment(found[1] or b"", found[2]), b"b")
        if seq and (word, other) == seq:
            return self._slot(SEQ, b"d")
        if word == other:
            return _literal(word)
        if len(word) != len(other) or len(word) < _FRESH_DIGITS or word.isdigit():
            raise NoTemplateError("the dialect writes the same message differently each time")
        return _literal(word[:-_FRESH_DIGITS]) + self._slot(FRESH, b"0%dx" % _FRESH_DIGITS)

    def _slot(self, name: bytes, conversion: bytes) -> bytes:
        self.slots.append(name)
        return b"%%(%b)%b" % (name, conversion)

    def payload(self, number: int, seq: int = 0) -> bytes:
        """The payload of one message."""
        slots = self._values.slots
        slots[NUMBER], slots[SEQ] = number, seq
        slots[FRESH] += 1
        return self._format % slots

    def builder(self) -> Builder:
        """The quickest way to payloads that hold a number and at most the moment."""
        plain = re.sub(rb"%\([^)]*\)", b"%", self._format)
        slots = self._values.slots
        if self.slots == [NUMBER]:
            return _counter(plain % 0, plain % int("1" * DIGITS))
        if len(self.slots) == 2 and self.slots[0] == NUMBER and self.slots[1] not in (NUMBER, SEQ, FRESH):
            moment = self.slots[1]
            return lambda number: plain % (number, slots[moment])
        return self.payload


def present(word: bytes) -> "re.Match[bytes] | None":
    """The parts of a word that says the present time, as a dialect has just written it; any other is the author's."""
    found = _MOMENT.fullmatch(word)
    if found is None:
        return None
    try:
        age = datetime.now(UTC) - datetime.fromisoformat(word.decode())
    except ValueError:  # a thirteenth month
        return None
    return found if abs(age.total_seconds()) < _JUST_NOW_S else None


def _counter(zeros: bytes, ones: bytes) -> Builder:
    """Builds payloads that differ in one number, mostly from parts: numbers that follow each other begin alike.

    Args:
        zeros, ones: the payload whose number is all zeros, and the one whose number is all ones.
    """
    begin = next(place for place, pair in enumerate(zip(zeros, ones, strict=True)) if len({*pair}) > 1)
    head, tail = zeros[:begin], zeros[begin + DIGITS :]
    begins, front = -1, b""

    def build(number: int) -> bytes:
        nonlocal begins, front
        if number // len(_ENDS) != begins:
            begins = number // len(_ENDS)
            front = head + b"%0*d" % (DIGITS - _END_DIGITS, begins)
        return front + _ENDS[number % len(_ENDS)] + tail

    return build


def _literal(text: bytes) -> bytes:
    return text.replace(b"%", b"%%")
