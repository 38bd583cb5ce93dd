"""Bytes of a message as words and what stands between them: enough of any text protocol to see what varies in it."""

import re
from dataclasses import dataclass
from itertools import chain, zip_longest

_WORD = re.compile(rb"[0-9A-Za-z_.+-][0-9A-Za-z_.+:-]*")
"""An id, a number, a moment: what protocols write without quotes, blanks and brackets in it."""

WORD_TAIL = rb"[0-9A-Za-z_.+:-]"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A payload taken apart: `gaps[0] words[0] gaps[1] words[1] … gaps[-1]`."""

    gaps: tuple[bytes, ...]
    words: tuple[bytes, ...]

    @classmethod
    def of(cls, payload: bytes) -> "Tokens":
        return cls(tuple(_WORD.split(payload)), tuple(_WORD.findall(payload)))

    def joined(self, words: tuple[bytes, ...]) -> bytes:
        """The payload with other words in the same places."""
        pairs = zip_longest(self.gaps, words, fillvalue=b"")
        return b"".join(chain.from_iterable(pairs))

    def with_word(self, place: int, word: bytes) -> bytes:
        """The payload with one other word."""
        return self.joined((*self.words[:place], word, *self.words[place + 1 :]))
