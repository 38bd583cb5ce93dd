"""A chat server whose rooms hold hundreds, lose nothing when members come back, and can be wrong in one way each."""

import asyncio
import contextlib
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

GENEROUS_S = 30

FRONT_ROOM = "blue"
"""Where those come in who name no room."""

HEARTBEAT_S = 0.1
"""How often each member is pinged."""

TURNS = 3
"""A chat that is wrong is wrong about one line of a room in so many."""


@dataclass
class Member:
    """Somebody who was in a room once.

    Attributes:
        connection: the latest one; what is sent to a closed one is gone.
        sent: how many of the room's lines have been sent.
        read: how many of them have certainly been read.
    """

    connection: ServerConnection
    sent: int
    read: int


@dataclass
class Room:
    """Its lines, who hears them, and how many each of them has said."""

    lines: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    spoken: Counter[str] = field(default_factory=Counter)

    @property
    def turn(self) -> int:
        """Of the last line, from 1 on."""
        return (len(self.lines) - 1) % TURNS + 1


class Chat:
    """What a member says all members of the room hear, itself too; the query names `room` and `user`.

    Frames are JSON. `{"type": "say", "room": …, "text": …}` becomes `{"type": "said", …}` with the speaker as `from`
    and the number of the speaker's line in this room as `n`. There are no acknowledgements: a pong tells that all lines
    before its ping have been read, and who comes back gets those after them again.
    """

    def __init__(self) -> None:
        self.url = ""
        self.rooms: dict[str, Room] = defaultdict(Room)

    async def handle(self, connection: ServerConnection) -> None:
        """Serves a connection until its end."""
        assert connection.request is not None
        query = parse_qs(urlsplit(connection.request.path).query)
        name = query.get("room", [FRONT_ROOM])[0]
        user = query["user"][0]
        member = self.enter(self.rooms[name], user, connection)
        heartbeat = asyncio.create_task(self._listen_for_pongs(member, connection))
        with contextlib.suppress(ConnectionClosed):
            async for frame in connection:
                said = json.loads(frame)
                self.say(said.pop("room", name), user, said)
        heartbeat.cancel()

    def enter(self, room: Room, user: str, connection: ServerConnection) -> Member:
        """Lets a member in; who comes back gets what it may have missed."""
        member = room.members.setdefault(user, Member(connection, len(room.lines), len(room.lines)))
        member.connection, member.sent = connection, member.read
        self.catch_up(room, member)
        return member

    def catch_up(self, room: Room, member: Member) -> None:
        """Sends what a member that comes back may have missed."""
        for line in room.lines[member.read :]:
            self.send(member, line)

    def say(self, name: str, user: str, said: dict[str, object]) -> None:
        """Tells a line to the room."""
        room = self.rooms[name]
        room.spoken[user] += 1
        line = json.dumps({**said, "type": "said", "room": name, "from": user, "n": room.spoken[user]})
        room.lines.append(line)
        self.spread(room, line)

    def spread(self, room: Room, line: str) -> None:
        """Sends a new line to all members."""
        for member in room.members.values():
            self.send(member, line)

    def send(self, member: Member, line: str) -> None:
        """Sends a line, without waiting for whom it is sent to."""
        broadcast([member.connection], line)
        member.sent += 1

    async def _listen_for_pongs(self, member: Member, connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            while member.connection is connection:
                sent = member.sent
                await (await connection.ping())
                member.read = max(member.read, sent)
                await asyncio.sleep(HEARTBEAT_S)


class Lossy(Chat):
    """Loses lines, for one member."""

    UNLUCKY = "u2"

    def spread(self, room: Room, line: str) -> None:
        for user, member in room.members.items():
            if user == self.UNLUCKY and room.turn == 1:
                member.sent += 1
            else:
                self.send(member, line)


class Doubling(Chat):
    """Sends lines twice."""

    def spread(self, room: Room, line: str) -> None:
        super().spread(room, line)
        if room.turn == 1:
            broadcast([member.connection for member in room.members.values()], line)


class Swapping(Chat):
    """Holds lines back until the next one was sent."""

    def spread(self, room: Room, line: str) -> None:
        if room.turn == TURNS:
            return
        super().spread(room, line)
        if room.turn == 1:
            for held in room.lines[-2:-1]:
                super().spread(room, held)


class Leaking(Chat):
    """Speaks into the other rooms, too."""

    def spread(self, room: Room, line: str) -> None:
        for every in self.rooms.values():
            super().spread(every, line)


class Forgetful(Chat):
    """Keeps nothing for those who come back."""

    def catch_up(self, room: Room, member: Member) -> None:
        member.sent = member.read = len(room.lines)


@contextlib.contextmanager
def chat_server(chat: Chat) -> Iterator[Chat]:
    """Opens a chat on a free port of the loopback."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()

    async def run() -> None:
        async with serve(chat.handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            chat.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert ready.wait(GENEROUS_S)
    try:
        yield chat
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(GENEROUS_S)
        loop.close()
