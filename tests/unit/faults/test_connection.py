"""One connection of a link, as asyncio drives it."""

import asyncio
from typing import Any

from wireproof import links
from wireproof.faults.links.connection import Connection, Peer, Surroundings


class Ends(asyncio.Transport):
    """A transport that notes whether it reads."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self if name == "socket" else ("127.0.0.1", 1)

    def setsockopt(self, *_: Any) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


async def test_a_client_is_read_only_once_there_is_a_server_to_write_to(monkeypatch):
    """Python 3.11.2 reads after `connection_made` although that paused it: what came was written to nobody."""
    monkeypatch.setattr(links, "_carried", {})
    around = Surroundings(asyncio.get_running_loop(), lambda _: "", lambda _: None, lambda: None)
    connection = Connection(1, "127.0.0.1:2", around)
    near, far = Ends(), Ends()
    Peer(connection, "to server").connection_made(near)
    assert near.reads, "too early to be heeded"
    connection.await_server()
    assert not near.reads
    Peer(connection, "to client").connection_made(far)
    assert near.reads
