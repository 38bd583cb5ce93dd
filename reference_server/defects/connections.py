"""Defects of connections: what is gone is kept, what is here is cut, and one holds up the others."""

import asyncio
import contextlib
import os
import signal
from dataclasses import replace
from typing import Any, cast

import msgspec
from websockets.asyncio.server import ServerConnection

from reference_server import logs, replies
from reference_server.app import Parts
from reference_server.batch import Submission
from reference_server.channel import Channel, Key
from reference_server.connection import Connection
from reference_server.defects.defect import mixed
from reference_server.delivery import Delivery
from reference_server.gateway import Gateway
from reference_server.peer import Peer
from reference_server.protocol import Envelope
from reference_server.store import Admission
from reference_server.writer import Writer


def with_peers(parts: Parts, flaw: type[Peer]) -> type[Gateway]:
    """The gateway whose peers have this flaw."""
    peer_class = mixed(flaw, parts.gateway.peer_class)
    return cast(type[Gateway], type(parts.gateway.__name__, (parts.gateway,), {"peer_class": peer_class}))


class _Clinging(Delivery):
    """Forgets to end the connection of a device that a newer one replaces, and sends to both."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._replaced: dict[Key, list[Channel]] = {}

    def activate(self, channel: Channel, admission: Admission) -> Channel | None:
        older = super().activate(channel, admission)
        if older is None or older is channel:
            return older
        self._replaced.setdefault(channel.key, []).append(older)
        return None

    def detach(self, channel: Channel) -> None:
        super().detach(channel)
        if channel in (replaced := self._replaced.get(channel.key, [])):
            replaced.remove(channel)

    def _send(self, channel: Channel, seq: int, envelope: Envelope, body: bytes, retry_count: int) -> None:
        super()._send(channel, seq, envelope, body, retry_count)
        for older in self._replaced.get(channel.key, ()):
            older.cursor = max(older.cursor, seq)  # it may confirm what it got
            older.link.send(replies.delivery(body, seq, retry_count))


def cling(parts: Parts) -> Parts:
    """An older connection of a device stays and receives."""
    return replace(parts, delivery=mixed(_Clinging, parts.delivery))


class _Resettable(Connection):
    """Remembers whether its end was a reset instead of a close frame."""

    was_reset = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.was_reset = isinstance(exc, OSError) and self.protocol.close_rcvd is None
        super().connection_lost(exc)


class _Hoarding(Gateway):
    """Keeps the connections that end by a reset, and their places: only an orderly end lets go of them."""

    async def _serve(self, accepted: ServerConnection) -> None:
        await super()._serve(accepted)
        connection = cast(_Resettable, accepted)
        if connection.was_reset:
            connection.link = None  # nothing is written to it any more
            self._open[connection] = None
            self._services.metrics.connections += 1


def hoard(parts: Parts) -> Parts:
    """A connection that is reset is never let go of."""
    connection_class = mixed(_Resettable, parts.gateway.connection_class)
    return replace(parts, gateway=mixed(_Hoarding, parts.gateway, connection_class=connection_class))


class _Watching(Delivery):
    """Remembers who was written to since the writer last waited for them."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._written: dict[Channel, None] = {}

    def offer(self, key: Key, seq: int, item: Submission) -> bool:
        if (channel := self.find(key)) is not None:
            self._written[channel] = None
        return super().offer(key, seq, item)

    async def read_by_all(self) -> None:
        """Wait until each of them has read enough, or is gone."""
        written, self._written = self._written, {}
        for channel in written:
            if channel.link.congested():
                with contextlib.suppress(ConnectionError):
                    await channel.link.drain()


class _Waiting(Writer):
    """Stores the next messages when every client has read the last ones."""

    async def _round(self) -> bool:
        reached = await super()._round()
        await cast(_Watching, self._delivery).read_by_all()
        return reached


def wait_for_readers(parts: Parts) -> Parts:
    """Everybody waits for the client that does not read."""
    return replace(parts, delivery=mixed(_Watching, parts.delivery), writer=mixed(_Waiting, parts.writer))


class _Heartless(Gateway):
    """Asks nobody for a sign of life, and misses nobody's."""

    async def heartbeat_forever(self) -> None:
        await asyncio.get_running_loop().create_future()


def forget_heartbeats(parts: Parts) -> Parts:
    """A peer that is dead without a word stays online."""
    return replace(parts, gateway=mixed(_Heartless, parts.gateway))


class _Deaf(Gateway):
    """Does not hear SIGTERM, so that it ends the process where it is."""

    async def start(self) -> int:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGTERM)
        return await super().start()


def end_at_once(parts: Parts) -> Parts:
    """SIGTERM is like SIGKILL."""
    return replace(parts, gateway=mixed(_Deaf, parts.gateway))


class _Brittle(Peer):
    """Takes every JSON value for an object, and the process down with it when it is none."""

    def receive(self, data: bytes) -> None:
        if not data.lstrip().startswith(b"{"):
            with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                value = msgspec.json.decode(data)
                logs.warning("crash", reason=f"{type(value).__name__} has no fields")
                os._exit(1)
        super().receive(data)


def break_on_bad_frames(parts: Parts) -> Parts:
    """The process ends at a message that is JSON but no object."""
    return replace(parts, gateway=with_peers(parts, _Brittle))
