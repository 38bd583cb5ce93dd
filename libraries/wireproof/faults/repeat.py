"""Doing something again and again in the background until it is enough."""

import threading
from collections.abc import Callable


class Repeat:
    """A thread that does something when it is started, and then with even pauses.

    What fails is tried again: what it is done to may be away for a while. `stop` raises what failed the last time.

    Args:
        every_s: how long the pauses are.
        deed: what is done.
        after_s: how long until the first time.
    """

    def __init__(self, every_s: float, deed: Callable[[], object], *, after_s: float = 0) -> None:
        self._every_s = every_s
        self._deed = deed
        self._after_s = after_s
        self._problem: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wireproof repeated fault", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends it; what is being done is finished first. Does nothing when it was not started.

        Raises:
            Exception: what went wrong in it the last time; said once.
        """
        self._over.set()
        if self._thread.ident is not None:
            self._thread.join()
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem

    def _run(self) -> None:
        self._over.wait(self._after_s)
        while not self._over.is_set():
            try:
                self._deed()
            except Exception as problem:  # noqa: BLE001 - there is nobody here to tell; stop() does
                self._problem = problem
            else:
                self._problem = None
            self._over.wait(self._every_s)
