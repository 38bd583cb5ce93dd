"""Background work that is remembered while it runs and whose failure is told."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from reference_server import logs

RESTART_PAUSE = 0.5
"""Seconds before work that has to go on begins again after a fault."""
CANCEL_AGAIN = 0.1
"""Seconds after which a task that still runs is cancelled again: redis-py swallows it in the middle of a command."""


class Tasks:
    """Holds tasks until they are done (the event loop itself would let them be collected)."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(
        self, work: Coroutine[Any, Any, None], name: str, *, failed: Callable[[], None] | None = None
    ) -> asyncio.Task[None]:
        """Run `work` beside everything else; `failed` is called when it ends with a fault, which is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(partial(self._done, failed))
        return task

    def keep(self, work: Callable[[], Coroutine[Any, Any, None]], name: str) -> asyncio.Task[None]:
        """Run what the service cannot be without: after a fault it begins again."""
        return self.start(_again_and_again(work, name), name)

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end; once more for those in whom a library lost the cancellation."""
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running, timeout=CANCEL_AGAIN)

    def _done(self, failed: Callable[[], None] | None, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if task.cancelled() or (problem := task.exception()) is None:
            return
        logs.error("background work failed", problem, work=task.get_name())
        if failed is not None:
            failed()


async def _again_and_again(work: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
    while True:
        try:
            await work()
        except Exception as problem:  # noqa: BLE001 - whatever it was, the service goes on
            logs.error("background work failed", problem, work=name)
        await asyncio.sleep(RESTART_PAUSE)
