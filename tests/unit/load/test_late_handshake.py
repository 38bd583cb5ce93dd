"""A peer that answers a handshake when nobody waits for it any more."""

from typing import Any
from unittest.mock import Mock

from wireproof import dialects
from wireproof.dialects import Draft
from wireproof.load.plan import Member
from wireproof.load.worker.connection import Connection
from wireproof.load.worker.ids import Ids
from wireproof.load.worker.reading import Reader
from wireproof.load.worker.shared import Worker


async def test_a_connection_that_was_given_up_is_closed_when_it_comes() -> None:
    worker, transport = Worker(0, Reader(Ids("0badcafe"))), Mock()
    dialect: Any = dialects.create("json", "client")
    connection = Connection(worker, 1, Member(name="client", peer=0), dialect, Draft())
    connection.leave()
    connection.on_ws_connected(transport)
    transport.disconnect.assert_called_once()
    assert not connection.is_open
    assert not worker.tally.connections
