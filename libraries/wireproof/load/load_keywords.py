"""Keywords that start loads, wait for them and stop them."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.journal import current as journal
from wireproof.load import profile
from wireproof.load.errors import LoadError
from wireproof.load.loads import Loads
from wireproof.load.order import Order
from wireproof.load.order_keywords import asks, order_from
from wireproof.load.outcome import LoadResult
from wireproof.load.running import Running
from wireproof.load.telling import Ended
from wireproof.quantities import require_wait
from wireproof.report.load_report import load_fragment
from wireproof.wiretext import safe


class LoadKeywords:
    """Running loads.

    Args:
        loads: those of the run.
    """

    def __init__(self, loads: Loads) -> None:
        self._loads = loads

    @keyword(tags=["Load"])
    @asks
    def run_load(self, name: str, url: str = "", *, msg: str = "", **asked: Any) -> LoadResult:
        """Runs a load and returns what it measured; fails when a threshold is not met.

        Args:
            name: what the load is called.
            url: `ws://host:port/path` or `wss://…`; the running stack's if not given.
            **asked: who connects where, and who sends what to whom.
            msg: words to put before a failure's text.

        Returns:
            What was measured, for `Criterion Should Be Met` and for values such as `${result.delivery.p95_ms}`.

        ```robotframework
        ${result}    Run Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        Should Be Equal As Integers    ${result.counts}[sent]    100
        ```
        """
        return self._finish(self._start(name, order_from(url, **asked)), msg)

    @keyword(tags=["Load"])
    @asks
    def start_load(self, name: str, url: str = "", **asked: Any) -> None:
        """Starts a load and returns when its clients are connected; `Wait For Load` gives what it measured.

        It ends at the latest with the test or suite that started it.

        Args:
            name: what the load is called.
            url: `ws://host:port/path` or `wss://…`; the running stack's if not given.
            **asked: who connects where, and who sends what to whom.

        ```robotframework
        Start Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        Wait For Load    short
        ```
        """
        running = self._start(name, order_from(url, **asked))
        try:
            running.await_begin()
        except BaseException:
            self._loads.end(running, "its start was interrupted")
            raise

    @keyword(tags=["Load"])
    def wait_for_load(self, name: str, *, timeout: timedelta = timedelta(hours=1), msg: str = "") -> LoadResult:
        """Waits until a load is over and returns what it measured; fails when a threshold is not met.

        Args:
            name: the load.
            timeout: how long to wait; when that is over the load goes on.
            msg: words to put before a failure's text.

        Returns:
            What was measured, as `Run Load` does.

        ```robotframework
        Start Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        ${result}    Wait For Load    short    timeout=30s
        ```
        """
        require_wait(timeout.total_seconds())
        return self._finish(self._loads.find(name), msg, timeout.total_seconds())

    @keyword(tags=["Load"])
    def stop_load(self, name: str, *, msg: str = "") -> LoadResult:
        """Ends a load before its time, lets arrive what is under way, and returns what it measured until then.

        Args:
            name: the load.
            msg: words to put before a failure's text.

        Returns:
            What was measured, as `Run Load` does.

        ```robotframework
        Start Load    long    ${ECHO_URL}    connections=4    rate=100/s    duration=1h    dialect=echo
        ${result}    Stop Load    long
        ```
        """
        running = self._loads.find(name)
        running.stop("Stop Load was called")
        return self._finish(running, msg)

    def _start(self, name: str, order: Order) -> Running:
        running = self._loads.start(name, order)
        logger.info(f"load '{safe(name, 60)}': {profile.shown(running.plan.profile)}")
        if not running.plan.endpoint.tls.verify:
            logger.warn("TLS certificates are not verified: verify is False")
        return running

    def _finish(self, running: Running, msg: str, timeout_s: float | None = None) -> LoadResult:
        """Waits for a load, tells what it came to, and judges it; what interrupts the wait ends the load."""
        try:
            is_over = running.wait(timeout_s)
        except BaseException:
            _log(self._loads.end(running, "the wait for it was interrupted"))
            raise
        if not is_over:
            raise LoadError(f"the load '{safe(running.plan.name, 60)}' is still running after {timeout_s:g} s")
        ended = self._loads.end(running, "")
        _log(ended)
        if ended.failure:
            raise fail(ended.failure, msg)
        return ended.result


def _log(ended: Ended) -> None:
    """One picture of the load, and a line for each verdict."""
    logger.info(load_fragment(ended.picture, ended.verdicts, events=journal().recent()), html=True)
    for verdict in ended.verdicts:
        logger.info(verdict.line)
    for problem in ended.result.problems:
        logger.warn(f"the load '{safe(ended.result.name, 60)}' proves nothing: {problem}")
