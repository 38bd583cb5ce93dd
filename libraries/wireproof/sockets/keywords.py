"""The library `wireproof.Sockets`."""

from typing import Any

from robot.api.deco import library
from robotlibcore import DynamicCore

from wireproof.sockets.arguments import CONVERTERS
from wireproof.sockets.closing_keywords import ClosingKeywords
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.group_keywords import GroupKeywords
from wireproof.sockets.inbox_keywords import InboxKeywords
from wireproof.sockets.opening_keywords import OpeningKeywords
from wireproof.sockets.raw_keywords import RawKeywords
from wireproof.sockets.registry import Registry
from wireproof.sockets.secret_keywords import SecretKeywords
from wireproof.sockets.sending_keywords import SendingKeywords
from wireproof.sockets.settings_keywords import SettingsKeywords
from wireproof.sockets.tracking_keywords import TrackingKeywords
from wireproof.sockets.waiting_keywords import WaitingKeywords


@library(scope="GLOBAL", doc_format="MARKDOWN", converters=CONVERTERS)
class Sockets(DynamicCore):  # type: ignore[misc]  # PythonLibCore has no types
    """WebSocket clients that send, wait and judge what comes.

    A *client* is a connection with a name and an inbox. A thread of its own reads what comes, answers pings and keeps
    every message, so nothing is lost between keywords: `Wait For Message` sees what came before it was called. Nothing
    is ever consumed; two keywords may look at the same message.

    ```robotframework
    *** Settings ***
    Library    wireproof.Sockets

    *** Test Cases ***
    Order Update Is Pushed Once
        Open Client    alice    ws://127.0.0.1:3001/
        Set Mark    request
        Send Json    alice    {"type": "pay", "order": 17}
        Message Should Arrive Once    alice    json={"type": "order.paid", "order": 17, "at": "#datetime"}
    ```

    Compression is not spoken: clients stand on websocket-client, which has no permessage-deflate, so they do not offer
    it, and a server that turns it on unasked is refused.

    ## Clients and groups

    `Open Client` opens one, `Open Clients` a *group* of them at once: `member-001`, `member-002`, … Where a keyword
    takes several clients it takes a name, a group's name, a list of both, or `all`.

    What a test opens is closed at its end, also when it fails; what a suite set-up opens, at the suite's end. Opening a
    name that is open fails and says who opened it. The inbox survives `Reconnect Client` and the reconnecting that
    `reconnect=100ms..5s` asks for. A client comes back by itself only after a loss or the close codes 1001, 1011, 1012,
    1013 and 1014; every other code is the server's decision.

    A wait ends at once when its client is closed, and says how: `alice was closed by the server (4401 'token expired')
    0.24 s into a wait of 2 s`. Robot's own time-outs interrupt every wait within 300 ms.

    ## Marks and since

    Receiving keywords look at messages `since` a moment: the last `Set Mark` of the running test, else the test's start
    (in a suite set-up the suite's). Waits never move it. So set a mark, trigger, then wait: no message can slip through
    in between. A mark belongs to no client, and ends with the test or suite it was set in. `since` also takes a mark's
    name, a message (its arrival) or what a sending keyword returned (its sending).

    ## Matching

    All parts that are given have to fit together:

    - `json`: some keys of an object, all elements of a list in order, at every depth; numbers and texts are different.
      Words such as `#uuid`, `#datetime`, `#number`, `#string`, `#present`, `#absent` and `#regex …` stand for any value
      of a kind.
    - `text`, `regex`: the whole text, a pattern found in it.
    - `jsonpath`: something is found there, as in `$.items[?(@.id==17)]`.
    - `kind`, `fields`: what the dialect calls the kind, and headers or top-level fields.
    - `schema`: a JSON Schema, as a file or as text.
    - `opcode`: `text` or `binary`.
    - `where`: a keyword that is given the message; it says yes by passing, unless it returns something false.

    A failure names the nearest miss: `alice: no message {"order":17} within 2 s of mark 'request'; 3 came, nearest #12
    differs: order expected 17 (number), got "17" (text)`.

    ## Dialects

    A dialect knows how a protocol carries messages: what is the kind, the id, the reply; how to log in; what to answer.
    There are `json` (the default), `echo`, `cloudmessage`, `graphql-transport-ws` and `stomp`. `Define Dialect` makes
    one of JSON paths; a class in a Python module is given by its import path. Messages of the protocol itself, such as
    heartbeats, are answered in the background and hidden from waits.

    ## Secrets

    Headers, query parameters, cookies, logins and bodies take Robot's `Secret` as values, nested too. They are
    unwrapped when they are sent and masked everywhere else. A `Secret` put inside a text becomes the text `<secret>`,
    so that text is never sent; write `VAR    ${HEADER: Secret}    Bearer ${TOKEN}`, or use `Create Secret`. `Http Auth`
    gives a secret to RequestsLibrary.

    ## TLS

    For `wss` urls certificate, host and a version below TLS 1.2 fail by default. `tls` takes PEM files: `ca` (the
    authority to trust in place of the system's and those of `SSL_CERT_FILE`), `cert` and `key` for a client's
    certificate, `key_password`, and `server_name` where the certificate has another name than the url. An encrypted key
    without its password fails; nothing is ever asked on a terminal. `verify` False accepts every certificate, with a
    warning in the log.

    `HTTPS_PROXY` (for wss), `HTTP_PROXY` (for ws) and `NO_PROXY` are honoured; loopback is always reached directly.
    """

    def __init__(self) -> None:
        self.clients = Registry()
        topics = (
            SettingsKeywords,
            OpeningKeywords,
            ClosingKeywords,
            SendingKeywords,
            TrackingKeywords,
            RawKeywords,
            WaitingKeywords,
            InboxKeywords,
            GroupKeywords,
            SecretKeywords,
        )
        super().__init__([topic(self.clients) for topic in topics])

    def run_keyword(self, name: str, args: list[Any], kwargs: dict[str, Any] | None = None) -> Any:
        """Runs a keyword; what an author can act on becomes one plain line without a traceback."""
        try:
            return super().run_keyword(name, args, kwargs)
        except ValueError as error:
            raise SocketsError(str(error)) from None
