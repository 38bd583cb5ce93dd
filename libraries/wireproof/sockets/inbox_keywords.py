"""Keywords that look at the messages that have come."""

from datetime import timedelta
from typing import Any

from assertionengine import AssertionOperator, verify_assertion
from robot.api.deco import keyword

from wireproof.arguments import Json
from wireproof.dialects import Message
from wireproof.failures import fail
from wireproof.moments import Since
from wireproof.sockets.arguments import Clients
from wireproof.sockets.component import Component
from wireproof.sockets.order import disorder
from wireproof.sockets.predicate_keywords import predicate

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

_NOW = timedelta()


class InboxKeywords(Component):
    """What came so far; nothing here waits."""

    @keyword(tags=["Receiving", "Getter"])
    def get_messages(
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
        raw: bool = False,
    ) -> list[Message] | list[bytes]:
        """Gets the messages that have come, without waiting.

        Args:
            client: the client's name.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            raw: gives the bytes of each message, also of those that are no text.

        Returns:
            The messages in order of arrival: `json`, `text`, `raw`, `kind`, `id`, `fields`, `seq`, `at_ms`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ${messages}    Get Messages    alice    text=hello
        Length Should Be    ${messages}    1
        ```
        """
        wait = self.wait(
            since,
            _NOW,
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
        found = wait.so_far(self.find(client))
        return [message.raw for message in found] if raw else found

    @keyword(tags=["Receiving", "Getter", "Assertion"])
    def get_message_count(
        self,
        client: str,
        operator: AssertionOperator = None,
        expected: int = None,
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
        msg: str = "",
    ) -> int:
        """Gets how many messages have come, and compares.

        Args:
            client: the client's name.
            operator: `==`, `!=`, `<`, `>`, `<=`, `>=`; see [AssertionOperator].
            expected: the number to compare with.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            msg: words to put before a failure's text.

        Returns:
            The number.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Message    alice    {"n": 1}    kind=say    count=3
        Wait For Messages    alice    3    kind=say
        Get Message Count    alice    ==    3    kind=say
        ```
        """
        wait = self.wait(
            since,
            _NOW,
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
        found = len(wait.so_far(self.find(client)))
        try:
            return int(verify_assertion(found, operator, expected, f"{client}: number of messages{wait.what}"))
        except AssertionError as error:
            raise fail(str(error), msg) from None

    @keyword(tags=["Receiving", "Assertion"])
    def messages_should_be_in_order(
        self,
        client: Clients,
        *,
        by: str,
        step: int = None,
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
        msg: str = "",
    ) -> None:
        """Checks that a value in the messages rises from each to the next, at every client.

        Args:
            client: a client, a group, or a list.
            by: where the value stands, a JSON path such as `$.version`; numbers, or texts that sort.
            step: by how much it has to rise, so that a gap is found too.
            json: which messages are meant, with the arguments down to `where`; see [Matching].
            since: what came before is not looked at; see [Marks and since].
            msg: words to put before a failure's text.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        FOR    ${n}    IN RANGE    1    4
            Send Json    alice    {"version": ${n}}
        END
        Wait For Messages    alice    3    jsonpath=$.version
        Messages Should Be In Order    alice    by=$.version    step=1
        ```
        """
        wait = self.wait(
            since,
            _NOW,
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
            problem = disorder(wait.so_far(receiver), by, step)
            if problem:
                raise fail(f"{receiver.name}: {problem}, messages{wait.what} since {wait.since.words}", msg)
