"""Background work: a fault in it is told, and ends neither the service nor in silence."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from reference_server import tasks as module
from reference_server.tasks import Tasks


@pytest.fixture
async def tasks() -> AsyncIterator[Tasks]:
    tasks = Tasks()
    yield tasks
    await tasks.stop()


async def stumble() -> None:
    raise ZeroDivisionError


async def test_a_fault_is_logged_and_whoever_wants_to_know_is_told(tasks: Tasks, caplog: pytest.LogCaptureFixture):
    failed = asyncio.Event()
    tasks.start(stumble(), "stumbling", failed=failed.set)
    async with asyncio.timeout(5):
        await failed.wait()
    assert [(record.getMessage(), record.__dict__["ids"]) for record in caplog.records] == [
        ("background work failed", {"work": "stumbling"})
    ]


async def test_neither_an_end_nor_a_cancellation_is_a_fault(tasks: Tasks, caplog: pytest.LogCaptureFixture):
    failed: list[None] = []
    ended = tasks.start(asyncio.sleep(0), "ends", failed=lambda: failed.append(None))
    stopped = tasks.start(asyncio.sleep(3600), "is stopped", failed=lambda: failed.append(None))
    await ended
    stopped.cancel()
    await asyncio.wait([stopped])
    await asyncio.sleep(0)
    assert (failed, caplog.records) == ([], [])


async def test_work_that_is_kept_begins_again(
    tasks: Tasks, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "RESTART_PAUSE", 0)
    begun: list[int] = []
    third = asyncio.Event()

    async def work() -> None:
        begun.append(len(begun) + 1)
        if len(begun) < 3:
            raise ZeroDivisionError
        third.set()
        await asyncio.sleep(3600)

    tasks.keep(work, "stubborn")
    async with asyncio.timeout(5):
        await third.wait()
    assert begun == [1, 2, 3]
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2
