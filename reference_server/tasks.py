"""Background work that is remembered while it runs and whose failure is told."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from reference_server import logs

CANCEL_AGAIN = 0.1
"""Seconds after which a task that still runs is cancelled again: redis-py swallows it in the middle of a command."""


class Tasks:
    """Holds tasks until they are done (the event loop itself would let them be collected)."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Run `work` beside everything else."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end; once more for those in whom a library lost the cancellation."""
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(self._running, timeout=CANCEL_AGAIN)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (problem := task.exception()) is not None:
            logs.error("background work failed", problem, work=task.get_name())
