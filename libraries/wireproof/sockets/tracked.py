"""Messages of which the journal knows who has to get them before they are sent."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wireproof.dialects import Draft
from wireproof.journal import current as journal
from wireproof.sockets.client import Client
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.outcomes import Sent

_numbers = itertools.count(1)


def fresh_id() -> str:
    """An id that only this run gives, so that a message left over from another run is never taken for one of its."""
    return f"wp-{journal().run}-{next(_numbers)}"


@dataclass(frozen=True, slots=True)
class Tracked:
    """What is sent again and again, and who has to get it.

    Attributes:
        draft: the message; a body that is an object, or that is not given, gets a `number` of its own.
        heard_by: by sender, the names of those who have to get it.
    """

    draft: Draft
    heard_by: Mapping[str, list[str]]

    def send(self, sender: Client, id: str, *, intended_ns: int = 0) -> Sent:
        """Sends one message of this id.

        Raises:
            ClosedError: the client is not open, or its connection broke just now: then what became of it is unknown.
        """
        body, draft = self.draft.body, self.draft
        if body is None or isinstance(body, dict):
            body = {**(body or {}), "number": int(id.rpartition("-")[2])}
        outgoing = sender.encode(Draft(body, draft.kind, draft.to, draft.fields, id))
        # Before it is sent: its receipt may be noted first otherwise.
        journal().record("expect", sender.name, id=outgoing.id, audience=self.heard_by[sender.name])
        return sender.send(outgoing, intended_ns=intended_ns)


def heard_by(senders: Sequence[Client], listeners: Sequence[Client], *, echo: bool) -> dict[str, list[str]]:
    """By sender, the names of those who have to get its messages.

    Args:
        senders: who sends.
        listeners: who has to get it.
        echo: whether a sender that is among the listeners has to get its own messages, too.

    Raises:
        SocketsError: nobody would get what one of them sends.
    """
    audiences = {
        sender.name: [listener.name for listener in listeners if echo or listener is not sender] for sender in senders
    }
    for name, audience in audiences.items():
        if not audience:
            raise SocketsError(f"nobody would get what {name} sends: name other clients as audience, or give echo=yes")
    return audiences
