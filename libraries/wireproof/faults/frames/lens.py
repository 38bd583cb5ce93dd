"""What a dialect reads in the messages that go through a link, and what the journal hears of those that went on."""

from collections.abc import Callable, Sequence

from wireproof.dialects import Dialect, Frame, Message
from wireproof.faults.frames.codec import WireMessage
from wireproof.faults.links.stage import Direction
from wireproof.journal import current as journal
from wireproof.wiretext import safe

DialectOf = Callable[[], Dialect]
"""The dialect of a connection, asked for anew until its client is known; the same object once it is."""


class Lens:
    """Looks at one direction of one connection; it never sends and never raises.

    Args:
        link: the link's name.
        direction: where the messages go.
        dialect_of: gives this direction's own dialect.
        lenses: those that look at the same direction, the last one on the way first: only that one knows what went on.
    """

    def __init__(self, link: str, direction: Direction, dialect_of: DialectOf, lenses: list[object]) -> None:
        self._link = link
        self._direction = direction
        self._dialect_of = dialect_of
        self._lenses = lenses
        self._has_told = False
        lenses.append(self)

    @property
    def dialect(self) -> Dialect:
        return self._dialect_of()

    def read(self, message: WireMessage) -> Sequence[Message]:
        """The messages that it completes; none where the dialect cannot look at it at all."""
        try:
            return self.dialect.feed(Frame(message.opcode, message.payload))
        except Exception as error:  # noqa: BLE001 - a peer's bytes and anybody's dialect; the link goes on
            if not self._has_told:
                self._has_told = True
                text = f"the dialect '{self.dialect.name}' cannot look at a message {self._direction}: {safe(error)}"
                journal().record("note", self._link, text=text)
            return ()

    def passed(self, messages: Sequence[Message]) -> None:
        """Tells the journal that messages went on as they are."""
        if self._lenses[:1] != [self]:
            return
        for message in messages:
            if known := message.sent_id or message.id:
                journal().record("wire", self._link, id=known, direction=self._direction)

    def close(self) -> None:
        """It looks no more."""
        self._lenses.remove(self)
