"""Keywords that look into the process of a child run. Imported by its path: `Library    ${PROBE}`."""

import threading

from robot.api.deco import keyword, library

OURS = ("wireproof-reader", "wireproof-crew", "wireproof-capture", "wireproof-traffic", "wireproof-monitor")
_FINISHING_S = 10


@library(scope="GLOBAL")
class probe:  # noqa: N801 - Robot takes the class that is named as its file
    """Threads of the library under test."""

    @keyword
    def no_client_thread_should_be_left(self) -> None:
        """Fails when a thread of a client or a capture is alive and does not finish either."""
        threads = [thread for thread in threading.enumerate() if thread.name.startswith(OURS)]
        for thread in threads:
            thread.join(_FINISHING_S)
        left = [thread.name for thread in threads if thread.is_alive()]
        if left:
            raise AssertionError(f"threads are left: {', '.join(left)}")

    @keyword
    def client_threads(self) -> list[str]:
        """The names of the threads of clients."""
        return sorted(thread.name for thread in threading.enumerate() if thread.name.startswith(OURS))
