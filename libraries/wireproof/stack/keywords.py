"""The keyword library `wireproof.Stack`."""

import os
import time
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Literal

from robot.api import SkipExecution, logger
from robot.api.deco import keyword, library
from robot.api.types import Secret
from robot.libraries.BuiltIn import BuiltIn
from robotlibcore import DynamicCore

from wireproof import scopes
from wireproof import stack as room
from wireproof.quantities import Rate
from wireproof.stack import external, readiness
from wireproof.stack.added import Server
from wireproof.stack.base import Guards
from wireproof.stack.base import Stack as StackUnderTest
from wireproof.stack.gate import Gate, StackUnavailableError, open_stack
from wireproof.stack.routes import through
from wireproof.stack.service_keywords import ServiceKeywords
from wireproof.stack.settings import SETTINGS_VARIABLE, Setting
from wireproof.wiretext import load_json, safe

_POLL_S = 0.1
_LOGS = Path("wireproof", "stack-logs")


class Settings(dict[str, Setting]):
    """Settings of a reference server by their camelCase names."""


def _settings(value: str | dict[str, Any]) -> Settings:
    found = load_json(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise ValueError('write settings as a JSON object, for example {"maxConnections": 3}')
    return Settings(found)


class Via(dict[str, str]):
    """Links by the dependency that a server reaches through them: `{"postgres": "db"}`, or a dictionary."""


def _via(value: str | dict[str, Any]) -> Via:
    found = load_json(value) if isinstance(value, str) else value
    if not isinstance(found, dict) or not all(isinstance(link, str) for link in found.values()):
        raise ValueError('write links by dependency as a JSON object, for example {"postgres": "db"}')
    return Via(found)


def _rate(value: str) -> Rate:
    return Rate.parse(value)


@library(scope="GLOBAL", doc_format="MARKDOWN", converters={Settings: _settings, Via: _via, Rate: _rate})
class Stack(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """The stack under test: real PostgreSQL, real Redis and a server.

    `Ensure Stack` is the health gate of every suite. Which stack it gives, the variable `${STACK}` decides:

    | `${STACK}` | stack |
    | --- | --- |
    | `embedded` | the default: processes of this run, or those of `python -m wireproof stack up` when they run |
    | `compose` | the dockerised one of docker-compose.yml, already up |
    | `external` | your own, at `${WS_URL}`, `${HTTP_URL}`, `${POSTGRES_URL}` and `${REDIS_URL}` |

    so the same suites run against all three: `robot --variable STACK:compose suites/`.

    `${SERVER_SETTINGS}`, a JSON object, gives every server that the run starts further settings, for example
    `{"messageTimeout": 5}`. The run then has an embedded stack of its own, also beside `stack up`.

    A *service* is a part that this run controls: every server of `Start Server`, and on the embedded stack `postgres`,
    `redis` and `server`, too. What a test or suite does to a service is undone when it ends: a stopped one is started,
    a suspended one resumed. The journal tells as `fault` from when to when it was killed, stopped or suspended.
    """

    def __init__(self) -> None:
        super().__init__([ServiceKeywords()])
        self._gate = Gate()

    @keyword(tags=["stack"])
    def ensure_stack(self) -> None:
        """Makes sure that a healthy stack is there: the one in use, else a running one, else a new one.

        It may be called as often as you like; a new stack ends with the run. When the stack is not healthy the first
        call fails with every dependency's reason in one line, later ones skip and name it.

        The mode is `${STACK}`. The logs of a stack that was started here are kept in `wireproof/stack-logs` below the
        output directory.

        Example:
        ```robotframework
        Ensure Stack
        ```
        """
        try:
            stack = self._gate.provide(room.running(), self._open)
            if room.use(stack) is not stack:
                _announce(stack)
                scopes.run().defer(partial(_end, stack, _log_directory()))
            self._gate.require_health(stack)
        except StackUnavailableError as reason:
            raise SkipExecution(str(reason)) from None

    def _open(self) -> StackUnderTest:
        return open_stack(_variable("STACK") or "embedded", _variable, Path.cwd(), _log_directory())

    @keyword(tags=["stack"])
    def attach_to_stack(
        self,
        environment: str,
        *,
        isolation: Literal["reset", "owner", "keep", "rollback", "database per worker"] = "owner",
        max_rate: Rate = None,  # type: ignore[assignment]  # Robot then keeps the converter's reason
        max_connections: int = None,  # type: ignore[assignment]  # noqa: RUF013
    ) -> None:
        """Uses a stack that others use too, with guard rails.

        Its addresses are the variables `${WS_URL}` (required), `${HTTP_URL}`, `${POSTGRES_URL}` and `${REDIS_URL}`,
        or environment variables of these names. It replaces the stack in use.

        Args:
            environment: what you call it, for messages: staging, for example.
            isolation: how tests are kept apart. `owner`: by what they own; `keep`: nothing is deleted.
            max_rate: messages per second that keywords send at most, for example `200/s`: they wait for their turn,
                and a higher `rate` is refused.
            max_connections: clients open at the same time; more are refused.

        Example:
        ```robotframework
        VAR    ${WS_URL}    ws://127.0.0.1:3001/
        Attach To Stack    staging    isolation=keep    max_rate=200/s    max_connections=500
        ```
        """
        stack = external.attach(_variable, required=("WS_URL",), guards=Guards(isolation, max_rate, max_connections))
        self.stop_stack()
        room.use(stack)
        logger.info(f"attached to {environment}: {stack.endpoint('ws')}")

    @keyword(tags=["stack"])
    def stop_stack(self) -> None:
        """Ends the use of the stack, and the stack itself when this run started it.

        The next `Ensure Stack` gives a new one.

        Example:
        ```robotframework
        Stop Stack
        ```
        """
        stack = room.running()
        if stack is not None:
            _end(stack, _log_directory())

    @keyword(tags=["stack"])
    def start_server(
        self,
        name: str = "",
        *,
        settings: Settings = None,  # type: ignore[assignment]  # Robot then keeps the converter's reason
        via: Via = None,  # type: ignore[assignment]
        node_of: str = "",
    ) -> Server:
        """Starts another server with settings and a database of its own, beside the stack's.

        It is a process of this run, beside an embedded and a compose stack alike, and uses the stack's PostgreSQL,
        Redis and token secret. It ends with the test or suite that started it, and its database with it. Until then
        `Kill Service`, `Restart Service` and the like work on it. What is not given is set for functional tests:
        short time-outs, token authentication, test mode.

        Args:
            name: its name as a service; `server-2`, `server-3`, ... when not given.
            settings: JSON object or dictionary, names as in `/version`, durations in seconds.
            via: links that it reaches `postgres` or `redis` through, for example `{"postgres": "db"}`; see
                `Reroute Service`.
            node_of: a running server. The new one is one more node of it: same database, same part of Redis, and its
                settings where none are given.

        Returns:
            An object with `name`, `ws`, `http` and `postgres` (its own database; no password inside).

        Example:
        ```robotframework
        ${server}    Start Server    settings={"maxConnections": 3, "heartbeatTimeout": 1.5}
        Log    ${server.ws}
        ```
        """
        stack = room.current()
        addresses = {dependency: through(link, dependency, stack.addresses) for dependency, link in (via or {}).items()}
        server = stack.start_server(settings or {}, name, addresses, node_of)
        scopes.current().defer(partial(stack.end_server, server.name))
        return server

    @keyword(tags=["stack"])
    def wait_until_stack_is_ready(self, *, timeout: timedelta = timedelta(seconds=30), msg: str = "") -> None:
        """Waits until every dependency of the stack answers.

        Args:
            timeout: how long to wait; then it fails with every dependency's reason.
            msg: said before the reason when it fails.

        Example:
        ```robotframework
        Restart Service    postgres
        Wait Until Stack Is Ready    timeout=10s
        ```
        """
        stack = room.current()
        started = time.monotonic()
        while problem := readiness.reasons(stack.checks()):
            waited = time.monotonic() - started
            if waited >= timeout.total_seconds():
                raise _failure(f"the {stack.mode} stack is not ready after {waited:.1f} s: {problem}", msg)
            time.sleep(_POLL_S)

    @keyword(tags=["stack"])
    def stack_should_be_healthy(self, *, msg: str = "") -> None:
        """Fails unless every dependency answers now; the message holds every reason.

        Args:
            msg: said before the reasons when it fails.

        Example:
        ```robotframework
        Stack Should Be Healthy
        ```
        """
        stack = room.current()
        checks = stack.checks()
        for found in checks:
            logger.info(str(found))
        if problem := readiness.reasons(checks):
            raise _failure(f"the {stack.mode} stack is not healthy: {problem}", msg)

    @keyword(tags=["stack"])
    def get_endpoint(self, name: Literal["ws", "http", "postgres", "redis"]) -> str:
        """Returns an address of the stack, without a password in it.

        Args:
            name: `ws` (URL of the gateway), `http` (base URL without a slash at its end), `postgres` or `redis`.

        Example:
        ```robotframework
        ${url}    Get Endpoint    ws
        ```
        """
        return room.current().endpoint(name)

    @keyword(tags=["stack"])
    def get_credential(self, name: Literal["postgres", "redis", "token secret"]) -> Secret:
        """Returns a credential of the stack as a secret, which no log shows.

        Args:
            name: `postgres` or `redis` for the password, `token secret` for what signs the tokens (HS256).

        Example:
        ```robotframework
        ${password}    Get Credential    postgres
        ```
        """
        return Secret(room.current().credential(name))

    @keyword(tags=["stack"])
    def skip_unless_stack_can(self, *abilities: str, msg: str = "") -> None:
        """Skips the test, or the suite from its set-up, when the stack cannot do what it needs.

        Args:
            abilities: `start server` (and stop, kill, suspend that one), `kill services` (stop, suspend and the like,
                the stack's own), `reroute` (the stack's own server), `mint tokens`, `read sessions` (look into
                PostgreSQL), `read cache` (look into Redis), `attribute sessions` (know whose connections they are),
                `be disturbed` (take faults: its data may be thrown away).
            msg: said before the reason.

        Example:
        ```robotframework
        Skip Unless Stack Can    kill services    mint tokens
        ```
        """
        stack = room.current()
        missing = [ability for ability in abilities if not stack.can(ability)]
        if missing:
            able = ", ".join(stack.abilities) or "nothing but take connections"
            lacks = ", ".join(stack.lack(ability) for ability in missing)
            reason = f"the {stack.mode} stack cannot {lacks}; it can {able}"
            raise SkipExecution(f"{msg}: {reason}" if msg else reason)


def _variable(name: str) -> str:
    """A variable of the run, else of the environment; an empty text when there is none."""
    value = BuiltIn().get_variable_value(f"${{{name}}}")
    if isinstance(value, Secret):
        value = value.value
    return str(value or os.environ.get(name, ""))


def _log_directory() -> Path:
    return Path(str(BuiltIn().get_variable_value("${OUTPUT DIR}"))) / _LOGS


def _announce(stack: StackUnderTest) -> None:
    addresses = ", ".join(f"{name} {stack.endpoint(name)}" for name in stack.shown)
    logger.info(f"{stack.mode} stack: {addresses}")
    for warning in stack.warnings:
        logger.warn(warning)
    if settings := _variable(SETTINGS_VARIABLE):
        logger.warn(f"the servers of this run have settings of their own: {safe(settings)}")


def _end(stack: StackUnderTest, logs: Path) -> None:
    """Nothing happens when the stack was ended before. `logs` is asked for while Robot runs: later nobody knows it."""
    if room.running() is stack:
        room.use(None)
        stack.save_logs(logs)
        stack.stop()


def _failure(reason: str, msg: str) -> Exception:
    return AssertionError(f"{msg}: {reason}" if msg else reason)
