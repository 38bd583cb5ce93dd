"""Keywords that send messages of which a delivery ledger knows who has to get them."""

import itertools

from robot.api import logger
from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof.arguments import Json
from wireproof.dialects import Draft
from wireproof.journal import current as journal
from wireproof.quantities import Rate
from wireproof.sockets.arguments import Clients
from wireproof.sockets.client import Client
from wireproof.sockets.component import Component
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.outcomes import Sent
from wireproof.sockets.patience import paced

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

_numbers = itertools.count(1)


class TrackingKeywords(Component):
    """Messages with a declared audience."""

    @keyword(tags=["Sending", "Tracking"])
    def send_tracked_messages(
        self,
        client: Clients,
        count: int = 1,
        *,
        audience: Clients,
        body: Json = None,
        kind: str = "",
        to: str = "",
        fields: dict[str, str | Secret] = None,
        echo: bool = False,
        rate: Rate = None,
    ) -> list[Sent]:
        """Sends messages and declares who has to get them, so that a ledger of `wireproof.Delivery` can judge each.

        Their ids are this run's own, so that a message left over from another run is never taken for one of them. A
        body that is an object, or that is not given, gets a `number` of its own.

        Args:
            client: who sends: a client, a group, or a list. Several take turns, message by message.
            count: how many each of them sends.
            audience: the clients that have to get each message.
            body: what the messages say: JSON text, a dictionary or a list.
            kind: the dialect's kind of message.
            to: the recipient, where the dialect has one.
            fields: headers or top-level fields; values may be `Secret`.
            echo: whether a sender that is in the audience has to get its own messages, too.
            rate: how fast all together, such as `200/s`; as fast as possible without it.

        Returns:
            What was sent (`client`, `id`, `kind`, `at_ms`, `length`), in order.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Send Tracked Messages    alice    3    audience=alice    echo=yes
        Wait For Messages    alice    3
        ```
        """
        if count < 1:
            raise SocketsError(f"count is 1 or more, not {count}")
        if rate is not None:
            self.clients.guard_rails.allow_rate(rate)
        senders = self.clients.resolve(client)
        listeners = self.clients.resolve(audience)
        heard_by = {sender.name: _audience(sender, listeners, echo=echo) for sender in senders}
        draft = Draft(body, kind, to, fields or {})
        sent = []
        for turn in paced(count * len(senders), rate):
            sender = senders[turn % len(senders)]
            self.clients.guard_rails.wait_to_send()
            sent.append(_send(sender, draft, heard_by[sender.name]))
        logger.debug(f"{len(sent)} tracked messages, {sent[0].id} to {sent[-1].id}")
        return sent


def _audience(sender: Client, listeners: list[Client], *, echo: bool) -> list[str]:
    names = [listener.name for listener in listeners if echo or listener is not sender]
    if not names:
        raise SocketsError(
            f"nobody would get what {sender.name} sends: name other clients as audience, or give echo=yes"
        )
    return names


def _send(sender: Client, draft: Draft, audience: list[str]) -> Sent:
    number = next(_numbers)
    id = f"wp-{journal().run}-{number}"
    body = draft.body
    if body is None or isinstance(body, dict):
        body = {**(body or {}), "number": number}
    outgoing = sender.encode(Draft(body, draft.kind, draft.to, draft.fields, id))
    # Before it is sent: its receipt may be noted first otherwise.
    journal().record("expect", sender.name, id=outgoing.id, audience=audience)
    return sender.send(outgoing)
