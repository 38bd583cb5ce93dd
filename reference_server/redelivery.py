"""Sends deliveries again that their device does not confirm."""

import asyncio

from reference_server import logs, replies
from reference_server.channel import Channel
from reference_server.clock import Clock
from reference_server.metrics import Metrics
from reference_server.protocol import envelope_of
from reference_server.settings import Settings
from reference_server.store import Store, Unavailable
from reference_server.tasks import Tasks


class Redelivery:
    """The channels of this node that wait for confirmations."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, metrics: Metrics, tasks: Tasks) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._metrics = metrics
        self._tasks = tasks
        self._waiting: dict[Channel, None] = {}

    def expect(self, channel: Channel, seq: int, message_id: str, first: int) -> None:
        """A delivery was written with `first` as its retryCount: it comes again unless it is confirmed in time."""
        due = self._clock.monotonic() + self._settings.message_timeout
        channel.expect_confirmation(seq, message_id, due, first)
        self._waiting[channel] = None

    def confirmed(self, channel: Channel, seq: int) -> None:
        """A delivery need not come again."""
        channel.forget(seq)
        if not channel.sends:
            self.leave(channel)

    def leave(self, channel: Channel) -> None:
        """Nothing comes again on this channel."""
        self._waiting.pop(channel, None)

    async def run(self) -> None:
        """The task that looks for what is due after messageTimeout, at most retryAttempts times per connection."""
        tick = min(max(self._settings.message_timeout / 8, 0.02), 1.0)
        while True:
            await asyncio.sleep(tick)
            now = self._clock.monotonic()
            for channel in list(self._waiting):
                if due := self._due(channel, now):
                    self._tasks.start(self._send_again(channel, due), "redelivery")

    def _due(self, channel: Channel, now: float) -> list[int]:
        """The numbers to send again; what is still in the socket's buffer is not repeated into it."""
        due: list[int] = []
        for seq, (when, _, _) in channel.sends.items():
            if when > now or channel.link.congested():
                break
            due.append(seq)
        later = now + self._settings.message_timeout
        for seq in due:
            _, again, first = channel.sends.pop(seq)
            if again < self._settings.retry_attempts:
                channel.sends[seq] = (later, again + 1, first)
        if not channel.sends:
            self.leave(channel)
        return [seq for seq in due if seq in channel.sends]

    async def _send_again(self, channel: Channel, due: list[int]) -> None:
        try:
            rows = await self._store.deliveries(*channel.key, due)
        except Unavailable:
            logs.warning("redelivery postponed", userId=channel.key[0], deviceId=channel.key[1])
            self._give_back(channel, due)
            return
        for row in rows:
            state = channel.sends.get(row["seq"])
            if channel.closed or state is None:
                continue
            envelope = envelope_of(channel.key[0], row)
            channel.link.send(replies.delivery(replies.body(envelope), row["seq"], state[1] + state[2]))
            self._metrics.deliveries_repeated_total += 1

    def _give_back(self, channel: Channel, due: list[int]) -> None:
        """These were not sent again: that attempt does not count."""
        for seq in due:
            if seq in channel.sends:
                when, again, first = channel.sends[seq]
                channel.sends[seq] = (when, again - 1, first)
