"""What one connection tells the journal: enough for a delivery ledger to judge every message by."""

from dataclasses import asdict
from typing import Any

from wireproof.dialects import Message, Outcome, Outgoing, Recovery, Traits
from wireproof.journal import Event, event, freeze
from wireproof.journal import current as journal


class ConnectionRecord:
    """Notes what happens to one connection of a client; what a field has nothing to say of is left out.

    Args:
        client: the client's name.
        number: the how manieth connection of the client, from 1.
        traits: what its protocol promises.
    """

    def __init__(self, client: str, number: int, traits: Traits) -> None:
        self._client = client
        self._number = number
        self._traits = traits

    def connected(self, at_ns: int, dialect: str, **details: Any) -> None:
        """The upgrade is done."""
        self._note("connected", at_ns, dialect=dialect, **asdict(self._traits), **details)

    def logged_in(self, at_ns: int, identity: str, recovery: Recovery) -> None:
        """The peer has let the client in."""
        said = {name: value for name, value in asdict(recovery).items() if value not in (None, "")}
        self._note("login", at_ns, **_said(identity=identity), **said)

    def sent(self, outgoing: Outgoing, at_ns: int, *, control: bool, intended_ns: int = 0) -> None:
        """A message went out; a `control` one because the protocol asks for it, not the author."""
        journal().tell(self._sent, outgoing, at_ns, control, intended_ns, self._frozen(outgoing.body))

    def _sent(self, outgoing: Outgoing, at_ns: int, control: bool, intended_ns: int, body: bytes | str | None) -> Event:
        details = _said(
            connection=self._number,
            id=outgoing.id,
            message_kind=outgoing.kind,
            to=outgoing.to,
            about=outgoing.about,
            control=control or outgoing.for_peer,
            intended_ns=intended_ns,
            no_ack=self._traits.acknowledges and not outgoing.acknowledged,
        )
        return self._event("sent", at_ns, details, outgoing.payload, body, confidential=outgoing.confidential)

    def sent_raw(self, data: bytes, at_ns: int) -> None:
        """Bytes went out below framing."""
        self._note("sent", at_ns, payload=data, raw=True)

    def received(self, message: Message, outcome: Outcome, *, confidential: bool) -> None:
        """A message came; of a confidential one nothing is told of what it says."""
        journal().tell(self._received, message, outcome, confidential, self._frozen(message.body))

    def _received(self, message: Message, outcome: Outcome, confidential: bool, body: bytes | str | None) -> Event:
        details = _said(
            connection=self._number,
            index=message.index,
            id=message.sent_id or message.id,
            message_kind=message.kind,
            retry=message.retry,
            gap=message.gap,
            flow=message.flow,
            reply_to=message.reply_to,
            outcome=outcome,
            control=message.control,
        )
        if message.seq is not None:
            details["seq"] = message.seq
        return self._event("received", message.at_ns, details, message.raw, body, confidential=confidential)

    def closed(self, at_ns: int, **details: Any) -> None:
        """The connection ended."""
        self._note("close", at_ns, **details)

    def _frozen(self, body: Any) -> bytes | str | None:
        return freeze(body) if self._traits.keeps_body and body is not None else None

    def _event(
        self,
        kind: str,
        at_ns: int,
        details: dict[str, Any],
        payload: bytes,
        body: bytes | str | None,
        *,
        confidential: bool,
    ) -> Event:
        if confidential:
            return event(at_ns, kind, self._client, details | {"length": len(payload)})
        return event(at_ns, kind, self._client, details, payload, body)

    def _note(self, kind: str, at_ns: int, **details: Any) -> None:
        journal().record(kind, self._client, at_ns=at_ns, connection=self._number, **details)


def _said(**details: Any) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value}
