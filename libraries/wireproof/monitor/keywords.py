"""The library `wireproof.Monitor`."""

from datetime import timedelta
from functools import partial
from typing import Any

from robot.api import logger
from robot.api.deco import keyword, library
from robotlibcore import DynamicCore

from wireproof import scopes
from wireproof import stack as room
from wireproof.arguments import converters
from wireproof.journal import Mark
from wireproof.journal import current as journal
from wireproof.moments import Since, to_since
from wireproof.monitor import table, telling
from wireproof.monitor.alerts import Alert
from wireproof.monitor.checking_keywords import CheckingKeywords, at_ns
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.plan import Plan
from wireproof.monitor.registry import Registry, Running
from wireproof.quantities import Fraction, Size
from wireproof.stack import StackError
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

CONVERTERS = converters(
    (Since, to_since),
    (Size, lambda value: value if isinstance(value, Size) else Size.parse(str(value))),
    (Fraction, lambda value: value if isinstance(value, Fraction) else Fraction.parse(str(value))),
)


@library(scope="GLOBAL", doc_format="MARKDOWN", converters=CONVERTERS)
class Monitor(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """What the parts of the stack use, and whether they answer, second by second.

    `Start Monitoring` looks on in the background, also while a test does nothing else, until its test or suite ends.

    ```robotframework
    *** Settings ***
    Library    wireproof.Monitor
    Library    wireproof.Stack

    *** Test Cases ***
    The Server Stays Small And Answers
        Start Monitoring
        Sleep    2 s    an hour of load
        Get Peak Memory    server    <    512 MB
        Get Cpu Percent    server    p95    <    90 %
        Uptime Should Be    100 %
    ```

    ## What is measured

    | metric | what it is |
    | --- | --- |
    | `memory.server` | memory of the service's process and all its descendants; pages that they share count once |
    | `cpu.server` | processor time of the same, as a share of one core, since the look before |
    | `probe.success` | all probes that went well, of all; also called `uptime` |
    | `probe.http` | `GET /health/ready` answers 200 |
    | `probe.websocket` | a connection opens, brings its first message where the server speaks first, and closes |
    | `probe.postgres`, `probe.redis` | `SELECT 1`, `PING` |
    | `sessions.postgres`, `active.postgres` | sessions of clients, all and those at work |
    | `transaction.postgres` | how long the longest transaction has been open |
    | `commits.postgres`, `size.postgres` | commits of the database by second, its size |
    | `dataset.redis`, `clients.redis`, `commands.redis` | memory of the data, connections, commands by second |

    `memory` and `cpu` there are of `postgres`, `redis` and every server that runs when monitoring starts, too; a server
    that `Start Server` brings later is seen by monitorings that start after it. Of a
    container memory is what `docker stats` shows: without file pages that nobody needs.

    A look that gives nothing is a gap and never a zero. A gap that no declared fault explains makes what was measured
    worthless for verdicts.

    ## What is excused

    Faults are declared: by the keywords that bring them about, by those that stop, kill or restart services, and by
    `Record Outage`. A probe that fails meanwhile, or after it until the first success and for 30 s at most, does not
    count, where the fault may have caused it: a fault of PostgreSQL excuses the server, a fault of Redis does not
    excuse PostgreSQL. What is excused is told with every result. A service that is another process than before, and
    nobody asked for it, counts as a probe that failed.
    """

    def __init__(self) -> None:
        self._registry = Registry()
        super().__init__([CheckingKeywords(self._registry)])
        self._alerts: list[Alert] = []

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        self._tell_warnings()
        try:
            return super().run_keyword(name, args, kwargs)
        except (ValueError, StackError) as error:
            raise MonitorError(safe(error, 500)) from None
        finally:
            self._tell_warnings()

    @keyword(tags=["Monitor"])
    def start_monitoring(
        self,
        *targets: str,
        every: timedelta = timedelta(seconds=1),
        name: str = "",
        pids: dict[str, int] = None,
        greets: bool = None,
    ) -> Mark:
        """Looks at the stack from now on, until `Stop Monitoring` or the end of the running test or suite.

        It returns when everything was looked at once.
        Monitorings may overlap. One that asks for no more than another one costs nothing: they share the threads.

        Args:
            targets: services (`server`, `postgres`, `redis`, or a server of `Start Server`) whose memory and processor
                time to measure, and `probes` to ask whether the stack answers; all that the stack has when not given.
            every: time from one look to the next.
            name: what to call it, where several overlap.
            pids: first processes of services that others run on this machine, by service: `{"server": 1234}`.
            greets: whether the WebSocket server speaks first, so that a probe waits for its first message; if not
                given yes, except on an external stack.

        Returns:
            This moment. `since=` takes it.

        ```robotframework
        Start Monitoring    server    probes    every=500ms
        ```
        """
        plan = Plan(targets, every.total_seconds(), pids or {}, greets)
        running = self._registry.start(name, plan, room.current())
        for part, reason in running.watch.unseen.items():
            logger.info(f"{part}: {reason}")
        running.watch.wait_for_first_looks()
        return Mark(running.name, running.began_ns)

    @keyword(tags=["Monitor"])
    def stop_monitoring(self, name: str = "", *, messages: int = 0) -> Monitoring:
        """Ends a monitoring and shows in the log what it saw.

        Args:
            name: which one; the one that was started last when not given.
            messages: how many messages went through the server meanwhile: then it has `memory.growth`, what the
                server's memory grows by with 100 000 messages.

        Returns:
            What was measured, for `of=`.

        ```robotframework
        Start Monitoring
        ${monitoring}    Stop Monitoring
        Get Peak Memory    server    <    512 MB    of=${monitoring}
        ```
        """
        running = self._registry.find(name)
        self._registry.end(running)
        found = running.so_far(messages=messages)
        journal().record("probe", found.name, totals=telling.totals(found))
        logger.info(table.html(found), html=True)
        return found

    @keyword(tags=["Monitor"])
    def get_monitoring(self, name: str = "", *, since: Since = None, messages: int = 0) -> Monitoring:
        """Returns what a monitoring that goes on has seen so far.

        Args:
            name: which one; the one that was started last when not given.
            since: a mark or its name: only what was seen after it. If not given, all.
            messages: as for `Stop Monitoring`.

        Returns:
            What was measured, for `of=`.

        ```robotframework
        Start Monitoring
        ${load}    Set Variable    ${{wireproof.journal.current().mark("load")}}
        ${monitoring}    Get Monitoring    since=load
        Log    ${monitoring.measures}
        ```
        """
        return self._registry.find(name).so_far(at_ns(since), messages)

    @keyword(tags=["Monitor"])
    def warn_when(self, condition: str, *, name: str = "") -> None:
        """Logs a warning, once, when a condition comes true before the running test or suite ends.

        Robot logs nothing from the background: the next keyword of this library logs it, or the end of the test or
        suite.

        Args:
            condition: a metric, a limit and how long it has to be so, for example `memory.server > 512 MB for 5s`.
            name: which monitoring; the one that was started last when not given.

        ```robotframework
        Start Monitoring
        Warn When    memory.server > 512 MB for 5s
        ```
        """
        running = self._registry.find(name)
        alert = Alert.parse(condition, running.watch.metrics)
        running.watch.warn_when(alert)
        self._alerts.append(alert)
        scopes.current().defer(partial(self._end_alert, running, alert))

    def _end_alert(self, running: Running, alert: Alert) -> None:
        running.watch.forget(alert)
        self._tell_warnings()
        self._alerts.remove(alert)

    def _tell_warnings(self) -> None:
        for alert in self._alerts:
            if text := alert.take():
                logger.warn(text)
