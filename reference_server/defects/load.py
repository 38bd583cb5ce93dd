"""Defects that show only under load: some deliveries are slow, and the memory grows."""

import asyncio
from collections import deque
from dataclasses import replace
from typing import Any

from reference_server.app import Parts
from reference_server.batch import Submission
from reference_server.channel import Channel
from reference_server.defects.defect import mixed
from reference_server.defects.parameters import Chance
from reference_server.delivery import Delivery
from reference_server.protocol import Envelope
from reference_server.writer import Writer

_Waiting = deque[tuple[int, Envelope, bytes, int]]


class _Lingering(Delivery):
    """Lets some deliveries wait, and those behind them to the same device with them, so that the order stays.

    Of all deliveries no more than the share wait, those behind counted: so a mean hardly moves, nor does a median.
    """

    lingers: Chance
    linger_for: float

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting: dict[Channel, _Waiting] = {}
        self._seen = self._slow = 0

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        self._seen += 1
        waiting = self._waiting.get(channel)
        if waiting is None and self._slow < self.lingers.share * self._seen and self.lingers.hits():
            waiting = self._waiting[channel] = deque()
            asyncio.get_running_loop().call_later(self.linger_for, self._go_on, channel)
        if waiting is None:
            super()._send(channel, seq, envelope, body, retry_count)
        else:
            self._slow += 1
            waiting.append((seq, envelope, body, retry_count))

    def _go_on(self, channel: Channel) -> None:
        for each in self._waiting.pop(channel):
            if not channel.closed:
                super()._send(channel, *each)


def linger(parts: Parts, delay: float, chance: Chance) -> Parts:
    """Some deliveries are slow."""
    return replace(parts, delivery=mixed(_Lingering, parts.delivery, linger_for=delay, lingers=chance))


class _Remembering(Writer):
    """Never lets go of a message."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._remembered: list[Submission] = []

    def submit(self, item: Submission) -> None:
        self._remembered.append(item)
        super().submit(item)


def remember(parts: Parts) -> Parts:
    """Every message stays in memory."""
    return replace(parts, writer=mixed(_Remembering, parts.writer))
