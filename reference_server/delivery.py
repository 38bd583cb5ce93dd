"""Sends each device its deliveries strictly by number, and keeps what it has confirmed."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from reference_server import replies
from reference_server.batch import Active, Closed, Confirmed, Submission
from reference_server.channel import Channel, Key, Link
from reference_server.clock import Clock
from reference_server.metrics import Metrics
from reference_server.protocol import CloseCode, Envelope, envelope_of
from reference_server.redelivery import Redelivery
from reference_server.settings import Settings
from reference_server.store import Admission, Store, Unavailable
from reference_server.tasks import Tasks

RETRY_PAUSE = 0.5
"""Seconds between attempts to read from a database that is away."""
LOOK_INTERVAL = 5.0


class Delivery:
    """All channels of this node, by device."""

    def __init__(self, settings: Settings, clock: Clock, store: Store, metrics: Metrics, tasks: Tasks) -> None:
        self._settings = settings
        self._clock = clock
        self._store = store
        self._metrics = metrics
        self._tasks = tasks
        self.redelivery = Redelivery(settings, clock, store, metrics, tasks)
        self._channels: dict[Key, Channel] = {}
        self._by_user: dict[str, dict[Channel, None]] = {}
        self._expected: dict[Key, list[Channel]] = {}
        self._dirty: dict[Channel, None] = {}
        self.on_dirty: Callable[[], None] = lambda: None
        """Called when confirmations wait to be stored."""
        self.on_orphan: Callable[[Closed], None] = lambda _: None
        """Called for what the database takes for connected here and is not: the reply to its registration was lost."""
        self._look = asyncio.Event()
        self._leases_may_be_over = False

    def expect(self, key: Key, link: Link) -> Channel:
        """A channel for a registration under way: it already hears of numbers that are committed meanwhile."""
        channel = Channel(key, link)
        self._expected.setdefault(key, []).append(channel)
        return channel

    def dismiss(self, channel: Channel) -> None:
        """The registration came to nothing, or is done."""
        waiting = self._expected.get(channel.key, [])
        if channel in waiting:
            waiting.remove(channel)
        if not waiting:
            self._expected.pop(channel.key, None)

    def under_way(self, key: Key) -> list[Channel]:
        """The channels of a device whose registration is not known to be committed yet."""
        return self._expected.get(key, [])

    def activate(self, channel: Channel, admission: Admission) -> Channel | None:
        """The registration is committed. Returns the channel here that has to go: the one of the older generation.

        That is this channel itself when a newer registration has overtaken it.
        """
        self.dismiss(channel)
        channel.admit(admission)
        other = self._channels.get(channel.key)
        if other is not None and other.generation > channel.generation:
            channel.closed = True
            return channel
        if other is not None:
            self.detach(other)
        channel.active_at = self._clock.monotonic()
        self._channels[channel.key] = channel
        self._by_user.setdefault(channel.key[0], {})[channel] = None
        return other

    def start(self, channel: Channel) -> None:
        """Begin to send: first the backlog, then what comes."""
        self._wake(channel)

    def detach(self, channel: Channel) -> None:
        """The connection is gone; its unconfirmed deliveries stay for the next."""
        channel.closed = True
        channel.live = False
        self.redelivery.leave(channel)
        if self._channels.get(channel.key) is channel:
            del self._channels[channel.key]
        of_user = self._by_user.get(channel.key[0], {})
        of_user.pop(channel, None)
        if not of_user:
            self._by_user.pop(channel.key[0], None)

    def find(self, key: Key) -> Channel | None:
        """The live channel of a device on this node."""
        return self._channels.get(key)

    def of_user(self, user_id: str) -> list[Channel]:
        """The live channels of a user on this node."""
        return list(self._by_user.get(user_id, ()))

    def offer(self, key: Key, seq: int, item: Submission) -> bool:
        """A delivery was committed: send it now if its turn has come. False when the device is not on this node."""
        channel = self._channels.get(key)
        if channel is None or not channel.live or seq != channel.cursor + 1:
            return self.notice(key, seq)
        channel.cursor = channel.high = seq
        self._send(channel, seq, item.envelope, item.body, 0)
        self._tell_expected(key, seq)
        return True

    def notice(self, key: Key, seq: int) -> bool:
        """A delivery is in the database: send it from there if it was not sent. False when the device is not here."""
        self._tell_expected(key, seq)
        channel = self._channels.get(key)
        if channel is None:
            return False
        self.announce(channel, seq)
        return True

    def _tell_expected(self, key: Key, seq: int) -> None:
        for expected in self._expected.get(key, ()):
            expected.high = max(expected.high, seq)

    def announce(self, channel: Channel, seq: int) -> None:
        """A number exists in the database that this node did not see commit, or saw out of turn."""
        if seq > channel.high:
            channel.high = seq
        if seq > channel.cursor and channel.live:
            self._wake(channel)

    def activity(self, users: Iterable[str]) -> list[Active]:
        """When the devices of these users that are connected here were last active."""
        now, moment = self._clock.monotonic(), self._clock.now()
        return [
            Active(*channel.key, moment - timedelta(seconds=now - channel.active_at))
            for user in users
            for channel in self.of_user(user)
        ]

    def confirm(self, channel: Channel, message_id: str, seq: int | None) -> bool:
        """A device confirms; False when this cannot be a delivery of its own."""
        if seq is None:
            seq = channel.numbers.get(message_id)
            if seq is None:
                return True
        elif (seq > channel.cursor and not channel.seen_before(seq)) or channel.ids.get(seq, message_id) != message_id:
            return False
        self.redelivery.confirmed(channel, seq)
        self._confirmed(channel, seq)
        return True

    def take_confirmations(self) -> list[tuple[Channel, Confirmed]]:
        """What is to be stored, and to be given back by `restore` if that fails."""
        dirty, self._dirty = self._dirty, {}
        return [
            (
                c,
                Confirmed(
                    *c.key, c.generation, c.confirmed.watermark, c.confirmed.exceptions() if c.confirmed.above else "{}"
                ),
            )
            for c in dirty
        ]

    def restore(self, taken: list[tuple[Channel, Confirmed]]) -> None:
        """The confirmations could not be stored; they remain to be."""
        for channel, _ in taken:
            self._dirty[channel] = None

    @property
    def populated(self) -> bool:
        """Whether any device is connected here."""
        return bool(self._channels)

    @property
    def dirty(self) -> bool:
        """Whether confirmations wait to be stored."""
        return bool(self._dirty)

    def _confirmed(self, channel: Channel, seq: int) -> None:
        if channel.confirmed.add(seq):
            self._metrics.deliveries_confirmed_total += 1
            self._dirty[channel] = None
            self.on_dirty()

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        channel.link.send(replies.delivery(body, seq, retry_count))
        if retry_count:
            self._metrics.deliveries_repeated_total += 1
        else:
            self._metrics.deliveries_sent_total += 1
        if envelope.requires_ack and (not retry_count or seq not in channel.confirmed):
            self.redelivery.expect(channel, seq, envelope.id, retry_count)
        else:
            self._confirmed(channel, seq)

    def _wake(self, channel: Channel) -> None:
        channel.live = False
        fault = partial(channel.link.close, CloseCode.INTERNAL_ERROR, "internal error")
        self._tasks.start(self._catch_up(channel), "catch up", failed=fault)

    async def _catch_up(self, channel: Channel) -> None:
        """Send from the database until nothing is missing; until then `offer` only raises `high`."""
        while not channel.closed:
            target = channel.high
            if channel.cursor >= target:
                channel.live = True
                return
            try:
                rows = await self._store.page(*channel.key, channel.cursor, target)
            except Unavailable:
                await asyncio.sleep(RETRY_PAUSE)
                continue
            for row in rows:
                if channel.closed:
                    return
                self._pass_over(channel, row["seq"] - 1)
                channel.cursor = row["seq"]
                if channel.owes(row["seq"]):
                    envelope = envelope_of(channel.key[0], row)
                    again = int(channel.seen_before(row["seq"]))
                    self._send(channel, row["seq"], envelope, replies.body(envelope), again)
                if channel.link.congested():
                    await channel.link.drain()
            if not rows:
                self._pass_over(channel, target)
                channel.cursor = max(channel.cursor, target)

    def _pass_over(self, channel: Channel, last: int) -> None:
        """Numbers up to `last` have no row any more: tell the client, and count them as confirmed."""
        for first, end in channel.owed(channel.cursor + 1, last):
            payload = replies.gap(first, end)
            channel.link.send(channel.addressee.message(b"notification", payload, self._clock.stamp()))
            for seq in range(first, end + 1):
                self._confirmed(channel, seq)

    async def look_around(self) -> None:
        """Find what no hint told this node, in the database."""
        here = dict(self._channels)
        try:
            missed = here.keys() - self._compare(await self._store.connected())
            if missed:
                self._give_up(await self._store.generations(missed))
        except Unavailable:
            return

    def _compare(self, rows: Iterable[Any]) -> set[Key]:
        """Act on what is new, revoked, or has no connection here; returns those whose rows are right."""
        right = set()
        for user_id, device_id, generation, last_seq, revoked, session_id in rows:
            key = (user_id, device_id)
            channel = self._channels.get(key)
            if channel is None or channel.generation < generation:
                if key not in self._expected:
                    self.on_orphan(Closed(user_id, device_id, generation, session_id))
            elif channel.generation == generation:
                right.add(key)
                if revoked:
                    channel.link.close(CloseCode.REVOKED, "revoked")
                else:
                    self.announce(channel, last_seq)
        return right

    def _give_up(self, rows: Iterable[Any]) -> None:
        """Close the connections of devices that have registered again meanwhile, most likely on another node."""
        for user_id, device_id, generation in rows:
            key = (user_id, device_id)
            channel = self._channels.get(key)
            if channel is not None and channel.generation < generation and key not in self._expected:
                channel.link.close(CloseCode.REPLACED, "replaced by a newer connection of this device")

    def look_soon(self) -> None:
        """Hints may have been lost."""
        self._look.set()

    def database_is_back(self) -> None:
        """Leases may have run out, and a COMMIT's reply may be lost."""
        self._leases_may_be_over = True
        self.look_soon()

    async def look_around_forever(self) -> None:
        """Every few seconds, whatever the bus said or failed to say, and whenever there is a reason."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_INTERVAL):
                    await self._look.wait()
            await self._catch_up_with_others()

    async def _catch_up_with_others(self) -> None:
        """Look around; an idle node asks nothing."""
        asked, leases = self._look.is_set(), self._leases_may_be_over
        self._look.clear()
        self._leases_may_be_over = False
        if leases and self._channels:
            with contextlib.suppress(Unavailable):
                await self._store.renew_leases()
        if self._channels or asked:
            await self.look_around()
