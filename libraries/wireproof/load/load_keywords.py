"""Keywords that start loads, wait for them and stop them."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from wireproof.arguments import Json, Names
from wireproof.failures import fail
from wireproof.journal import current as journal
from wireproof.load import profile
from wireproof.load.errors import LoadError
from wireproof.load.loads import Loads
from wireproof.load.order import Order
from wireproof.load.order_keywords import Headers, LoadClient, LoadTls, Rows, order_from
from wireproof.load.outcome import LoadResult
from wireproof.load.plan import Model, Scenario
from wireproof.load.running import Running
from wireproof.load.telling import Ended
from wireproof.quantities import Rate, Size, require_wait
from wireproof.report.load_report import load_fragment
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class LoadKeywords:
    """Running loads.

    Args:
        loads: those of the run.
    """

    def __init__(self, loads: Loads) -> None:
        self._loads = loads

    @keyword(tags=["Load"])
    def run_load(
        self,
        name: str,
        url: str = "",
        *,
        connections: int = None,
        rate: Rate = None,
        duration: timedelta = None,
        stages: str = "",
        scenario: Scenario = "request reply",
        send: Json = None,
        kind: str = "",
        fields: dict[str, Any] = None,
        to: str = "",
        group: str = "",
        id_at: str = "",
        size: Size = None,
        dialect: str = "json",
        dialect_options: dict[str, Any] = None,
        login: Json = None,
        headers: Headers = None,
        each: list[LoadClient] = None,
        query: Headers = None,
        subprotocols: Names = None,
        tls: LoadTls = None,
        at: Rate = None,
        model: Model = "open",
        depth: int = 1,
        warmup: timedelta = None,
        drain: timedelta = None,
        workers: int = 0,
        spin: bool = False,
        user: str = "",
        settings: dict[str, Any] = None,
        queries: str = "",
        rows: Rows = None,
        msg: str = "",
    ) -> LoadResult:
        """Runs a load and returns what it measured; fails when a threshold is not met.

        Args:
            name: what the load is called.
            url: `ws://host:port/path` or `wss://…`; the running stack's if not given.
            connections: how many clients connect.
            rate: how many messages a second they send, all together: `1000/s`.
            duration: how long.
            stages: in place of a duration a profile, such as `0/s..1000/s over 30s, 1000/s for 2min`; see [Profiles].
            scenario: who sends to whom; see [Scenarios].
            send: what messages say, as JSON; they get an id each.
            kind: of which kind they are, in the dialect's terms.
            fields: further parts of a message, in the dialect's terms.
            to: whom a message is for, in the dialect's terms; a template, see [Clients of a load].
            group: which group of a fan-out a client belongs to, a template such as `room-{pair}`; one if not given.
            id_at: JSON path of a message's id, for the dialects `json` and `echo`; `$.id` if not given.
            size: how long messages are made, such as `250 B`.
            dialect: how messages are carried, as for wireproof.Sockets.
            dialect_options: what the dialect can be told.
            login: what the dialect's login needs; a template, see [Clients of a load]; values may be `Secret`.
            headers: HTTP headers of the upgrade; a template; values may be `Secret`.
            each: in place of templates a dictionary for every client: `name`, `login`, `headers`, `to`, `group`.
            query: parameters added to the url; values may be `Secret`.
            subprotocols: offered to the server, best first; the dialect's own if not given.
            tls: certificates for `wss`.
            at: how many connections are begun a second; as fast as they succeed if not given.
            model: `open` sends when a message is due, `closed` when an answer has come.
            depth: how many messages each connection of a closed loop has under way.
            warmup: how much of the beginning is not measured.
            drain: how long messages may still arrive after the last sending, 5 s if not given.
            workers: processes that make the load; one per core if not given.
            spin: burns a core of each worker to send within microseconds, not within a millisecond or two.
            user: import path of the class that the scenario `user` runs.
            settings: what that class's constructor takes; values may be `Secret`.
            queries: a file of named queries; the clients then ask the stack's PostgreSQL and send no messages.
            rows: a row that has to be in the stack's PostgreSQL when a message is acknowledged: `query`, a SELECT with
                one `%s` for the message's id, and `every`, to ask for every so-manieth message only.
            msg: words to put before a failure's text.

        Returns:
            What was measured, for `Criterion Should Be Met` and for values such as `${result.delivery.p95_ms}`.

        ```robotframework
        ${result}    Run Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        Should Be Equal As Integers    ${result.counts}[sent]    100
        ```
        """
        order = order_from(
            url=url,
            connections=connections,
            rate=rate,
            duration=duration,
            stages=stages,
            scenario=scenario,
            send=send,
            kind=kind,
            fields=fields,
            to=to,
            group=group,
            id_at=id_at,
            size=size,
            dialect=dialect,
            dialect_options=dialect_options,
            login=login,
            headers=headers,
            each=each,
            query=query,
            subprotocols=subprotocols,
            tls=tls,
            at=at,
            model=model,
            depth=depth,
            warmup=warmup,
            drain=drain,
            workers=workers,
            spin=spin,
            user=user,
            settings=settings,
            queries=queries,
            rows=rows,
        )
        return self._finish(self._start(name, order), msg)

    @keyword(tags=["Load"])
    def start_load(
        self,
        name: str,
        url: str = "",
        *,
        connections: int = None,
        rate: Rate = None,
        duration: timedelta = None,
        stages: str = "",
        scenario: Scenario = "request reply",
        send: Json = None,
        kind: str = "",
        fields: dict[str, Any] = None,
        to: str = "",
        group: str = "",
        id_at: str = "",
        size: Size = None,
        dialect: str = "json",
        dialect_options: dict[str, Any] = None,
        login: Json = None,
        headers: Headers = None,
        each: list[LoadClient] = None,
        query: Headers = None,
        subprotocols: Names = None,
        tls: LoadTls = None,
        at: Rate = None,
        model: Model = "open",
        depth: int = 1,
        warmup: timedelta = None,
        drain: timedelta = None,
        workers: int = 0,
        spin: bool = False,
        user: str = "",
        settings: dict[str, Any] = None,
        queries: str = "",
        rows: Rows = None,
    ) -> None:
        """Starts a load and returns when its clients are connected; `Wait For Load` gives what it measured.

        It ends at the latest with the test or suite that started it.

        Args:
            name: what the load is called.
            url: `ws://host:port/path` or `wss://…`; the running stack's if not given.
            connections: how many clients connect.
            rate: how many messages a second they send, all together: `1000/s`.
            duration: how long.
            stages: in place of a duration a profile, such as `0/s..1000/s over 30s, 1000/s for 2min`; see [Profiles].
            scenario: who sends to whom; see [Scenarios].
            send: what messages say, as JSON; they get an id each.
            kind: of which kind they are, in the dialect's terms.
            fields: further parts of a message, in the dialect's terms.
            to: whom a message is for, in the dialect's terms; a template, see [Clients of a load].
            group: which group of a fan-out a client belongs to, a template such as `room-{pair}`; one if not given.
            id_at: JSON path of a message's id, for the dialects `json` and `echo`; `$.id` if not given.
            size: how long messages are made, such as `250 B`.
            dialect: how messages are carried, as for wireproof.Sockets.
            dialect_options: what the dialect can be told.
            login: what the dialect's login needs; a template, see [Clients of a load]; values may be `Secret`.
            headers: HTTP headers of the upgrade; a template; values may be `Secret`.
            each: in place of templates a dictionary for every client: `name`, `login`, `headers`, `to`, `group`.
            query: parameters added to the url; values may be `Secret`.
            subprotocols: offered to the server, best first; the dialect's own if not given.
            tls: certificates for `wss`.
            at: how many connections are begun a second; as fast as they succeed if not given.
            model: `open` sends when a message is due, `closed` when an answer has come.
            depth: how many messages each connection of a closed loop has under way.
            warmup: how much of the beginning is not measured.
            drain: how long messages may still arrive after the last sending, 5 s if not given.
            workers: processes that make the load; one per core if not given.
            spin: burns a core of each worker to send within microseconds, not within a millisecond or two.
            user: import path of the class that the scenario `user` runs.
            settings: what that class's constructor takes; values may be `Secret`.
            queries: a file of named queries; the clients then ask the stack's PostgreSQL and send no messages.
            rows: a row that has to be in the stack's PostgreSQL when a message is acknowledged: `query`, a SELECT with
                one `%s` for the message's id, and `every`, to ask for every so-manieth message only.

        ```robotframework
        Start Load    short    ${ECHO_URL}    connections=4    rate=100/s    duration=1s    dialect=echo
        Wait For Load    short
        ```
        """
        order = order_from(
            url=url,
            connections=connections,
            rate=rate,
            duration=duration,
            stages=stages,
            scenario=scenario,
            send=send,
            kind=kind,
            fields=fields,
            to=to,
            group=group,
            id_at=id_at,
            size=size,
            dialect=dialect,
            dialect_options=dialect_options,
            login=login,
            headers=headers,
            each=each,
            query=query,
            subprotocols=subprotocols,
            tls=tls,
            at=at,
            model=model,
            depth=depth,
            warmup=warmup,
            drain=drain,
            workers=workers,
            spin=spin,
            user=user,
            settings=settings,
            queries=queries,
            rows=rows,
        )
        running = self._start(name, order)
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
