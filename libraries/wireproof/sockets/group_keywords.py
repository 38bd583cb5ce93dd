"""Keywords about one message at many clients."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from wireproof.arguments import Json
from wireproof.failures import fail
from wireproof.moments import Since
from wireproof.sockets.arguments import Clients
from wireproof.sockets.component import Component
from wireproof.sockets.fan_out import FanOut, expect_everywhere, expect_nowhere
from wireproof.sockets.predicate_keywords import predicate
from wireproof.sockets.registry import EVERYBODY

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class GroupKeywords(Component):
    """Broadcasts."""

    @keyword(tags=["Receiving", "Groups"])
    def all_clients_should_receive(
        self,
        clients: Clients,
        *,
        json: Json = None,
        text: str = "",
        regex: str = "",
        jsonpath: str = "",
        kind: str = "",
        fields: dict[str, Any] = None,
        schema: str = "",
        opcode: str = "",
        where: str = "",
        since: Since = None,
        once: bool = True,
        timeout: timedelta = timedelta(seconds=5),
        settle: timedelta = timedelta(seconds=0.5),
        msg: str = "",
    ) -> FanOut:
        """Waits until a message has come to every one of the clients.

        Args:
            clients: a group, or a list of clients and groups.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            once: no client may get it twice, also not while listening on for `settle`.
            timeout: how long to wait, for all together.
            settle: how long to listen on if `once`.
            msg: words to put before a failure's text.

        Returns:
            `latencies_ms` by client, counted from `since`, `messages` by client, `first_ms` and `last_ms`.

        ```robotframework
        Open Clients    member    3    ${ECHO_URL}
        ${mark}    Set Mark    hello
        Send Text    member-001    hello
        Send Text    member-002    hello
        Send Text    member-003    hello
        ${fan_out}    All Clients Should Receive    member    text=hello    since=${mark}    settle=50ms
        Length Should Be    ${fan_out.latencies_ms}    3
        ```
        """
        wait = self.wait(
            since,
            timeout,
            json=json,
            text=text,
            regex=regex,
            jsonpath=jsonpath,
            kind=kind,
            fields=fields,
            schema=schema,
            opcode=opcode,
            where=predicate(where),
        )
        settle_s = settle.total_seconds() if once else None
        return self._judged(expect_everywhere(wait, self.clients.resolve(clients), settle_s), msg)

    @keyword(tags=["Receiving", "Groups"])
    def only_these_clients_should_receive(
        self,
        clients: Clients,
        *,
        among: Clients = None,
        json: Json = None,
        text: str = "",
        regex: str = "",
        jsonpath: str = "",
        kind: str = "",
        fields: dict[str, Any] = None,
        schema: str = "",
        opcode: str = "",
        where: str = "",
        since: Since = None,
        timeout: timedelta = timedelta(seconds=5),
        settle: timedelta = timedelta(seconds=0.5),
        msg: str = "",
    ) -> FanOut:
        """Waits until a message has come once to every one of the clients; nobody else may get it.

        Args:
            clients: a group, or a list of clients and groups.
            among: who may not get it unless named in `clients`; all clients if not given.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            timeout: how long to wait, for all together.
            settle: how long to listen on afterwards.
            msg: words to put before a failure's text.

        Returns:
            `latencies_ms` by client, counted from `since`, `messages` by client, `first_ms` and `last_ms`.

        ```robotframework
        Open Clients    member    2    ${ECHO_URL}
        Open Client    outsider    ${ECHO_URL}
        ${mark}    Set Mark    hello
        Send Text    member-001    hello
        Send Text    member-002    hello
        Only These Clients Should Receive    member    among=all    text=hello    since=${mark}    settle=50ms
        ```
        """
        wait = self.wait(
            since,
            timeout,
            json=json,
            text=text,
            regex=regex,
            jsonpath=jsonpath,
            kind=kind,
            fields=fields,
            schema=schema,
            opcode=opcode,
            where=predicate(where),
        )
        those = self.clients.resolve(clients)
        others = [client for client in self.clients.resolve(among or [EVERYBODY]) if client not in those]
        outcome = expect_everywhere(wait, those, settle.total_seconds())
        return self._judged(outcome if isinstance(outcome, str) else expect_nowhere(wait, others) or outcome, msg)

    def _judged(self, outcome: FanOut | str, msg: str) -> FanOut:
        if isinstance(outcome, str):
            raise fail(outcome, msg)
        logger.info(f"{outcome!r}")
        return outcome
