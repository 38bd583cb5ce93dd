"""Keywords that send."""

from datetime import timedelta

from robot.api import logger
from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof.arguments import Json
from wireproof.dialects import BINARY, TEXT, Draft, Message, Outgoing
from wireproof.failures import fail
from wireproof.matching import Matcher
from wireproof.moments import Moment
from wireproof.quantities import Rate
from wireproof.sockets.arguments import Payload
from wireproof.sockets.component import Component
from wireproof.sockets.options import encode_json, encode_text
from wireproof.sockets.outcomes import Sent
from wireproof.sockets.patience import paced
from wireproof.sockets.waits import Wait

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class SendingKeywords(Component):
    """Text, JSON, bytes, the dialect's messages, and what no dialect would send."""

    @keyword(tags=["Sending"])
    def send_text(self, client: str, text: str) -> Sent:
        """Sends a text message as it is.

        Args:
            client: the client's name.
            text: what to send; half a character (a lone surrogate) is refused, it has no UTF-8.

        Returns:
            What was sent: `at_ms`, `length`; it can serve as `since`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ```
        """
        return self._send(client, Outgoing(encode_text(text), TEXT))

    @keyword(tags=["Sending"])
    def send_json(self, client: str, body: Json) -> Sent:
        """Sends a JSON value as a text message, whatever the dialect.

        Args:
            client: the client's name.
            body: JSON text, a dictionary or a list. Values may be `Secret`; they are unwrapped on sending only.

        Returns:
            What was sent: `at_ms`, `length`; it can serve as `since`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Json    alice    {"order": 17, "paid": true}
        Wait For Message    alice    json={"paid": true}
        ```
        """
        payload, confidential = encode_json(body)
        return self._send(client, Outgoing(payload, TEXT, confidential=confidential))

    @keyword(tags=["Sending"])
    def send_binary(self, client: str, data: Payload) -> Sent:
        """Sends a binary message.

        Args:
            client: the client's name.
            data: bytes, a text (sent as UTF-8), or `hex:` and hexadecimal digits.

        Returns:
            What was sent: `at_ms`, `length`; it can serve as `since`.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Send Binary    alice    hex:01 02 ff
        ${message}    Wait For Message    alice    opcode=binary
        Should Be Equal As Strings    ${message.raw.hex()}    0102ff
        ```
        """
        return self._send(client, Outgoing(bytes(data), BINARY))

    @keyword(tags=["Sending"])
    def send_message(
        self,
        client: str,
        body: Json = None,
        *,
        kind: str = "",
        to: str = "",
        fields: dict[str, str | Secret] = None,
        id: str = "",
        count: int = 1,
        rate: Rate = None,
    ) -> Sent | list[Sent]:
        """Sends a message of the client's dialect, with a fresh id.

        Args:
            client: the client's name.
            body: what the message says: JSON text, a dictionary or a list.
            kind: the dialect's kind of message.
            to: the recipient, where the dialect has one.
            fields: headers or top-level fields; values may be `Secret`.
            id: an id of your own, in place of a fresh one.
            count: how many times, each with a fresh id unless `id` is given.
            rate: how fast, such as `50/s`; as fast as possible without it.

        Returns:
            What was sent (`id`, `kind`, `at_ms`, `length`); a list of them if `count` is not 1.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        ${sent}    Send Message    alice    {"text": "hello"}    kind=say
        Wait For Message    alice    kind=say    json={"id": "${sent.id}"}
        ```
        """
        draft = Draft(body, kind, to, fields or {}, id)
        if count == 1:
            sender = self.sender(client)
            return self._logged(sender.send(sender.encode(draft)))
        if rate is not None:
            self.clients.guard_rails.allow_rate(rate)
        sent = []
        for _ in paced(count, rate):
            sender = self.sender(client)
            sent.append(sender.send(sender.encode(draft)))
        return sent

    @keyword(tags=["Sending", "Receiving"])
    def send_message_and_wait_for_reply(
        self,
        client: str,
        body: Json = None,
        *,
        kind: str = "",
        to: str = "",
        fields: dict[str, str | Secret] = None,
        timeout: timedelta = timedelta(seconds=5),
        msg: str = "",
    ) -> Message:
        """Sends a message of the client's dialect and waits for what answers it by the dialect's rules.

        Args:
            client: the client's name.
            body: what the message says: JSON text, a dictionary or a list.
            kind: the dialect's kind of message.
            to: the recipient, where the dialect has one.
            fields: headers or top-level fields; values may be `Secret`.
            timeout: how long to wait for the reply.
            msg: words to put before a failure's text.

        Returns:
            The reply.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        ${reply}    Send Message And Wait For Reply    alice    {"ask": 1}
        Should Be Equal    ${reply.json}[ask]    ${1}
        ```
        """
        sender = self.sender(client)
        outgoing = sender.encode(Draft(body, kind, to, fields or {}))
        sent = sender.send(outgoing)
        asked = f"{outgoing.kind or 'message'} {outgoing.id}".strip()
        wait = Wait.begin(Matcher(), Moment(sent.at_ns, f"sending {asked}"), timeout.total_seconds())
        for message in sender.inbox.follow(sent.at_ns, wait.deadline_ns):
            if sender.is_reply(outgoing, message):
                return message
        raise fail(wait.unanswered(sender, asked), msg)

    def _send(self, client: str, outgoing: Outgoing) -> Sent:
        return self._logged(self.sender(client).send(outgoing))

    def _logged(self, sent: Sent) -> Sent:
        logger.debug(f"{sent!r}")
        return sent
