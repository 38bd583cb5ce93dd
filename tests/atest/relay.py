"""A chat server in the test's own process whose rooms misbehave, each in its own way."""

import contextlib
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

GENEROUS_S = 30

BAD_TURN = 7
"""The how manieth message of a room meets its misbehaviour."""


def _good(room: "Room", message: str) -> list[str]:
    return [message]


def _lossy(room: "Room", message: str) -> list[str]:
    return [] if room.count == BAD_TURN else [message]


def _doubling(room: "Room", message: str) -> list[str]:
    return [message] * (2 if room.count == BAD_TURN else 1)


def _swapping(room: "Room", message: str) -> list[str]:
    if room.count == BAD_TURN:
        room.kept.append(message)
        return []
    return [message, *(room.kept.pop() for _ in list(room.kept))]


def _damaging(room: "Room", message: str) -> list[str]:
    return [message.replace('"text": "', '"text": "<b>') if room.count == BAD_TURN else message]


def _keeping(room: "Room", message: str) -> list[str]:
    room.history.append(message)
    return [message]


BEHAVIOURS: dict[str, Callable[["Room", str], list[str]]] = {
    "good": _good,
    "lossy": _lossy,
    "doubling": _doubling,
    "swapping": _swapping,
    "damaging": _damaging,
    "keeping": _keeping,
    "forgetting": _good,
}

SILENT = frozenset({"keeping", "forgetting"})
"""Rooms that do not acknowledge."""


@dataclass
class Room:
    """Who is in it, and what has been said."""

    name: str
    members: dict[str, ServerConnection] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    count: int = 0
    kept: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)


class Relay:
    """Tells every message to everybody else in the room; the path is /behaviour/room/client.

    Who enters is told what the room has kept. Each message is acknowledged, but in silent rooms.
    """

    def __init__(self) -> None:
        self.url = ""
        self._rooms: dict[str, Room] = defaultdict(lambda: Room(""))

    def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        behaviour, room_name, client = connection.request.path.strip("/").split("/")
        room = self._rooms[f"{behaviour}/{room_name}"]
        with contextlib.suppress(ConnectionClosed):
            with room.lock:
                room.members[client] = connection
                for text in (json.dumps({"type": "welcome"}), *room.history):
                    connection.send(text)
            for message in connection:
                assert isinstance(message, str)
                self._say(room, behaviour, client, message)

    def _say(self, room: Room, behaviour: str, client: str, message: str) -> None:
        with room.lock:
            room.count += 1
            value: dict[str, Any] = json.loads(message)
            if behaviour not in SILENT:
                ack = {"type": "ack", "id": f"ack {value['id']}", "replyTo": value["id"]}
                room.members[client].send(json.dumps(ack))
            for said in BEHAVIOURS[behaviour](room, message):
                for name, member in room.members.items():
                    if name != client:
                        with contextlib.suppress(ConnectionClosed):
                            member.send(said)


@contextlib.contextmanager
def relay_server() -> Iterator[Relay]:
    """A relay on a free port of the loopback."""
    relay = Relay()
    with serve(relay.handle, "127.0.0.1", 0, compression=None) as server:
        relay.url = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield relay
        server.shutdown()
        thread.join(GENEROUS_S)
