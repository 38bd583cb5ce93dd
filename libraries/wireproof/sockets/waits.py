"""Waiting for messages and judging what came: every failure says what was expected, what came nearest, how long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from wireproof.dialects import Message
from wireproof.journal import now_ns
from wireproof.matching import Matcher, nearest
from wireproof.moments import Moment
from wireproof.quantities import require_wait
from wireproof.sockets.client import Client
from wireproof.sockets.closure import Closure
from wireproof.wiretext import safe

_SHOWN_NUMBERS = 5


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait: for which messages, since when, and how long at most.

    Attributes:
        matcher: which messages are meant; messages of the protocol itself never are.
        since: messages that came before are not looked at.
        timeout_s: counted from `started_ns`, the begin of the wait.
    """

    matcher: Matcher
    since: Moment
    timeout_s: float
    started_ns: int

    @classmethod
    def begin(cls, matcher: Matcher, since: Moment, timeout_s: float) -> "Wait":
        """A wait that begins now.

        Raises:
            ValueError: the time is negative; waiting for silence so long would prove nothing.
        """
        require_wait(timeout_s)
        return cls(matcher, since, timeout_s, now_ns())

    @property
    def deadline_ns(self) -> int:
        return self.started_ns + int(self.timeout_s * 1e9)

    @property
    def what(self) -> str:
        """The messages meant, in words; empty where every message is."""
        described = self.matcher.describe()
        return "" if described == "(any)" else f" {described}"

    def matches(self, client: Client, until_ns: int | None = None) -> Iterator[Message]:
        """The messages meant, as they come, until the deadline or the end of the client's connection."""
        for message in client.inbox.follow(self.since.at_ns, self.deadline_ns if until_ns is None else until_ns):
            if not message.control and self.matcher.matches(message):
                yield message

    def so_far(self, client: Client) -> list[Message]:
        """The messages meant that have come."""
        return [
            message
            for message in client.inbox.snapshot(self.since.at_ns)
            if not message.control and self.matcher.matches(message)
        ]

    def collect(self, client: Client, enough: int) -> list[Message]:
        """The first `enough` messages meant, or fewer if time is over or the client has closed."""
        found: list[Message] = []
        for message in self.matches(client):
            found.append(message)
            if len(found) >= enough:
                break
        return found

    def settle(self, client: Client, seconds: float) -> list[Message]:
        """Everything meant, after listening for `seconds` more."""
        return list(self.matches(client, now_ns() + int(seconds * 1e9)))

    def missing(self, client: Client, found: int, wanted: int) -> str:
        """The failure's line when fewer came than wanted."""
        came = [message for message in client.inbox.snapshot(self.since.at_ns) if not message.control]
        others = [message for message in came if not self.matcher.matches(message)]
        miss = nearest(self.matcher, others)
        seen = f"{len(came)} came" + (f", {miss.text}" if miss else "")
        messages = "message" if wanted == 1 else f"{found} of {wanted} messages"
        if client.ending is not None:
            end = ended_during(client.name, client.ending, self.started_ns, self.timeout_s)
            got = "" if wanted == 1 else f" ({found} of {wanted} had come)"
            return f"{end} for{self.what or ' a message'}{got}; {seen}"
        start = f"{client.name}: no message" if wanted == 1 else f"{client.name}: only {messages}"
        return f"{start}{self.what} within {self.timeout_s:g} s of {self.since.words}; {seen}"

    def unanswered(self, client: Client, asked: str) -> str:
        """The failure's line when no reply came to the message `asked`."""
        came = len(client.inbox.snapshot(self.since.at_ns))
        if client.ending is not None:
            end = ended_during(client.name, client.ending, self.started_ns, self.timeout_s)
            return f"{end} for a reply to {safe(asked)}; {came} other messages came"
        return (
            f"{client.name}: no reply to {safe(asked)} within {self.timeout_s:g} s; {came} other messages came since "
            "it was sent"
        )

    def too_many(self, client: Client, found: Sequence[Message], wanted: int) -> str:
        """The failure's line when more came than wanted."""
        extra = ", ".join(f"#{message.index}" for message in found[wanted:][:_SHOWN_NUMBERS])
        spread = (found[wanted].at_ns - found[wanted - 1].at_ns) / 1e6 if wanted else 0.0
        times = "once" if wanted == 1 else f"exactly {wanted} times"
        return (
            f"{client.name}: message{self.what} came {len(found)} times, not {times}, since {self.since.words}; "
            f"too many: {extra}, the first of them {spread:.1f} ms after #{found[wanted - 1].index}"
        )

    def unwanted(self, client: Client, found: Message) -> str:
        """The failure's line when a message came that should not."""
        after_ms = (found.at_ns - self.since.at_ns) / 1e6
        return (
            f"{client.name}: message{self.what} should not have come, but #{found.index} did, {after_ms:.1f} ms after "
            f"{self.since.words}: {shown(found)}"
        )

    def deaf(self, client: Client, ending: Closure) -> str:
        """The failure's line when silence proves nothing, because the client was closed."""
        end = ended_during(client.name, ending, self.started_ns, self.timeout_s)
        return f"{end} for no message{self.what}: a closed client proves nothing"


def shown(message: Message) -> str:
    """What a message says, safe and short."""
    return safe(message.raw)


def ended_during(name: str, ending: Closure, started_ns: int, timeout_s: float) -> str:
    """`alice was closed by the server (4401 'token expired') 0.24 s into a wait of 2 s`."""
    into_s = (ending.at_ns - started_ns) / 1e9
    when = f"{into_s:.2f} s into" if into_s >= 0 else f"{-into_s:.2f} s before"
    return f"{name} {ending.phrase} {when} a wait of {timeout_s:g} s"
