"""Who comes back after a connection ended: when, on which connection, and with how much under way."""

import asyncio
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.journal import now_ns
from wireproof.load.arguments import to_reconnect
from wireproof.load.plan import Endpoint, Pace
from wireproof.load.worker.columns import connections_at
from wireproof.load.worker.dial import Dialer
from wireproof.load.worker.ids import Ids
from wireproof.load.worker.reading import Reader
from wireproof.load.worker.returns import Returns
from wireproof.load.worker.shared import Worker
from wireproof.load.worker.tally import Tally
from wireproof.quantities import Backoff

AT_ONCE = Backoff(0.0001, 0.0002)
GENEROUS_S = 10.0


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, GENEROUS_S))


async def over(returns: Returns) -> None:
    """Waits until nobody is on the way back."""
    while returns.pending:  # noqa: ASYNC110 - computed from tasks, told by nobody
        await asyncio.sleep(0)


def test_attempts_go_on_until_one_succeeds() -> None:
    asked: list[int] = []

    async def enter(index: int) -> bool:
        asked.append(index)
        return len(asked) == 3

    async def work() -> None:
        returns = Returns(AT_ONCE, enter)
        returns.lost(5, now_ns())
        assert returns.pending
        await over(returns)
        assert asked == [4, 4, 4]
        assert len(returns.at) == len(returns.took) == 1

    run(work())


def test_who_is_thrown_out_at_once_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def enter(index: int) -> bool:
        return True

    async def work() -> None:
        returns = Returns(Backoff(0.001, 0.004), enter)
        monkeypatch.setattr(returns._jitter, "uniform", lambda least, most: waits.append(most) or 0.0)
        for stood_ns in (0, 0, 0, 0, 1_000_000_000, 0):
            returns.lost(1, now_ns() - stood_ns)
            await over(returns)

    run(work())
    assert waits == [0.001, 0.002, 0.004, 0.004, 0.001, 0.002]


@pytest.mark.parametrize("leave", ["forget", "close", "never"])
def test_nobody_is_brought_back_who_need_not_come(leave: str) -> None:
    async def enter(index: int) -> bool:
        raise AssertionError(index)

    async def work() -> None:
        returns = Returns(None if leave == "never" else Backoff(5, 5), enter)
        returns.lost(1, now_ns())
        if leave == "forget":
            returns.forget(1)
            returns.forget(2)
        elif leave == "close":
            returns.close()
            returns.lost(2, now_ns())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not returns.pending

    run(work())


@given(
    opened=st.dictionaries(
        st.integers(1, 4), st.lists(st.integers(0, 50), min_size=1, max_size=4, unique=True), min_size=1
    ),
    data=st.data(),
)
def test_a_row_belongs_to_the_last_connection_that_was_open_by_then(opened: dict[int, list[int]], data: Any) -> None:
    table = [(client, number, at) for client, moments in opened.items() for number, at in enumerate(sorted(moments), 1)]
    after = st.sampled_from(sorted(opened)).flatmap(
        lambda client: st.tuples(st.just(client), st.integers(min(opened[client]), 60))
    )
    rows = data.draw(st.lists(after, max_size=20))
    columns = {
        name: np.array([row[place] for row in table]) for place, name in enumerate(("client", "connection", "at"))
    }
    wanted = {name: np.array([row[place] for row in rows], np.int64) for place, name in enumerate(("client", "at"))}
    expected = [sum(moment <= at for moment in opened[client]) for client, at in rows]
    assert connections_at(columns, wanted).tolist() == expected


def test_an_answer_to_what_an_earlier_connection_sent_sends_nothing() -> None:
    worker = Worker(0, Reader(Ids("0badcafe")))
    before, again = worker.tally.send(1, 0, 0), worker.tally.send(1, 0, 0)
    worker.awaited = {before: 1, again: 1}
    sent: list[int] = []
    connection: Any = SimpleNamespace(since=again, send=sent.append)
    worker.connections[1] = connection
    worker.awaited = {before: 1, again: 1}
    worker.done(before, 7)
    assert sent == []
    worker.done(again, 8)
    assert sent == [8]


def test_staying_away_is_said_with_a_word() -> None:
    assert to_reconnect("None") is None
    assert to_reconnect(AT_ONCE) is AT_ONCE
    assert str(to_reconnect("100ms..5s")) == "100 ms..5 s"
    with pytest.raises(ValueError, match=r"for example 100ms..5s, or none$"):
        to_reconnect("5s")


@pytest.mark.parametrize("in_line", [True, False])
def test_who_comes_back_waits_for_nobody_whom_the_server_lets_hang(
    in_line: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        dialer = Dialer(Endpoint(url="ws://127.0.0.1:1/"), Pace(connects_at_once=1), shards=1)
        attempts = Tally(0).reconnects
        hangs, connects = (SimpleNamespace(ready=asyncio.Future(), connected_at=1, leave=list) for _ in range(2))

        async def connect(connection: Any) -> None:
            if connection is connects:
                connection.ready.set_result(None)

        monkeypatch.setattr(dialer, "_connect", connect)
        first = asyncio.ensure_future(dialer.open(hangs, attempts, in_line=in_line))  # type: ignore[arg-type]
        second = asyncio.ensure_future(dialer.open(connects, attempts, in_line=in_line))  # type: ignore[arg-type]
        for _ in range(5):
            await asyncio.sleep(0)
        assert second.done() is not in_line
        first.cancel()
        assert await second

    run(work())
