"""Keywords that wait for messages, or for silence."""

from datetime import timedelta
from typing import Any

from robot.api import logger
from robot.api.deco import keyword

from wireproof.arguments import Json
from wireproof.dialects import Message
from wireproof.failures import fail
from wireproof.journal import Mark
from wireproof.journal import current as journal
from wireproof.moments import Since
from wireproof.sockets.arguments import Clients
from wireproof.sockets.component import Component
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.predicate_keywords import predicate

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class WaitingKeywords(Component):
    """Marks and waits."""

    @keyword(tags=["Receiving"])
    def set_mark(self, name: str = "") -> Mark:
        """Marks this moment: receiving keywords then look at what came after it.

        Args:
            name: to refer to it by `since=name`; the latest mark of a name counts.

        Returns:
            The mark, which can serve as `since` itself.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Text    alice    before
        Wait For Message    alice    text=before
        Set Mark    request
        Send Text    alice    after
        Wait For Message    alice    text=after    since=request
        No Message Should Arrive    alice    text=before    since=request    within=50ms
        ```
        """
        return journal().mark(name)

    @keyword(tags=["Receiving"])
    def wait_for_message(
        self,
        client: str,
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
        timeout: timedelta = timedelta(seconds=5),
        msg: str = "",
    ) -> Message:
        """Waits until a message comes that is all that is asked; one that came before the wait counts too.

        Args:
            client: the client's name.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            timeout: how long to wait.
            msg: words to put before a failure's text.

        Returns:
            The first such message: `json`, `text`, `raw` (bytes), `kind`, `id`, `fields`, `seq`, `at_ms`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Json    alice    {"type": "order.paid", "order": 17}
        ${message}    Wait For Message    alice    json={"order": 17}    timeout=2s
        Should Be Equal    ${message.kind}    order.paid
        ```
        """
        receiver = self.find(client)
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
        found = wait.collect(receiver, 1)
        if not found:
            raise fail(wait.missing(receiver, 0, 1), msg)
        return _told(found)[0]

    @keyword(tags=["Receiving"])
    def wait_for_messages(
        self,
        client: str,
        count: int,
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
        exactly: bool = False,
        settle: timedelta = timedelta(seconds=0.5),
        timeout: timedelta = timedelta(seconds=5),
        msg: str = "",
    ) -> list[Message]:
        """Waits until so many messages have come that are all that is asked.

        Args:
            client: the client's name.
            count: how many.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            exactly: no more may come, also not while listening on for `settle`.
            settle: how long to listen on if `exactly`.
            timeout: how long to wait.
            msg: words to put before a failure's text.

        Returns:
            The messages, in order of arrival.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Message    alice    {"text": "line"}    kind=say    count=3
        Wait For Messages    alice    3    kind=say    exactly=yes    settle=50ms
        ```
        """
        if count < 1:
            raise SocketsError(f"count is 1 or more, not {count}: use No Message Should Arrive for none")
        receiver = self.find(client)
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
        found = wait.collect(receiver, count)
        if len(found) < count:
            raise fail(wait.missing(receiver, len(found), count), msg)
        if exactly:
            found = wait.settle(receiver, settle.total_seconds())
            if len(found) > count:
                raise fail(wait.too_many(receiver, found, count), msg)
        return _told(found)

    @keyword(tags=["Receiving"])
    def message_should_arrive_once(
        self,
        client: str,
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
        timeout: timedelta = timedelta(seconds=5),
        settle: timedelta = timedelta(seconds=0.5),
        msg: str = "",
    ) -> Message:
        """Waits for a message, then listens on for `settle`: no second one may come.

        Args:
            client: the client's name.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            timeout: how long to wait for it.
            settle: how long to listen on afterwards; the end of the connection ends it too.
            msg: words to put before a failure's text.

        Returns:
            The message.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Json    alice    {"order": 17}
        ${message}    Message Should Arrive Once    alice    json={"order": 17}    settle=50ms
        Should Be Equal    ${message.json}[order]    ${17}
        ```
        """
        receiver = self.find(client)
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
        if not wait.collect(receiver, 1):
            raise fail(wait.missing(receiver, 0, 1), msg)
        found = wait.settle(receiver, settle.total_seconds())
        if len(found) > 1:
            raise fail(wait.too_many(receiver, found, 1), msg)
        return _told(found)[0]

    @keyword(tags=["Receiving"])
    def no_message_should_arrive(
        self,
        client: Clients,
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
        within: timedelta = timedelta(seconds=1),
        msg: str = "",
    ) -> None:
        """Listens for `within`: no message that is all that is asked may come, nor have come since the mark.

        Args:
            client: a client, a group, or a list; a client that is closed proves nothing, so that fails too.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            within: how long to listen.
            msg: words to put before a failure's text.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Open Client    bob    ${ECHO_URL}
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        No Message Should Arrive    bob    within=100ms
        ```
        """
        wait = self.wait(
            since,
            within,
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
        for receiver in self.clients.resolve(client):
            found = wait.collect(receiver, 1)
            if found:
                raise fail(wait.unwanted(receiver, found[0]), msg)
            if ending := receiver.deafness(wait.started_ns):
                raise fail(wait.deaf(receiver, ending), msg)


def _told(messages: list[Message]) -> list[Message]:
    """The one line of a wait in the log."""
    if messages:
        logger.info(f"{len(messages)} came, the last: {messages[-1]!r}" if len(messages) > 1 else f"{messages[0]!r}")
    return messages
