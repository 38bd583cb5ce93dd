"""Defects of identity: a connection gets or sends what is not its own, or hears what is not true."""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from reference_server import replies
from reference_server.app import Parts
from reference_server.auth import Identity
from reference_server.batch import Sender, Submission
from reference_server.channel import Key, Link
from reference_server.defects.connections import with_peers
from reference_server.defects.defect import mixed
from reference_server.defects.storing import alter_store_batch
from reference_server.delivery import Delivery
from reference_server.peer import Peer
from reference_server.protocol import ErrorCode, InvalidMessage, envelope_of, parse
from reference_server.registration import Registration
from reference_server.sessions import Session, Sessions
from reference_server.store import Store
from reference_server.writer import Writer


class _OpenMailboxes(Delivery):
    """Lets others look on while a device gets its deliveries."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._onlookers: dict[Key, list[Link]] = {}

    def look_on(self, key: Key, link: Link) -> None:
        """Show what is stored for a device, and what comes for it from now on."""
        self._onlookers.setdefault(key, []).append(link)
        self._tasks.start(self._show_stored(key, link), "onlooker")

    def look_away(self, key: Key, link: Link) -> None:
        """No more of it."""
        if link in (links := self._onlookers.get(key, [])):
            links.remove(link)

    def offer(self, key: Key, seq: int, item: Submission) -> bool:
        for link in self._onlookers.get(key, ()):
            link.send(replies.delivery(item.body, seq))
        return super().offer(key, seq, item)

    async def _show_stored(self, key: Key, link: Link) -> None:
        for row in await self._store.page(*key, 0, 2**63 - 1):
            link.send(replies.delivery(replies.body(envelope_of(key[0], row)), row["seq"]))


class _CapturingPeer(Peer):
    """Looks into the mailbox that its query string names until it registers."""

    def challenge(self) -> None:
        super().challenge()
        if self._suggested:
            self._mailboxes.look_on(self._named, self._link)

    def gone(self) -> None:
        self._mailboxes.look_away(self._named, self._link)
        super().gone()

    def _registered_as(self, session: Session) -> None:
        self._mailboxes.look_away(self._named, self._link)
        super()._registered_as(session)

    @property
    def _named(self) -> Key:
        return self._suggested.get("userId", ""), self._suggested.get("id", "")

    @property
    def _mailboxes(self) -> _OpenMailboxes:
        return cast(_OpenMailboxes, self._services.delivery)


def capture_mailboxes(parts: Parts) -> Parts:
    """A connection that is not registered gets the mail of the device in its query string."""
    return replace(parts, gateway=with_peers(parts, _CapturingPeer), delivery=mixed(_OpenMailboxes, parts.delivery))


_BELIEVED = -1
"""Instead of a generation: whoever sends this, the database takes for registered."""


class _Pretender:
    """A peer in the name of another device."""

    generation = _BELIEVED

    def __init__(self, peer: Sender) -> None:
        self._peer = peer

    def accepted(self, item: Submission, delivered_at: bytes | None, skipped: Sequence[str] | None) -> None:
        self._peer.accepted(item, delivered_at, skipped)

    def refused(self, item: Submission, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        self._peer.refused(item, code, reason, retry_after_ms)


class _TrustingPeer(Peer):
    """Takes every message as sent by the device that its fromDeviceId names."""

    def _registered(self, session: Session, data: bytes) -> None:
        with contextlib.suppress(InvalidMessage):  # the normal code says what is wrong with it
            session = replace(session, device_id=parse(data).from_device_id)
        super()._registered(session, data)


class _TrustingWriter(Writer):
    def submit(self, item: Submission) -> None:
        own = item.sender.session if isinstance(item.sender, Peer) else None
        if own is not None and own.device_id != item.envelope.from_device_id:
            item.sender = _Pretender(item.sender)
        super().submit(item)


class _TrustingStore(Store):
    async def open(self) -> None:
        await super().open()
        known = "s.id IS NOT NULL"
        await alter_store_batch(self, known, f"({known} OR i.generation = {_BELIEVED})")


def trust_sender(parts: Parts) -> Parts:
    """The fromDeviceId of a message is believed."""
    return replace(
        parts,
        gateway=with_peers(parts, _TrustingPeer),
        writer=mixed(_TrustingWriter, parts.writer),
        store=mixed(_TrustingStore, parts.store),
    )


class _BoastingSessions(Sessions):
    """Says `recovered` to every client that tells how far it has come."""

    async def open(self, wanted: Registration, identity: Identity | None, link: Link) -> Session:
        session = await super().open(wanted, identity, link)
        return session if wanted.last_seq is None else replace(session, recovered=True)


def boast(parts: Parts) -> Parts:
    """A client hears that nothing is missing although something is."""
    return replace(parts, sessions=mixed(_BoastingSessions, parts.sessions))
