"""Defects of sending: a delivery is dropped, doubled, overtaken, or shown to somebody else."""

import asyncio
from dataclasses import replace
from typing import Any

from reference_server import replies
from reference_server.app import Parts
from reference_server.channel import Channel, Key
from reference_server.defects.defect import mixed
from reference_server.defects.parameters import Chance
from reference_server.delivery import Delivery
from reference_server.protocol import Envelope

HELD_BACK = 0.5
"""Seconds that a delivery waits for a neighbour to swap places with; without one it just goes out."""


class _Dropping(Delivery):
    """Takes a delivery for confirmed instead of sending it, so that nothing ever sends it again."""

    drops: Chance

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._dropped: set[tuple[Key, int]] = set()

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        case = (channel.key, seq)
        if not retry_count and self.drops.hits():
            self._dropped.add(case)
        if case in self._dropped:
            self._confirmed(channel, seq)
        else:
            super()._send(channel, seq, envelope, body, retry_count)


def drop(parts: Parts, chance: Chance) -> Parts:
    """Some deliveries are acknowledged and stored, and never sent."""
    return replace(parts, delivery=mixed(_Dropping, parts.delivery, drops=chance))


class _Duplicating(Delivery):
    """Writes a first delivery twice, at once or some time later, each as if it were the first."""

    duplicates: Chance
    duplicate_after: float

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        super()._send(channel, seq, envelope, body, retry_count)
        if retry_count or not self.duplicates.hits():
            return
        again = replies.delivery(body, seq)
        if self.duplicate_after:
            asyncio.get_running_loop().call_later(self.duplicate_after, channel.link.send, again)
        else:
            channel.link.send(again)


def duplicate(parts: Parts, chance: Chance, delay: float) -> Parts:
    """Some deliveries are sent twice without a retryCount."""
    flawed = mixed(_Duplicating, parts.delivery, duplicates=chance, duplicate_after=delay)
    return replace(parts, delivery=flawed)


_Flow = tuple[Channel, str]
_Delivery = tuple[int, Envelope, bytes, int]


class _Reordering(Delivery):
    """Holds a delivery back until the next one of the same sender to the same device has overtaken it."""

    swaps: Chance

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._held: dict[_Flow, tuple[asyncio.TimerHandle, _Delivery]] = {}

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        flow = (channel, envelope.from_device_id)
        waiting = self._held.pop(flow, None)
        if waiting is None and self.swaps.hits():
            timer = asyncio.get_running_loop().call_later(HELD_BACK, self._let_go, flow)
            self._held[flow] = (timer, (seq, envelope, body, retry_count))
            return
        super()._send(channel, seq, envelope, body, retry_count)
        if waiting is not None:
            timer, overtaken = waiting
            timer.cancel()
            super()._send(channel, *overtaken)

    def _let_go(self, flow: _Flow) -> None:
        _, held = self._held.pop(flow)
        if not flow[0].closed:
            super()._send(flow[0], *held)


def reorder(parts: Parts, chance: Chance) -> Parts:
    """Some deliveries change places with the next one of their flow."""
    return replace(parts, delivery=mixed(_Reordering, parts.delivery, swaps=chance))


class _Crossing(Delivery):
    """Shows a delivery to a device that it is not meant for."""

    crosses: Chance

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        super()._send(channel, seq, envelope, body, retry_count)
        if not retry_count and self.crosses.hits() and (others := self._not_meant(channel, envelope)):
            self.crosses.pick(others).link.send(replies.delivery(body, seq))

    def _not_meant(self, channel: Channel, envelope: Envelope) -> list[Channel]:
        """Everybody else for a direct message, and the devices of other users for one to all."""
        direct = envelope.to_device_id is not None
        return [c for key, c in self._channels.items() if key[0] != channel.key[0] or (direct and c is not channel)]


def cross(parts: Parts, chance: Chance) -> Parts:
    """Some deliveries go to another device as well."""
    return replace(parts, delivery=mixed(_Crossing, parts.delivery, crosses=chance))
