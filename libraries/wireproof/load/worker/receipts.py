"""Frames read without parsing: a shape is a pattern of bytes that is known to say one thing but for its numbers.

A shape is learned from a frame that the dialect has read. What in it may differ, the dialect is asked: a copy of it
reads the same frame with another word in one place. So nothing here knows JSON, or any protocol.
"""

import copy
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from struct import Struct
from typing import Final, TypeAlias

from wireproof.delivery.columns import ABSENT
from wireproof.dialects import Dialect, Frame, Message
from wireproof.load.worker.ids import DIGITS
from wireproof.load.worker.reading import Reader, Reading
from wireproof.load.worker.template import present
from wireproof.load.worker.tokens import WORD_TAIL, Tokens

SHAPES: Final = 64
"""More shapes than any protocol should need; frames of further ones are read by the dialect."""

_LESSONS: Final = 256
"""After so many attempts to learn nothing more is learned: each costs as much as reading a hundred frames."""

_SHORTEST_VARIABLE: Final = 6
"""A shorter word with a digit in it may be a code, of which another one says something else; a member's name is none,
unless it is a number."""


Found: TypeAlias = "re.Match[bytes] | tuple[bytes, ...]"
"""What a shape found in a frame: its message's number at [1], the delivery's at [2] where it has one."""


@dataclass(frozen=True)
class Shape:
    """A pattern of frames, and what each of them says.

    Attributes:
        pattern: finds the message's number, and the delivery's where there is one, as groups 1 and 2.
        match: does, as quickly as it can be done.
        reading: what the frames say, but for these two.
        place: its place among the shapes of the worker, which it keeps.
        sample: the frame it was learned from.
        variable: places of words that may be others, with what each begins with.
    """

    pattern: "re.Pattern[bytes]"
    reading: Reading
    place: int
    sample: Tokens
    variable: Mapping[int, bytes]

    def __post_init__(self) -> None:
        # Looked at for every frame: plain attributes, not properties.
        object.__setattr__(self, "match", self._fixed() or self.pattern.fullmatch)
        object.__setattr__(self, "delivers", self.reading.delivered != ABSENT)
        object.__setattr__(self, "outcome", self.reading.outcome)
        object.__setattr__(self, "numbered", self.reading.seq != ABSENT)
        object.__setattr__(self, "retry", self.reading.retry)
        object.__setattr__(self, "digest", self.reading.digest)

    match: Callable[[bytes], "Found | None"] = field(init=False, repr=False, compare=False)
    delivers: bool = field(init=False)
    outcome: int = field(init=False)
    numbered: bool = field(init=False)
    retry: int = field(init=False)
    digest: int = field(init=False)

    def _fixed(self) -> Callable[[bytes], "Found | None"] | None:
        """A quicker match for frames in which nothing but the id's digits differs, once; None for others."""
        payload = self.sample.joined(self.sample.words)
        found = self.pattern.fullmatch(payload)
        if found is None or self.variable or self.pattern.groups != 1 or self.pattern.pattern.count(b"(?P=id)"):
            return None
        begin, end = found.span(1)
        head, tail, size = payload[:begin], payload[end:], len(payload)
        parts_of = Struct(f"{begin}s{end - begin}s{size - end}s").unpack

        def match(payload: bytes) -> tuple[bytes, ...] | None:
            if len(payload) != size:
                return None
            parts = parts_of(payload)
            return parts if parts[1].isdigit() and parts[2] == tail and parts[0] == head else None

        return match

    def read(self, found: Found) -> Reading:
        """What a frame says that matched."""
        number = int(found[1])
        return replace(
            self.reading,
            delivered=number if self.delivers else ABSENT,
            judged=number if self.outcome else ABSENT,
            seq=int(found[2]) if self.numbered else ABSENT,
        )


