"""Keywords that send messages of which a delivery ledger knows who has to get them."""

from functools import partial

from robot.api import logger
from robot.api.deco import keyword
from robot.api.types import Secret

from wireproof import scopes
from wireproof.arguments import Json
from wireproof.dialects import Draft
from wireproof.quantities import Rate
from wireproof.sockets.arguments import Clients
from wireproof.sockets.client import Client
from wireproof.sockets.component import Component
from wireproof.sockets.errors import SocketsError
from wireproof.sockets.outcomes import Sent, TrafficReport
from wireproof.sockets.patience import paced
from wireproof.sockets.registry import Registry
from wireproof.sockets.tracked import Tracked, fresh_id, heard_by
from wireproof.sockets.traffic import Traffic, Traffics

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

DEFAULT = "traffic"
"""What tracked traffic is called that has no name of its own."""


class TrackingKeywords(Component):
    """Messages with a declared audience."""

    def __init__(self, clients: Registry) -> None:
        super().__init__(clients)
        self._traffics = Traffics()

    @keyword(tags=["Sending", "Tracking"])
    def send_tracked_messages(
        self,
        client: Clients,
        count: int = 1,
        *,
        audience: Clients,
        body: Json = None,
        kind: str = "",
        to: str = "",
        fields: dict[str, str | Secret] = None,
        echo: bool = False,
        rate: Rate = None,
    ) -> list[Sent]:
        """Sends messages and declares who has to get them, so that a ledger of `wireproof.Delivery` can judge each.

        Their ids are this run's own, so that a message left over from another run is never taken for one of them. A
        body that is an object, or that is not given, gets a `number` of its own.

        Args:
            client: who sends: a client, a group, or a list. Several take turns, message by message.
            count: how many each of them sends.
            audience: the clients that have to get each message.
            body: what the messages say: JSON text, a dictionary or a list.
            kind: the dialect's kind of message.
            to: the recipient, where the dialect has one.
            fields: headers or top-level fields; values may be `Secret`.
            echo: whether a sender that is in the audience has to get its own messages, too.
            rate: how fast all together, such as `200/s`; as fast as possible without it.

        Returns:
            What was sent (`client`, `id`, `kind`, `at_ms`, `length`), in order.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Send Tracked Messages    alice    3    audience=alice    echo=yes
        Wait For Messages    alice    3
        ```
        """
        if count < 1:
            raise SocketsError(f"count is 1 or more, not {count}")
        if rate is not None:
            self.clients.guard_rails.allow_rate(rate, self._traffics.rate)
        senders = self.clients.resolve(client)
        tracked = self._tracked(senders, audience, Draft(body, kind, to, fields or {}), echo=echo)
        sent = []
        for turn in paced(count * len(senders), rate):
            sender = senders[turn % len(senders)]
            self.clients.guard_rails.wait_to_send()
            sent.append(tracked.send(sender, fresh_id()))
        logger.debug(f"{len(sent)} tracked messages, {sent[0].id} to {sent[-1].id}")
        return sent

    @keyword(tags=["Sending", "Tracking"])
    def start_tracked_traffic(
        self,
        client: Clients,
        *,
        audience: Clients,
        rate: Rate,
        name: str = DEFAULT,
        body: Json = None,
        kind: str = "",
        to: str = "",
        fields: dict[str, str | Secret] = None,
        echo: bool = False,
    ) -> None:
        """Sends tracked messages in the background, steadily, until `Stop Tracked Traffic` or the end of the test.

        Each message is sent when it is due, whatever became of those before it. One that is due while its client is not
        open, or that could not be sent for a second, is noted as *unsent* and not made up for. A client that was opened
        with `reconnect` comes back by itself, and its traffic goes on.

        Args:
            client: who sends: a client, a group, or a list. Several take turns, message by message.
            audience: the clients that have to get each message.
            rate: how fast all together, such as `200/s`.
            name: what the traffic is called; several may run at once.
            body: what the messages say: JSON text, a dictionary or a list.
            kind: the dialect's kind of message.
            to: the recipient, where the dialect has one.
            fields: headers or top-level fields; values may be `Secret`.
            echo: whether a sender that is in the audience has to get its own messages, too.

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Start Tracked Traffic    alice    audience=alice    echo=yes    rate=200/s
        Wait For Messages    alice    20
        ${traffic}    Stop Tracked Traffic
        Should Be True    ${traffic.sent} >= 20 and ${traffic.unsent} == 0
        ```
        """
        self._traffics.require_free(name)
        self.clients.guard_rails.allow_rate(rate, self._traffics.rate)
        senders = self.clients.resolve(client)
        tracked = self._tracked(senders, audience, Draft(body, kind, to, fields or {}), echo=echo)
        for sender in senders:
            sender.encode(tracked.draft)  # what cannot be sent at all is told now
        names = [sender.name for sender in senders]
        traffic = Traffic(name, tracked, names, rate, self.find, self.clients.guard_rails)
        self._traffics.add(traffic)
        scopes.current().defer(partial(self._traffics.end, traffic))
        traffic.start()

    @keyword(tags=["Sending", "Tracking"])
    def stop_tracked_traffic(self, name: str = DEFAULT) -> TrafficReport:
        """Ends what `Start Tracked Traffic` began, and says what was sent; stopping it twice does no harm.

        Args:
            name: what the traffic is called.

        Returns:
            An object with `sent`, `unsent`, `by_client` (sent, by sender), `rate` (due per second), `achieved_rate`
            (sent per second) and `late_p99_ms` (how late 99 % of the messages were sent at most).

        ```robotframework
        Open Client    alice    ${ECHO_URL}    dialect=echo
        Start Tracked Traffic    alice    audience=alice    echo=yes    rate=100/s    name=steady
        Wait For Message    alice
        ${traffic}    Stop Tracked Traffic    steady
        Log    ${traffic.sent} messages, 99 % of them at most ${traffic.late_p99_ms} ms late
        ```
        """
        report = self._traffics.stop(name)
        logger.info(repr(report))
        return report

    def _tracked(self, senders: list[Client], audience: Clients, draft: Draft, *, echo: bool) -> Tracked:
        return Tracked(draft, heard_by(senders, self.clients.resolve(audience), echo=echo))
