"""Keywords that open clients, or expect that to be refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, Literal

from robot.api import logger
from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof import links
from wireproof.arguments import Json, Names
from wireproof.failures import fail
from wireproof.quantities import Backoff, Rate
from wireproof.sockets.arguments import Clients
from wireproof.sockets.client import DEFAULT_BACKOFF
from wireproof.sockets.component import Component
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.options import Options
from wireproof.sockets.outcomes import Opened
from wireproof.sockets.refusals import Expected, verdict
from wireproof.sockets.settings_keywords import ClientOptions, Headers, Tls, options_from

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class OpeningKeywords(Component):
    """Opening, reconnecting, being refused."""

    @keyword(tags=["Opening"])
    def open_client(
        self,
        name: str,
        url: str = "",
        *,
        dialect: str = "",
        dialect_options: dict[str, Any] = None,
        headers: Headers = None,
        query: Headers = None,
        cookies: dict[str, str | Secret] = None,
        subprotocols: Names = None,
        origin: str = "",
        tls: Tls = None,
        proxy: Secret = None,
        via: str = "",
        login: Json = None,
        log_in: bool = None,
        answer_pings: bool = None,
        reconnect: Backoff = None,
        timeout: timedelta = None,
    ) -> Opened:
        """Opens a client: a connection with an inbox; logs in where the dialect has a login.

        What a test opens is closed at its end, what a suite set-up opens at the suite's end.

        Args:
            name: how to call it from now on.
            url: `ws://host:port/path` or `wss://…`; the default, else the running stack's.
            dialect: how messages are carried; see [Dialects].
            dialect_options: what the dialect can be told, such as `{"confirm": False}` for cloudmessage.
            headers: HTTP headers of the upgrade; values may be `Secret`.
            query: parameters added to the url; values may be `Secret`.
            cookies: sent as the header Cookie; values may be `Secret`.
            subprotocols: offered to the server, best first; the dialect's own if not given.
            origin: the header Origin, which browsers send.
            tls: certificates for `wss`; see [TLS].
            proxy: `http://user:password@host:port`, a `Secret`; from the environment if not given.
            via: the fault link to go through, by its name; see `Start Fault Proxy` of wireproof.Faults.
            login: what the dialect's login needs; values may be `Secret`.
            log_in: no leaves out the login.
            answer_pings: no plays a peer that is gone without a word: the server's pings stay unanswered.
            reconnect: come back by itself after a loss, waiting between attempts as told, such as `100ms..5s`.
            timeout: how long opening may take, 5 s if not given.

        Returns:
            `connect_ms` (begin of TCP to the server's 101), `subprotocol`, `local_address`, and `granted`: what the
            server said at login.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    timeout=2s
        Get Client State    alice    ==    open
        ```
        """
        options = options_from(
            url=url,
            dialect=dialect,
            dialect_options=dialect_options,
            headers=headers,
            query=query,
            cookies=cookies,
            subprotocols=subprotocols,
            origin=origin,
            tls=tls,
            proxy=proxy,
            via=via,
            login=login,
            log_in=log_in,
            answer_pings=answer_pings,
            reconnect=reconnect,
            timeout=timeout,
        )
        opened = self.clients.open(name, self._complete(options))
        logger.info(f"{opened!r}")
        return opened

    @keyword(tags=["Opening", "Groups"])
    def open_clients(
        self,
        group: str,
        count: int = None,
        url: str = "",
        *,
        each: list[ClientOptions] = None,
        at: Rate = None,
        dialect: str = "",
        dialect_options: dict[str, Any] = None,
        headers: Headers = None,
        query: Headers = None,
        subprotocols: Names = None,
        tls: Tls = None,
        proxy: Secret = None,
        via: str = "",
        log_in: bool = None,
        reconnect: Backoff = None,
        timeout: timedelta = timedelta(seconds=30),
    ) -> list[Opened]:
        """Opens many clients at once, and returns when all are open; if some fail none stays open.

        Args:
            group: their common name; single clients are `group-001`, `group-002`, …
            count: how many; or
            each: a list with a dictionary for every client: its `name`, and `headers`, `query`, `login` of its own.
            url: `ws://host:port/path` or `wss://…`; the default, else the running stack's.
            at: how many are started a second, such as `100/s`; without it all start together.
            dialect: how messages are carried; see [Dialects].
            dialect_options: what the dialect can be told.
            headers: HTTP headers of the upgrade; values may be `Secret`.
            query: parameters added to the url; values may be `Secret`.
            subprotocols: offered to the server, best first.
            tls: certificates for `wss`; see [TLS].
            proxy: `http://user:password@host:port`, a `Secret`.
            via: the fault link to go through, by its name; see `Start Fault Proxy` of wireproof.Faults.
            log_in: no leaves out the login.
            reconnect: come back by themselves after a loss, such as `100ms..5s`.
            timeout: how long opening one of them may take.

        Returns:
            For each client what [Open Client] returns.

        ```robotframework
        Open Clients    member    3    ${ECHO_URL}
        Send Text    member-002    hello
        Wait For Message    member-002    text=hello
        ```
        """
        shared = options_from(
            url=url,
            dialect=dialect,
            dialect_options=dialect_options,
            headers=headers,
            query=query,
            subprotocols=subprotocols,
            tls=tls,
            proxy=proxy,
            via=via,
            log_in=log_in,
            reconnect=reconnect,
            timeout=timeout,
        )
        base = self._complete(shared)
        opened = self.clients.open_group(group, _members(group, count, each, base), at)
        slowest = max(opened, key=lambda one: one.connect_ms)
        logger.info(f"{len(opened)} clients open, the slowest: {slowest!r}")
        return opened

    @keyword(tags=["Opening"])
    def reconnect_client(
        self,
        client: Clients,
        *,
        headers: Headers = None,
        query: Headers = None,
        login: Json = None,
        backoff: Backoff = None,
        timeout: timedelta = timedelta(seconds=30),
    ) -> None:
        """Closes what is still open and opens it again, trying until it works; the inbox stays.

        Between attempts it waits a random time up to a growing limit, so that many clients do not come at once. It
        ends early where the server says no for good: an HTTP status 4xx, a refused certificate or login.

        Args:
            client: a client, a group, or a list.
            headers: take the place of the earlier ones.
            query: takes the place of the earlier one.
            login: takes the place of the earlier one.
            backoff: first and largest limit of the waits, such as `100ms..5s`, the default.
            timeout: how long to try.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Abort Client    alice
        Reconnect Client    alice    backoff=50ms..1s    timeout=10s
        Get Client State    alice    ==    open
        ```
        """
        changes = options_from(headers=headers, query=query, login=login)
        self.clients.reconnect(
            self.clients.resolve(client), changes, backoff or DEFAULT_BACKOFF, timeout.total_seconds()
        )

    @keyword(tags=["Opening", "Assertion"])
    def connection_should_be_refused(
        self,
        url: str = "",
        *,
        stage: Literal["tcp", "tls", "http", "login"] = None,
        status: int = None,
        code: int = None,
        reason: str = "",
        dialect: str = "",
        headers: Headers = None,
        query: Headers = None,
        cookies: dict[str, str | Secret] = None,
        subprotocols: Names = None,
        origin: str = "",
        login: Json = None,
        log_in: bool = None,
        tls: Tls = None,
        proxy: Secret = None,
        via: str = "",
        within: timedelta = timedelta(seconds=5),
        msg: str = "",
    ) -> None:
        """Tries to connect, and passes if that is refused as expected; a close right after the upgrade counts.

        Args:
            url: `ws://host:port/path` or `wss://…`; the default, else the running stack's.
            stage: how far it may come: `tcp` (also the proxy), `tls`, `http` (the upgrade) or `login`.
            status: the HTTP status.
            code: the close code.
            reason: a part of what the server says.
            dialect: how messages are carried; see [Dialects].
            headers: HTTP headers of the upgrade; values may be `Secret`.
            query: parameters added to the url; values may be `Secret`.
            cookies: sent as the header Cookie; values may be `Secret`.
            subprotocols: offered to the server, best first.
            origin: the header Origin, which browsers send.
            login: what the dialect's login needs; values may be `Secret`.
            log_in: no leaves out the login.
            tls: certificates for `wss`; see [TLS].
            proxy: `http://user:password@host:port`, a `Secret`.
            via: the fault link to go through, by its name; see `Start Fault Proxy` of wireproof.Faults.
            within: how long the refusal may take.
            msg: words to put before a failure's text.

        ```robotframework
        Connection Should Be Refused    ws://127.0.0.1:1/    stage=tcp    within=3s
        ```
        """
        options = options_from(
            url=url,
            dialect=dialect,
            headers=headers,
            query=query,
            cookies=cookies,
            subprotocols=subprotocols,
            origin=origin,
            login=login,
            log_in=log_in,
            tls=tls,
            proxy=proxy,
            via=via,
            timeout=within,
        )
        expected = Expected(stage, status, code, reason)
        problem = verdict(replace(self._complete(options), reconnect=None), expected)
        if problem:
            raise fail(problem, msg)

    def _complete(self, given: Options) -> Options:
        options = self.clients.with_defaults(given)
        if options.tls is not None and not options.tls.verify:
            logger.warn("TLS certificates are not verified: verify is False")
        if options.via:
            links.find(options.via)  # a name that is misspelt must not pass for a refusal
        return options if options.url else replace(options, url=_stack_url())


def _members(
    group: str, count: int | None, each: list[ClientOptions] | None, base: Options
) -> list[tuple[str, Options]]:
    if (count is None) == (each is None):
        raise SocketsError("say how many with count, or list every client with each: one of the two")
    if each == [] or (count is not None and count < 1):
        raise SocketsError("a group has at least one client: count is 1 or more, each is not empty")
    if each is None:
        count = count or 0
        width = max(3, len(str(count)))
        return [(f"{group}-{number:0{width}}", base) for number in range(1, count + 1)]
    return [
        (
            one["name"],
            options_from(headers=one.get("headers"), query=one.get("query"), login=one.get("login")).over(base),
        )
        for one in each
    ]


def _stack_url() -> str:
    from wireproof import stack

    try:
        return stack.current().endpoint("ws")
    except stack.StackError:
        raise SocketsError(
            "no url: give one, set one with Set Client Defaults, or start a stack with Ensure Stack"
        ) from None