class Shapes:
    """The shapes that one worker has learned, in order; what is known at a place goes on to say the same."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lessons = 0
        self.known: list[Shape] = []

    def learn(self, dialect: Dialect, frame: Frame, reading: Reading) -> None:
        """Makes a shape of a frame that a dialect has just read, if it is about one message of the load."""
        both = reading.delivered != ABSENT and reading.judged not in (ABSENT, reading.delivered)
        if reading.number == ABSENT or both or self._lessons >= _LESSONS:
            return
        self._lessons += 1
        lesson = _Lesson(self._reader, dialect, frame, reading)
        for place, shape in enumerate(self.known):
            if (merged := lesson.merged(shape)) is not None:
                self.known[place] = merged
                return
        if len(self.known) < SHAPES and (made := lesson.shape(len(self.known), {})) is not None:
            self.known.append(made)

    def forget(self) -> None:
        """From now on every frame is read by its dialect."""
        self._lessons = _LESSONS
        self.known.clear()


class _Lesson:
    """One frame, its reading, and a dialect to ask about other frames like it."""

    def __init__(self, reader: Reader, dialect: Dialect, frame: Frame, reading: Reading) -> None:
        self._reader, self._dialect, self._frame, self._reading = reader, dialect, frame, reading
        self._tokens = Tokens.of(frame.payload)
        self._id = reader.ids.text(reading.number).encode()

    def merged(self, shape: Shape) -> Shape | None:
        """The shape, widened so that the frame has it too; None if they do not say the same."""
        if shape.sample.gaps != self._tokens.gaps or _nameless(shape.reading) != _nameless(self._reading):
            return None
        variable = dict(shape.variable)
        for place, (known, word) in enumerate(zip(shape.sample.words, self._tokens.words, strict=True)):
            if known == word or self._carries_id(place) or place == self._seq_place:
                continue
            if not self._is_free(place, known):
                return None
            variable[place] = _common(variable.get(place, known), word)
        return self.shape(shape.place, variable)

    def shape(self, place: int, variable: dict[int, bytes]) -> Shape | None:
        """The shape of the frame for a place, with words that may be others, each with what it begins with."""
        seq_matters = self._reading.seq != ABSENT
        if self._id not in self._frame.payload or (seq_matters and self._seq_place is None):
            return None
        pattern, ids = b"", 0
        for at, gap in enumerate(self._tokens.gaps):
            pattern += re.escape(gap)
            if at == len(self._tokens.words):
                break
            word = self._tokens.words[at]
            if self._carries_id(at):
                # An id stands twice where the protocol says so; both times it has to be the same.
                digits, ids = (b"(?P<id>[0-9]{%d})" % DIGITS if not ids else b"(?P=id)"), ids + 1
                escaped, prefix = re.escape(self._id), re.escape(self._id[:-DIGITS])
                pattern += re.escape(word).replace(escaped, prefix + digits, 1)
            elif seq_matters and at == self._seq_place:
                pattern += b"(?P<seq>[0-9]{1,18})"
            elif at in variable:
                pattern += _any(variable[at], word)
            else:
                pattern += re.escape(word)
        compiled = re.compile(pattern)
        if seq_matters and compiled.groupindex["seq"] < compiled.groupindex["id"]:
            return None
        shape = Shape(compiled, self._reading, place, self._tokens, variable)
        found = compiled.fullmatch(self._frame.payload)
        is_sure = found is not None and shape.read(found) == self._reading == self._reads(self._frame.payload)
        return shape if is_sure else None

    def _carries_id(self, place: int) -> bool:
        return self._id in self._tokens.words[place]

    @cached_property
    def _seq_place(self) -> int | None:
        """The word that is the delivery's number: the only one that says another number when it is another."""
        if self._reading.seq == ABSENT:
            return None
        other = self._reading.seq + 7
        wanted = replace(self._reading, seq=other)
        seq = b"%d" % self._reading.seq
        places = [place for place, word in enumerate(self._tokens.words) if word == seq]
        found = [place for place in places if self._reads(self._tokens.with_word(place, b"%d" % other)) == wanted]
        return found[0] if len(found) == 1 else None

    def _is_free(self, place: int, known: bytes) -> bool:
        """Whether a word, which was another one before, may be any: it says nothing, and is no code."""
        word = self._tokens.words[place]
        are_names = {known, word} <= self._reader.names and not (known.isdigit() or word.isdigit())
        if not are_names and not all(len(one) >= _SHORTEST_VARIABLE and _has_digit(one) for one in (known, word)):
            return False
        others = (known, *_others(word))
        return all(self._says(self._tokens.with_word(place, other)) == self._usual for other in others)

    @cached_property
    def _usual(self) -> tuple[Reading, object] | None:
        return self._says(self._frame.payload)

    def _reads(self, payload: bytes) -> Reading | None:
        said = self._says(payload)
        return said[0] if said else None

    def _says(self, payload: bytes) -> tuple[Reading, object] | None:
        """What the dialect would read and answer; None where that is not one message, or an error."""
        try:
            dialect = copy.copy(self._dialect)
            messages = dialect.feed(Frame(self._frame.opcode, payload, self._frame.at_ns))
            if len(messages) != 1:
                return None
            return self._reader.read(dialect, messages[0]), _answer(dialect, messages[0])
        except Exception:  # noqa: BLE001 - an author's dialect may raise anything at a frame that never came
            return None


def _answer(dialect: Dialect, message: Message) -> object:
    """What a message is answered with, but for what is new in each answer."""
    first, second = ([Tokens.of(outgoing.payload) for outgoing in dialect.answers(message)] for _ in range(2))
    return [
        (
            one.gaps,
            [word for word, again in zip(one.words, other.words, strict=True) if word == again and not present(word)],
        )
        for one, other in zip(first, second, strict=True)
    ]


def _nameless(reading: Reading) -> Reading:
    """A reading without its numbers."""
    blank = 0
    return replace(
        reading,
        delivered=ABSENT if reading.delivered == ABSENT else blank,
        judged=ABSENT if reading.judged == ABSENT else blank,
        seq=ABSENT if reading.seq == ABSENT else blank,
    )


def _others(word: bytes) -> Iterator[bytes]:
    """Words of the same form: the digits others, and the letters too."""
    digits = bytes.maketrans(b"0123456789", b"1234567890")
    letters = bytes.maketrans(b"abcdefABCDEF", b"bcdefaBCDEFA")
    yield word.translate(digits)
    yield word.translate(digits).translate(letters)


def _common(known: bytes, word: bytes) -> bytes:
    """What both begin with, up to the first digit."""
    head = re.match(rb"[^0-9]*", word)
    begin = head.group() if head else b""
    while not known.startswith(begin):
        begin = begin[:-1]
    return begin


def _has_digit(word: bytes) -> bool:
    return re.search(rb"\d", word) is not None


def _any(begin: bytes, word: bytes) -> bytes:
    """A pattern for words that begin like that, and have a digit if the word has one."""
    rest = word[len(begin) :]
    if rest.isdigit():
        return re.escape(begin) + b"[0-9]+"
    has_digit = b"[0-9]" + WORD_TAIL + b"*" if _has_digit(rest) else b""
    return re.escape(begin) + WORD_TAIL + b"*" + has_digit
