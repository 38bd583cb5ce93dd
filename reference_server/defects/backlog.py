"""Defects of the backlog: it comes in the wrong order, or not all of it."""

from dataclasses import replace
from typing import Any

from reference_server.app import Parts
from reference_server.channel import Channel, Key
from reference_server.defects.defect import mixed
from reference_server.delivery import Delivery
from reference_server.protocol import Envelope


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
