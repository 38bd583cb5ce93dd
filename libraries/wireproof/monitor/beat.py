"""A thread that looks again and again, at fixed times: one that is slow loses looks, and others lose none."""

import threading
import time
from collections.abc import Callable

from wireproof.history import SLICE_S


class Beat:
    """Calls `look` every `every_s` seconds in a thread of its own.

    Attributes:
        cpu_s: processor time of the thread so far.
        crash: why it ended by itself; empty while it did not.
    """

    def __init__(self, name: str, every_s: float, look: Callable[[], object], close: Callable[[], object]) -> None:
        """Knows what to do.

        Args:
            name: of the thread.
            every_s: seconds from one look to the next.
            look: called in the thread.
            close: called in the thread when it ends.
        """
        self.cpu_s = 0.0
        self.crash = ""
        self._every_s = every_s
        self._look = look
        self._close = close
        self._has_looked = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"wireproof-monitor-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_for_first_look(self) -> None:
        """Waits until it has looked once: looks end by themselves."""
        while not self._has_looked.wait(SLICE_S):
            pass

    def ask_to_stop(self) -> None:
        """Begins no further look."""
        self._stop.set()

    def join(self) -> None:
        """Waits for the end of the look that is under way: looks end by themselves."""
        while self._thread.is_alive():
            self._thread.join(SLICE_S)

    def _run(self) -> None:
        try:
            self._beat()
        except Exception as error:  # noqa: BLE001 - the monitoring is then worth nothing, and says why
            self.crash = f"{type(error).__name__}: {error}"
        finally:
            self._has_looked.set()
            self._close()

    def _beat(self) -> None:
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            self._look()
            self._has_looked.set()
            self.cpu_s = time.thread_time()
            due += self._every_s
            if (late_s := time.monotonic() - due) > 0:  # what is missed is missed: a burst of looks shows nothing more
                due += late_s // self._every_s * self._every_s
