"""Defects of the backlog: it comes in the wrong order or too late, or not all of it."""

from dataclasses import replace
from typing import Any

from reference_server.app import Parts
from reference_server.batch import Submission
from reference_server.channel import Channel, Key
from reference_server.defects.defect import mixed
from reference_server.delivery import Delivery
from reference_server.protocol import Envelope
from reference_server.store import Store


class _Turning(Delivery):
    """Collects what the backlog holds and sends the newest first."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._collected: dict[Channel, list[tuple[int, Envelope, bytes, int]]] = {}

    def start(self, channel: Channel) -> None:
        self._collected[channel] = []
        super().start(channel)

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        if channel in self._collected:
            self._collected[channel].append((seq, envelope, body, retry_count))
        else:
            super()._send(channel, seq, envelope, body, retry_count)

    async def _catch_up(self, channel: Channel) -> None:
        await super()._catch_up(channel)
        for each in reversed(self._collected.pop(channel, [])):
            if not channel.closed:
                super()._send(channel, *each)
            if channel.link.congested():
                await channel.link.drain()


def turn(parts: Parts) -> Parts:
    """The backlog is sent newest first."""
    return replace(parts, delivery=mixed(_Turning, parts.delivery))


class _Capping(Delivery):
    """Forgets all but the newest unconfirmed messages of a device that comes back, without a word."""

    backlog_cap: int

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._forgotten: set[tuple[Key, int]] = set()

    def start(self, channel: Channel) -> None:
        waiting = [seq for seq in range(channel.cursor + 1, channel.high + 1) if seq not in channel.confirmed]
        for seq in waiting[: -self.backlog_cap]:
            self._forgotten.add((channel.key, seq))
            self._confirmed(channel, seq)
        super().start(channel)

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        if (channel.key, seq) not in self._forgotten:
            super()._send(channel, seq, envelope, body, retry_count)


def cap(parts: Parts, size: int) -> Parts:
    """The backlog keeps a number of messages and loses older ones silently."""
    return replace(parts, delivery=mixed(_Capping, parts.delivery, backlog_cap=size))


_FORGET = """
DO $$ BEGIN
    DELETE FROM deliveries d USING devices v
        WHERE v.user_id = d.user_id AND v.id = d.device_id AND d.seq > v.watermark AND NOT v.exceptions @> d.seq;
    UPDATE devices SET watermark = last_seq, exceptions = '{}' WHERE watermark < last_seq;
END $$
"""


class _ForgettingStore(Store):
    """Starts with an empty backlog for everybody, as one does that keeps it in memory. Messages and numbers stay."""

    async def open(self) -> None:
        await super().open()
        await self.fetch(_FORGET)


def keep_in_memory(parts: Parts) -> Parts:
    """The backlog is gone after a restart."""
    return replace(parts, store=mixed(_ForgettingStore, parts.store))


class _Presuming(Delivery):
    """Takes for read what it has written: it repeats it on the same connection, and not on the next one."""

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        super()._send(channel, seq, envelope, body, retry_count)
        self._confirmed(channel, seq)


def confirm_on_send(parts: Parts) -> Parts:
    """A delivery leaves the backlog when it is written, not when it is confirmed."""
    return replace(parts, delivery=mixed(_Presuming, parts.delivery))


class _Impatient(Delivery):
    """Sends what comes live at once, also to a device that is still being sent its backlog."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._ahead: dict[Channel, set[int]] = {}
        """The live deliveries that were sent to a device before its backlog ended."""

    def start(self, channel: Channel) -> None:
        self._ahead[channel] = set()
        super().start(channel)

    def offer(self, key: Key, seq: int, item: Submission) -> bool:
        channel = self.find(key)
        if channel is None or channel not in self._ahead or seq <= channel.cursor:
            return super().offer(key, seq, item)
        super()._send(channel, seq, item.envelope, item.body, 0)
        self._ahead[channel].add(seq)
        return self.notice(key, seq)

    def confirm(self, channel: Channel, message_id: str, seq: int | None) -> bool:
        if seq is None or seq not in self._ahead.get(channel, ()) or channel.ids.get(seq) != message_id:
            return super().confirm(channel, message_id, seq)
        self.redelivery.confirmed(channel, seq)
        self._confirmed(channel, seq)
        return True

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        if seq not in self._ahead.get(channel, ()):
            super()._send(channel, seq, envelope, body, retry_count)

    async def _catch_up(self, channel: Channel) -> None:
        await super()._catch_up(channel)
        self._ahead.pop(channel, None)


def overtake(parts: Parts) -> Parts:
    """Live deliveries overtake the backlog."""
    return replace(parts, delivery=mixed(_Impatient, parts.delivery))
