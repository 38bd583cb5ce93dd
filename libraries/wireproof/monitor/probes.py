"""Probes: does a part of the stack answer? Each has one connection of its own at most and a time-out of its own."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from wireproof.journal import now_ns
from wireproof.monitor.looks import Look
from wireproof.stack import readiness
from wireproof.stack.readiness import PROBE_S, NotReadyError
from wireproof.wiretext import safe

OURS = "wireproof"
"""What our sessions are called: leak checks and faults leave those alone."""

_FIGURES = ("sessions", "active", "transaction", "size")
"""What PostgreSQL tells of a moment."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a part of the stack said of itself.

    Attributes:
        values: numbers by metric.
        identity: what changes when it is started anew.
        remark: what is worth knowing.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    identity: str = ""
    remark: str = ""


class Probe(ABC):
    """Asks one part of the stack, from one thread."""

    subject: str
    metrics: tuple[str, ...] = ()
    """The numbers that it brings back."""
    driver: str = ""
    """The module that it needs."""

    @abstractmethod
    def ask(self) -> Answer:
        """What it answers; raises `NotReadyError`."""

    def look(self) -> Look:
        began = now_ns()
        try:
            answer = self.ask()
        except NotReadyError as problem:
            return Look(began, now_ns(), str(problem))
        return Look(began, now_ns(), "", answer.values, answer.identity, answer.remark)

    def close(self) -> None:  # noqa: B027 - some have nothing to close
        """Ends its connection, when it keeps one."""


class HttpProbe(Probe):
    """`GET /health/ready` answers 200."""

    subject = "http"

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self) -> Answer:
        return Answer(remark=readiness.http(self._url))


class WebSocketProbe(Probe):
    """Opens a connection, reads the first message where the server speaks first, closes."""

    subject = "websocket"

    def __init__(self, url: str, greets: bool) -> None:
        self._url = url
        self._greets = greets

    def ask(self) -> Answer:
        import websocket

        socket: Any = websocket.WebSocket()
        deadline = time.monotonic() + PROBE_S
        try:
            socket.connect(self._url, timeout=PROBE_S, http_no_proxy=["*"], suppress_origin=True)
            if self._greets:
                socket.settimeout(_left(deadline))
                if not socket.recv():
                    raise NotReadyError("it closed the connection before its first message")
            socket.close(timeout=_left(deadline))
        except (websocket.WebSocketException, OSError, ValueError) as error:
            raise NotReadyError(_plain(error)) from None
        finally:
            with suppress(OSError):
                socket.shutdown()
        return Answer()


class PostgresProbe(Probe):
    """`SELECT 1` on a session of its own, and what PostgreSQL says of its sessions and of the database."""

    subject = "postgres"
    metrics = (*(f"{name}.postgres" for name in _FIGURES), "commits.postgres")
    driver = "psycopg"

    def __init__(self, url: str) -> None:
        self._url = url
        self._session: Any = None
        self._commits: tuple[int, int] | None = None

    def ask(self) -> Answer:
        from wireproof.monitor import sessions

        try:
            remark = self._ping()
            return self._read(sessions.figures(self._session), remark)
        except ValueError as refusal:
            return Answer(remark=_plain(refusal))
        except sessions.LOST as error:
            self.close()
            raise NotReadyError(_plain(error)) from None

    def _ping(self) -> str:
        """A session that was cut since the last look says nothing of PostgreSQL now: the next one does."""
        from wireproof.monitor import sessions

        remark = ""
        if self._session is not None:
            try:
                sessions.ping(self._session)
                return remark
            except sessions.CUT:
                self.close()
                remark = "its session was lost"
        self._session = sessions.connect(self._url)
        sessions.ping(self._session)
        return remark

    def _read(self, row: Mapping[str, Any], remark: str) -> Answer:
        now, commits = now_ns(), int(row["commits"])
        values = {f"{name}.postgres": float(row[name]) for name in _FIGURES}
        if self._commits is not None and commits >= self._commits[1]:
            values["commits.postgres"] = (commits - self._commits[1]) / ((now - self._commits[0]) / 1e9)
        self._commits = now, commits
        return Answer(values, f"started {row['started']}", remark)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None


class RedisProbe(Probe):
    """`PING`, and what Redis says of itself where it may be asked."""

    subject = "redis"
    metrics = ("dataset.redis", "clients.redis", "commands.redis")
    driver = "redis"

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: Any = None

    def ask(self) -> Answer:
        import redis

        if self._client is None:
            self._client = redis.Redis.from_url(
                self._url,
                socket_timeout=PROBE_S,
                socket_connect_timeout=1,
                retry=None,  # else it tries ten times, longer than our time-out
                client_name=OURS,
            )
        try:
            self._client.ping()  # where the connection was cut since the last look, the driver opens another one
            return self._read(self._client)
        except (redis.RedisError, OSError) as error:
            raise NotReadyError(_plain(error)) from None

    def _read(self, client: Any) -> Answer:
        import redis

        try:
            told = client.info()
        except redis.ResponseError as error:
            return Answer(remark=f"INFO was refused: {_plain(error)}")
        values = map(told.get, ("used_memory", "connected_clients", "instantaneous_ops_per_sec"))
        known = {metric: float(value) for metric, value in zip(self.metrics, values, strict=True) if value is not None}
        return Answer(known, f"run {told.get('run_id', '')}")

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _plain(error: BaseException) -> str:
    if isinstance(error, TimeoutError) or type(error).__name__ in ("WebSocketTimeoutException", "TimeoutError"):
        return f"no answer within {PROBE_S} s"
    text = str(error).strip() or type(error).__name__
    return safe(text.splitlines()[0], 200)
