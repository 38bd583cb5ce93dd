"""A peer that answers a handshake when nobody waits for it any more."""

from collections import Counter
from typing import Any
from unittest.mock import Mock

import pytest

from wireproof import dialects
from wireproof.dialects import Draft
from wireproof.load.plan import Endpoint, Member, Pace
from wireproof.load.worker import dial
from wireproof.load.worker.connection import Connection
from wireproof.load.worker.dial import Dialer
from wireproof.load.worker.ids import Ids
from wireproof.load.worker.reading import Reader
from wireproof.load.worker.shared import Worker
from wireproof.load.worker.tally import Attempts


async def test_a_connection_that_was_given_up_is_closed_when_it_comes() -> None:
    worker, transport = Worker(0, Reader(Ids("0badcafe"))), Mock()
    dialect: Any = dialects.create("json", "client")
    connection = Connection(worker, 1, Member(name="client", peer=0), dialect, Draft())
    connection.leave()
    connection.on_ws_connected(transport)
    transport.disconnect.assert_called_once()
    assert not connection.is_open
    assert not worker.tally.connections


async def test_a_connection_that_ended_while_it_was_opened_is_a_failed_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended(*_: Any, **__: Any) -> None:
        """A handshake after which nobody was told of a connection."""

    monkeypatch.setattr(dial, "ws_connect", ended)
    errors: Counter[str] = Counter()
    attempts = Attempts("connect", errors)
    connection = Connection(
        Worker(0, Reader(Ids("0badcafe"))),
        1,
        Member(name="client", peer=0),
        dialects.create("json", "client"),
        Draft(),
    )
    opened = await Dialer(Endpoint(url="ws://127.0.0.1:1/"), Pace(), 1).open(connection, attempts)
    assert not opened
    assert (attempts.tried, list(attempts.took)) == (1, [])
    assert errors == {"connect: ended while it was opened": 1}
