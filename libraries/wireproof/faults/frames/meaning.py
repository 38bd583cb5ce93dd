"""What faults know of a protocol, through its dialect: what confirms a message, and what delivers one."""

from collections.abc import Callable
from dataclasses import dataclass, field

from wireproof import dialects
from wireproof.dialects import Dialect, Message
from wireproof.faults.errors import FaultError
from wireproof.faults.frames.choice import Kind
from wireproof.faults.frames.codec import WireMessage
from wireproof.faults.links.stage import Direction
from wireproof.wiretext import safe

DEFAULT_DIALECT = "cloudmessage"

_MOST_QUESTIONS = 100
"""After so many messages of a client that nobody has told of, it is none of Wireproof's."""


def is_acknowledgement(dialect: Dialect, message: Message) -> bool:
    """Whether it says that a message was taken over: the server's word to a sender, or a recipient's to the server."""
    if dialect.welcomes(message):
        return False
    outcome = dialect.outcome(message)
    return outcome == "acked" if outcome else message.kind.lower() == "ack"


def is_delivery(dialect: Dialect, message: Message) -> bool:
    """Whether it brings a client what another one sent, rather than an answer or a notice of the server's own."""
    if message.control or message.reply_to or is_acknowledgement(dialect, message):
        return False
    # A protocol that marks what it delivers again numbers what it delivers.
    return message.seq is not None or (bool(message.id) and not dialect.traits.marks_redelivery)


def acknowledgement_of(id: str) -> Kind:
    """Chooses acknowledgements, of one message where its id is given."""

    def chosen(dialect: Dialect, message: Message) -> bool:
        return is_acknowledgement(dialect, message) and id in ("", message.reply_to)

    return chosen


@dataclass(frozen=True, slots=True)
class Recording:
    """Messages that went through a link, the last ones.

    Attributes:
        link: its name.
        direction: where they went.
        clients: whose they are; everybody's when empty.
        keep: how many there are at most.
    """

    link: str
    direction: Direction
    clients: tuple[str, ...]
    keep: int
    _messages: list[WireMessage] = field(default_factory=list, repr=False, compare=False)

    def take(self, message: WireMessage) -> None:
        self._messages.append(message)
        del self._messages[: -self.keep]

    def message(self, back: int) -> WireMessage:
        """The last message is 1, the one before 2.

        Raises:
            FaultError: there are not so many.
        """
        if not 1 <= back <= len(self._messages):
            raise FaultError(
                f"{len(self._messages)} messages {self.direction} were recorded on link '{safe(self.link)}', so there "
                f"is none that is {back} back"
            )
        return self._messages[-back]


class DialectOf:
    """The dialect of one direction of one connection, for looking only.

    Until it is known which dialect the client speaks, `DEFAULT_DIALECT` stands in; for a stranger it stays.

    Args:
        name_of: the client's dialect by name, empty while nobody knows it.
    """

    def __init__(self, name_of: Callable[[], str]) -> None:
        self._name_of = name_of
        self._questions = _MOST_QUESTIONS
        self._dialect: Dialect | None = None

    def __call__(self) -> Dialect:
        if self._questions:
            name = self._name_of()
            self._questions = 0 if name else self._questions - 1
            if self._dialect is None or name not in ("", self._dialect.name):
                self._dialect = dialects.create(name or DEFAULT_DIALECT)
        assert self._dialect is not None  # noqa: S101 - made in the first call
        return self._dialect
