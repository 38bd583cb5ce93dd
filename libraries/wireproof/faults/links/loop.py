"""The thread that all links run in: an asyncio loop that keyword threads call into.

A thread of its own, so that a test that waits or is paused in a debugger never stalls what goes through a link.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from wireproof.history import SLICE_S
from wireproof.wiretext import safe

R = TypeVar("R")

_JOIN_S = 5.0


class LoopThread:
    """A running loop. What fails in it where nobody waits is kept until somebody asks."""

    def __init__(self) -> None:
        # Not the platform's default: Windows' would read into a buffer that connections share, one at a time.
        self.loop = asyncio.SelectorEventLoop()
        self.loop.set_exception_handler(self._keep)
        self._problems: list[str] = []
        self._thread = threading.Thread(target=self._run, name="wireproof-links", daemon=True)
        self._thread.start()

    def call(self, action: Callable[..., R], *arguments: Any) -> R:
        """Runs `action` in the loop and gives its result, or raises what it raises; callable from any thread."""
        if threading.current_thread() is self._thread:
            return action(*arguments)
        done: Future[R] = Future()
        self.loop.call_soon_threadsafe(_run_into, done, action, arguments)
        return _result(done)

    def run(self, work: Coroutine[Any, Any, R]) -> R:
        """Runs a coroutine in the loop and waits for it; not called from the loop itself."""
        return _result(asyncio.run_coroutine_threadsafe(work, self.loop))

    def take_problems(self) -> list[str]:
        """One line for everything that failed in the loop since the last call."""
        problems, self._problems = self._problems, []
        return problems

    def close(self) -> None:
        """Ends the loop and its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        try:
            self.loop.run_forever()
            # What was ended last still has its sockets closed.
            self.loop.run_until_complete(asyncio.sleep(0))
        finally:
            self.loop.close()

    def _keep(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        why = f"{type(error).__name__}: {error}; " if error is not None else ""
        self._problems.append(safe(f"in a link: {why}{context['message']}"))


def _run_into(done: "Future[R]", action: Callable[..., R], arguments: tuple[Any, ...]) -> None:
    try:
        done.set_result(action(*arguments))
    except Exception as error:  # noqa: BLE001 - it belongs to the thread that waits
        done.set_exception(error)


def _result(done: "Future[R]") -> R:
    while not done.done():
        wait((done,), SLICE_S)
    return done.result()
