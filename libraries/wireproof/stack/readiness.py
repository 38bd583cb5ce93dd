"""Is a dependency ready? One probe for each kind; a probe says in one line why not."""

import json
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from wireproof.stack.errors import StackError
from wireproof.wiretext import safe

PROBE_S = 2
"""Longest time that one probe takes. libpq takes no shorter one for connecting."""

_MISSING = "the driver cannot be imported ({}): pip install 'robotframework-wireproof[db]'"
_PORTS = {"ws": 80, "http": 80, "wss": 443, "https": 443}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class NotReadyError(StackError):
    """Why a dependency is not ready, in one line."""


@dataclass(frozen=True, slots=True)
class Check:
    """What one probe found.

    Attributes:
        name: the dependency.
        healthy: whether it answered as it should.
        detail: its version or a warning when healthy, else the reason.
        latency_ms: how long it took to answer.
    """

    name: str
    healthy: bool
    detail: str
    latency_ms: float

    def __str__(self) -> str:
        if not self.healthy:
            return f"{self.name}: {self.detail}"
        return f"{self.name}: ok in {self.latency_ms:.1f} ms{self.detail and f' ({self.detail})'}"


def check(name: str, probe: Callable[[], str]) -> Check:
    """Asks one dependency."""
    started = time.perf_counter()
    try:
        detail, healthy = probe(), True
    except NotReadyError as reason:
        detail, healthy = str(reason), False
    return Check(name, healthy, detail, (time.perf_counter() - started) * 1000)


def reasons(checks: Iterable[Check]) -> str:
    """Why a stack is not healthy: every dependency's reason in one line; empty when all are healthy."""
    return "; ".join(str(found) for found in checks if not found.healthy)


def tcp(url: str) -> str:
    """Something accepts connections at the URL's host and port."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0))
    try:
        with socket.create_connection(address, timeout=PROBE_S):
            return ""
    except OSError as error:
        raise NotReadyError(f"{address[0]}:{address[1]} cannot be reached: {_plain(error)}") from None


def http(url: str) -> str:
    """``GET <url>/health/ready`` answers 200; a server without that path (404) is ready when it answers at all."""
    status, body = get(f"{url.rstrip('/')}/health/ready")
    if status == 404:
        return "it has no /health/ready"
    health = _object(body)
    if status != 200:
        raise NotReadyError(f"/health/ready answered {status}: {_not_well(health) or 'nothing more was said'}")
    return f"warning: {_not_well(health)}" if health.get("status") == "warn" else ""


def version(url: str) -> dict[str, Any]:
    """What ``GET <url>/version`` tells; empty when the server has no such path."""
    status, body = get(f"{url.rstrip('/')}/version")
    return _object(body) if status == 200 else {}


def get(url: str) -> tuple[int, bytes]:
    """Status and body of an answer to GET, whatever the status is. The user's proxy is not asked for this machine."""
    from urllib.error import HTTPError  # costs 40 ms
    from urllib.request import ProxyHandler, build_opener

    handlers = [ProxyHandler({})] if urlsplit(url).hostname in _LOOPBACK else []
    try:
        with build_opener(*handlers).open(url, timeout=PROBE_S) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, HTTPException) as error:
        raise NotReadyError(f"{url} cannot be reached: {_plain(getattr(error, 'reason', error))}") from None


def postgres(url: str) -> str:
    """PostgreSQL lets us in and answers a query."""
    try:
        import psycopg  # costs 150 ms
    except ImportError as error:
        raise NotReadyError(_MISSING.format(error)) from None
    try:
        options = f"-c statement_timeout={PROBE_S * 1000}"
        with psycopg.connect(url, connect_timeout=PROBE_S, options=options, autocommit=True) as connection:
            connection.execute("SELECT 1")
            return ""
    except psycopg.Error as error:
        raise NotReadyError(_plain(error)) from None


def redis(url: str) -> str:
    """Redis takes the password and answers PING."""
    try:
        import redis as driver  # costs 120 ms
    except ImportError as error:
        raise NotReadyError(_MISSING.format(error)) from None
    # without these the driver tries ten times and a dead port costs 3 s
    client = driver.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=PROBE_S, retry=None)
    try:
        client.ping()
        return ""
    except (driver.RedisError, OSError) as error:
        raise NotReadyError(_plain(error)) from None
    finally:
        client.close()


def _plain(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PROBE_S} s"
    text = getattr(error, "strerror", None) or str(error)
    # drivers put hints for humans at a terminal on further lines
    return safe(text.strip().splitlines()[0] if text.strip() else type(error).__name__)


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _not_well(health: dict[str, Any]) -> str:
    """What ``application/health+json`` says of the parts that do not pass."""
    parts = health.get("checks")
    said = []
    for name, found in parts.items() if isinstance(parts, dict) else ():
        for entry in found if isinstance(found, list) else [found]:
            if isinstance(entry, dict) and entry.get("status") != "pass":
                said.append(f"{name} {entry.get('output') or entry.get('status')}")
    return safe(", ".join(said))
