"""What one connection tells the journal: enough for a delivery ledger to judge every message by."""

from dataclasses import asdict
from typing import Any

from wireproof.dialects import Message, Outcome, Outgoing, Recovery, Traits
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

    def sent(self, outgoing: Outgoing, at_ns: int, *, control: bool) -> None:
        """A message went out; a `control` one because the protocol asks for it, not the author."""
        details = _said(
            id=outgoing.id, message_kind=outgoing.kind, to=outgoing.to, about=outgoing.about, control=control
        )
        if self._traits.acknowledges and not outgoing.acknowledged:
            details["no_ack"] = True
        if not outgoing.confidential:
            details["payload"] = outgoing.payload
            if self._traits.keeps_body and outgoing.body is not None:
                details["body"] = outgoing.body
        self._note("sent", at_ns, length=len(outgoing.payload), **details)

    def sent_raw(self, data: bytes, at_ns: int) -> None:
        """Bytes went out below framing."""
        self._note("sent", at_ns, payload=data, raw=True)

    def received(self, message: Message, outcome: Outcome, *, confidential: bool) -> None:
        """A message came; of a confidential one nothing is told of what it says."""
        details = _said(
            id=message.sent_id or message.id,
            message_kind=message.kind,
            retry=message.retry,
            flow=message.flow,
            reply_to=message.reply_to,
            outcome=outcome,
            control=message.control,
        )
        if message.seq is not None:
            details["seq"] = message.seq
        if message.gap is not None:
            details["gap"] = message.gap
        if not confidential:
            details["payload"] = message.raw
            if self._traits.keeps_body and message.body is not None:
                details["body"] = message.body
        self._note("received", message.at_ns, index=message.index, length=len(message.raw), **details)

    def closed(self, at_ns: int, **details: Any) -> None:
        """The connection ended."""
        self._note("close", at_ns, **details)

    def _note(self, kind: str, at_ns: int, **details: Any) -> None:
        journal().record(kind, self._client, at_ns=at_ns, connection=self._number, **details)


def _said(**details: Any) -> dict[str, Any]:
    return {name: value for name, value in details.items() if value}
