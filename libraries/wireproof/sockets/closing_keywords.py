"""Keywords that end connections, or look at how they ended."""

from datetime import timedelta

from assertionengine import AssertionOperator, verify_assertion
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.journal import now_ns
from wireproof.moments import moment
from wireproof.sockets.arguments import Clients
from wireproof.sockets.closure import Closure
from wireproof.sockets.component import Component
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class ClosingKeywords(Component):
    """Closing, aborting, and the state of a client."""

    @keyword(tags=["Closing"])
    def close_client(
        self, client: Clients, *, code: int = 1000, reason: str = "", timeout: timedelta = timedelta(seconds=5)
    ) -> None:
        """Closes clients by the close handshake; their messages stay.

        Args:
            client: a client, a group, or a list; nothing happens to one that is closed already.
            code: the close code: 1000-1003, 1007-1014 or 3000-4999.
            reason: the close reason, at most 123 bytes.
            timeout: how long the server may take to answer the close frame.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Close Client    alice    code=4000    reason=enough
        Get Client State    alice    ==    closed
        ```
        """
        seconds = timeout.total_seconds()
        self.clients.each(
            self.clients.resolve(client),
            lambda one, cancelled: one.close(code, reason, seconds, cancelled),
        )

    @keyword(tags=["Closing"])
    def abort_client(self, client: Clients) -> None:
        """Resets the TCP connection of clients (RST), without a close frame, as a crash would; their messages stay.

        Args:
            client: a client, a group, or a list.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Abort Client    alice
        Get Client State    alice    ==    closed
        ```
        """
        for one in self.clients.resolve(client):
            one.abort()

    @keyword(tags=["Closing"])
    def close_all_clients(self) -> None:
        """Closes every client, whoever opened it, and forgets their names and messages.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Close All Clients
        ```
        """
        self.clients.close_all()

    @keyword(tags=["Closing", "Assertion"])
    def wait_for_close(
        self,
        client: str,
        *,
        code: int = None,
        reason: str = "",
        timeout: timedelta = timedelta(seconds=5),
        msg: str = "",
    ) -> Closure:
        """Waits until a client's connection has ended; one that ended before, since the mark, counts too.

        Args:
            client: the client's name.
            code: the close code it has to end with; 1006 without a close frame, 1005 for one without a code.
            reason: a part of the close reason.
            timeout: how long to wait.
            msg: words to put before a failure's text.

        Returns:
            How it ended: `code`, `reason`, `by` (server, client or network), `at_ms`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Close Client    alice    code=4000
        ${end}    Wait For Close    alice    code=4000
        Should Be Equal    ${end.by}    client
        ```
        """
        one = self.find(client)
        seconds = timeout.total_seconds()
        closure = one.ending
        if closure is None:
            deadline_ns = now_ns() + int(seconds * 1e9)
            closure = next(iter(one.closures.follow(moment(None).at_ns, deadline_ns)), None)
        if closure is None:
            raise fail(f"{one.name}: still {one.state} after a wait of {seconds:g} s for its end", msg)
        if code not in (None, closure.code) or reason not in closure.reason:
            wanted = " ".join(part for part in (str(code or ""), f"'{safe(reason)}'" if reason else "") if part)
            raise fail(f"{one.name} {closure.phrase}, expected {wanted}", msg)
        return closure

    @keyword(tags=["Getter", "Assertion"])
    def get_client_state(
        self, client: str, operator: AssertionOperator = None, expected: str = None, msg: str = ""
    ) -> str:
        """Gets a client's state: `opening` (also while it comes back by itself), `open`, `closing` or `closed`.

        Args:
            client: the client's name.
            operator: `==`, `!=`, `matches`, …; see [AssertionOperator].
            expected: the state to compare with.
            msg: words to put before a failure's text.

        Returns:
            The state.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Get Client State    alice    ==    open
        ```
        """
        one = self.find(client)
        why = f"; it {one.ending.phrase}" if one.ending is not None else ""
        try:
            return str(verify_assertion(one.state, operator, expected, f"{one.name}: state"))
        except AssertionError as error:
            raise fail(f"{error}{why}", msg) from None
