"""Keyword threads call into the links' loop, and nothing that fails there vanishes."""

import asyncio
import threading

import pytest

from wireproof.faults.links.loop import LoopThread


@pytest.fixture
def thread():
    started = LoopThread()
    yield started
    started.close()
    assert not any(one.name == "wireproof-links" for one in threading.enumerate())


def test_a_call_runs_in_the_loop_and_gives_its_result(thread):
    assert thread.call(lambda: threading.current_thread().name) == "wireproof-links"
    assert thread.call(thread.call, lambda number: number + 1, 1) == 2


@pytest.mark.parametrize("error", [ZeroDivisionError("by zero"), TimeoutError("its own")])
def test_a_call_raises_what_it_raises(thread, error):
    def fails() -> None:
        raise error

    with pytest.raises(type(error), match=str(error)):
        thread.call(fails)
    assert thread.take_problems() == []


def test_a_coroutine_is_waited_for(thread):
    async def slow() -> int:
        await asyncio.sleep(0.15)
        return 17

    assert thread.run(slow()) == 17


def test_what_fails_where_nobody_waits_is_kept_once(thread):
    thread.call(thread.loop.call_soon, lambda: 1 / 0)
    thread.call(lambda: None)
    (problem,) = thread.take_problems()
    assert problem.startswith("in a link: ZeroDivisionError: division by zero; Exception in callback")
    assert thread.take_problems() == []
