"""What failed, and which events have to do with it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from wireproof.journal import Event
from wireproof.wiretext import safe

_INDEX = re.compile(r"#(\d{1,9})\b")
_WORD = re.compile(r"""[^\s"'(),;]+""")
_SHORTEST_ID = 4
"""Shorter ids stand in too many messages by chance."""


@dataclass(frozen=True)
class Failure:
    """A keyword that failed.

    Attributes:
        keyword: its name.
        message: why it failed.
        arguments: what it was called with.
        where: the test or suite, in words.
        zero_ns: when that began: the zero of the timeline's clock.
        began_ns: when the keyword began.
        at_ns: when it failed.
        at: the same moment by the wall clock.
    """

    keyword: str
    message: str
    arguments: Sequence[object]
    where: str
    zero_ns: int
    began_ns: int
    at_ns: int
    at: datetime

    def names(self, source: str) -> bool:
        """Whether the message or the arguments name that client or service."""
        return self._says(source)

    @cached_property
    def ids(self) -> frozenset[str]:
        """What may be ids of messages in the message and the arguments."""
        words = (word.rstrip(".:") for word in _WORD.findall(self._words))
        return frozenset(word for word in words if len(word) >= _SHORTEST_ID)

    def tells_of(self, event: Event) -> bool:
        """Whether the message or the arguments hold the id of the event's message, or of the one that it answers."""
        identities = (event.data.get(key) for key in ("id", "reply_to", "about"))
        return any(isinstance(one, str) and len(one) >= _SHORTEST_ID and self._says(one) for one in identities)

    def points_at(self, event: Event) -> bool:
        """Whether the message tells of just this event, such as the nearest miss `#3`."""
        index = event.data.get("index")
        named = isinstance(index, int) and index in self._indices and self.names(event.source)
        return named or self.tells_of(event)

    def _says(self, name: str) -> bool:
        """Whether it is there as a whole: `m-28` does not speak of `m-2`."""
        return name in self._words and bool(re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", self._words))

    @cached_property
    def _words(self) -> str:
        return "\n".join([self.message, *(safe(argument, 2000) for argument in self.arguments)])

    @cached_property
    def _indices(self) -> frozenset[int]:
        return frozenset(int(number) for number in _INDEX.findall(self.message))
