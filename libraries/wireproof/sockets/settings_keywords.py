"""Keywords that say how clients are opened, and what the options of opening keywords become."""

from datetime import timedelta
from typing import Any, Literal, Required, TypedDict

from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof import dialects, scopes
from wireproof.arguments import Json, Names
from wireproof.quantities import Backoff
from wireproof.sockets import options as opening
from wireproof.sockets.component import Component
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.options import Options

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

Headers = dict[str, str | Secret]


class Tls(TypedDict, total=False):
    """TLS: PEM files `ca`, `cert` and `key`, a `key_password`, the `server_name` to expect, `verify` (default True)."""

    ca: str
    cert: str
    key: str
    key_password: Secret
    server_name: str
    verify: bool


class ClientOptions(TypedDict, total=False):
    """One client of a group: its `name`, and what differs from the others."""

    name: Required[str]
    headers: Headers
    query: Headers
    login: Json


class SettingsKeywords(Component):
    """Defaults, and dialects of one's own."""

    @keyword(tags=["Opening"])
    def set_client_defaults(
        self,
        *,
        url: str = "",
        dialect: str = "",
        dialect_options: dict[str, Any] = None,
        login: Json = None,
        log_in: bool = None,
        headers: Headers = None,
        query: Headers = None,
        subprotocols: Names = None,
        tls: Tls = None,
        proxy: Secret = None,
        via: str = "",
        reconnect: Backoff = None,
        timeout: timedelta = None,
        scope: Literal["test", "suite", "global"] = "suite",
    ) -> dict[str, Any]:
        """Sets what clients are opened with where their own keyword does not say.

        Args:
            url: `ws://host:port/path` or `wss://…`.
            dialect: how messages are carried; see [Dialects].
            dialect_options: what the dialect can be told, such as `{"confirm": False}` for cloudmessage.
            login: what the dialect's login needs; values may be `Secret`.
            log_in: whether to log in at all.
            headers: HTTP headers of the upgrade; values may be `Secret`.
            query: parameters added to the url; values may be `Secret`.
            subprotocols: offered to the server, best first; the dialect's own if not given.
            tls: certificates for `wss`; see [TLS].
            proxy: `http://user:password@host:port`, a `Secret`; from the environment if not given.
            via: the fault link to go through, by its name; see `Start Fault Proxy` of wireproof.Faults.
            reconnect: how to come back after a loss, such as `100ms..5s`.
            timeout: how long opening a client may take.
            scope: how long the defaults hold: for the test, the suite (with its child suites) or the run.

        Returns:
            What was in force before, of the options given here.

        ```robotframework
        ${before}    Set Client Defaults    url=${ECHO_URL}    dialect=echo    scope=test
        Open Client    alice
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ```
        """
        given = options_from(
            url=url,
            dialect=dialect,
            dialect_options=dialect_options,
            login=login,
            log_in=log_in,
            headers=headers,
            query=query,
            subprotocols=subprotocols,
            tls=tls,
            proxy=proxy,
            via=via,
            reconnect=reconnect,
            timeout=timeout,
        )
        owner = scopes.run() if scope == "global" else scopes.enclosing(scope)
        if owner is None:
            raise SocketsError(f"scope={scope} needs a running {scope}: set them inside one, or with scope=global")
        before = self.clients.set_defaults(owner, given)
        return {name: value for name, value in _arguments(before).items() if name in _arguments(given)}

    @keyword(tags=["Opening"])
    def define_dialect(
        self,
        name: str,
        *,
        base: str = "json",
        kind: str = "",
        id: str = "",
        reply_to: str = "",
        flow: str = "",
        seq: str = "",
        ack: Json = None,
        control: Json = None,
    ) -> None:
        """Makes a dialect of JSON messages by saying where they keep what; no Python needed.

        Args:
            name: how to call it, as in `dialect=name`.
            base: `json`, or `echo` where a reply is the sent message itself.
            kind: JSON path of the kind of message; `$.type` if not given.
            id: JSON path of the id; `$.id` if not given.
            reply_to: JSON path of the id that a message answers; `$.replyTo` if not given.
            flow: JSON path of what names a message's flow, sender to recipient.
            seq: JSON path of its number in the flow.
            ack: what to send for each message with an id; texts that start with `$` are paths into that message.
            control: JSON that messages of the protocol itself hold, or a list of such; matchers do not see those.

        ```robotframework
        Define Dialect    orders    kind=$.header.event    id=$.header.id    control={"header": {"event": "ping"}}
        Open Client    alice    ${ECHO_URL}    dialect=orders
        Send Message    alice    {"order": 17}    kind=paid
        Wait For Message    alice    kind=paid    json={"order": 17}
        ```
        """
        dialects.define(
            dialects.Definition(
                name=name,
                base=base,
                kind=kind,
                id=id,
                reply_to=reply_to,
                flow=flow,
                seq=seq,
                ack=ack,
                control=control,
            )
        )


def options_from(*, tls: Tls | None = None, timeout: timedelta | None = None, **given: Any) -> Options:
    """Options from keyword arguments: empty texts are not given."""
    login = given.get("login")
    if login is not None and not isinstance(login, dict):
        raise SocketsError("login is a dictionary of what the dialect needs, or its JSON text")
    return Options(
        tls=opening.Tls(**tls) if tls else None,
        timeout_s=timeout.total_seconds() if timeout else None,
        **{name: value for name, value in given.items() if value not in ("", None)},
    )


def _arguments(options: Options) -> dict[str, Any]:
    """Keyword arguments that give `options` again."""
    given = options.given()
    if options.tls is not None:
        tls = options.tls
        names = ("ca", "cert", "key", "key_password", "server_name")
        given["tls"] = {name: getattr(tls, name) for name in names if getattr(tls, name)} | {"verify": tls.verify}
    if options.timeout_s is not None:
        given["timeout"] = timedelta(seconds=given.pop("timeout_s"))
    return given
