"""Keywords that know what a message means: acknowledgements, deliveries, and old messages again."""

from datetime import timedelta
from functools import partial

from robot.api.deco import keyword

from wireproof import scopes
from wireproof.arguments import Json, Names
from wireproof.faults.component import positive_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.frames import deeds
from wireproof.faults.frames.component import FrameComponent, Plan, which
from wireproof.faults.frames.meaning import Recording, acknowledgement_of, is_delivery
from wireproof.faults.links.component import ns, reach_of
from wireproof.faults.links.proxy import FaultProxy
from wireproof.faults.links.reach import Directions, Reach
from wireproof.faults.links.stage import Direction
from wireproof.quantities import Duration

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class MessageKeywords(FrameComponent):
    """Faults of messages in the terms of their protocol."""

    @keyword(tags=["Faults", "Messages"])
    def drop_acknowledgements(
        self,
        link: str,
        *,
        of: str = "",
        kind: str = "",
        json: Json = None,
        regex: str = "",
        skip: int = 0,
        every: int = 1,
        count: int = 0,
        direction: Directions = "to client",
        client: Names = None,
        dialect: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Loses acknowledgements and nothing else: what they confirm has happened, and its sender does not hear of it.

        To clients these are the server's words to a sender, to the server those of a recipient. What lets a client in
        is none, as far as the dialect can tell.

        Args:
            link: its name.
            of: only of the message with this id.
            kind: only those of this kind, in the dialect's terms; see [Which messages].
            json: only those with this JSON; see [Which messages].
            regex: only those in whose text this is found.
            skip: so many of them pass first.
            every: then every so-manieth is taken.
            count: at most so many are taken, 0 for no limit.
            direction: `to client`, `to server` or both.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Drop Acknowledgements    room    of=m-1    dialect=cloudmessage
        Send Json    alice    {"id": "m-1", "type": "user_message"}
        Send Json    alice    {"type": "ack", "payload": {"originalMessageId": "m-1"}}
        Send Json    alice    {"type": "ack", "payload": {"originalMessageId": "m-2"}}
        Wait For Message    alice    json={"payload": {"originalMessageId": "m-2"}}
        No Message Should Arrive    alice    json={"payload": {"originalMessageId": "m-1"}}    within=50ms
        ```
        """
        reach = reach_of(direction, client, duration)
        plan = Plan(
            "acknowledgements dropped",
            reach,
            lambda _: deeds.Drop(),
            which(
                kind=kind,
                json=json,
                regex=regex,
                skip=skip,
                every=every,
                count=count,
                is_kind=acknowledgement_of(of),
            ),
            dialect=dialect,
            claims=_acknowledgements(reach),
        )
        return self.disturb(link, plan)

    @keyword(tags=["Faults", "Messages"])
    def delay_acknowledgements(
        self,
        link: str,
        delay: timedelta,
        *,
        of: str = "",
        kind: str = "",
        json: Json = None,
        regex: str = "",
        skip: int = 0,
        every: int = 1,
        count: int = 0,
        direction: Directions = "to client",
        client: Names = None,
        dialect: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Delays acknowledgements and nothing else, past the patience of who waits for them.

        Args:
            link: its name.
            delay: how much later they come; at once when the fault is healed.
            of: only of the message with this id.
            kind: only those of this kind, in the dialect's terms; see [Which messages].
            json: only those with this JSON; see [Which messages].
            regex: only those in whose text this is found.
            skip: so many of them pass first.
            every: then every so-manieth is taken.
            count: at most so many are taken, 0 for no limit.
            direction: `to client`, `to server` or both.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Delay Acknowledgements    room    200ms    dialect=cloudmessage
        Send Json    alice    {"type": "ack", "payload": {"originalMessageId": "m-1"}}
        Send Json    alice    {"type": "user_message"}
        ${ack}    Wait For Message    alice    json={"type": "ack"}
        Should Be Equal    ${ack.index}    ${2}
        ```
        """
        delay_s = positive_s(delay, "delay")
        reach = reach_of(direction, client, duration)
        plan = Plan(
            f"acknowledgements late by {Duration(delay_s)}",
            reach,
            lambda _: deeds.Delay(ns(delay_s)),
            which(
                kind=kind,
                json=json,
                regex=regex,
                skip=skip,
                every=every,
                count=count,
                is_kind=acknowledgement_of(of),
            ),
            dialect=dialect,
            claims=_acknowledgements(reach),
        )
        return self.disturb(link, plan)

    @keyword(tags=["Faults", "Messages"])
    def drop_deliveries(
        self,
        link: str,
        *,
        kind: str = "",
        json: Json = None,
        regex: str = "",
        skip: int = 0,
        every: int = 1,
        count: int = 0,
        client: Names = None,
        dialect: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Loses what is delivered to clients; acknowledgements and everything else pass.

        The sender is told that its message was taken over, and its recipient never sees it: who promises delivery has
        to deliver it again.

        Args:
            link: its name.
            kind: only those of this kind, in the dialect's terms; see [Which messages].
            json: only those with this JSON; see [Which messages].
            regex: only those in whose text this is found.
            skip: so many of them pass first.
            every: then every so-manieth is taken.
            count: at most so many are taken, 0 for no limit.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Drop Deliveries    room    dialect=cloudmessage
        Send Json    alice    {"id": "m-1", "type": "user_message", "seq": 1}
        Send Json    alice    {"id": "m-2", "type": "ack", "payload": {"originalMessageId": "m-1"}}
        Wait For Message    alice    json={"type": "ack"}
        No Message Should Arrive    alice    json={"type": "user_message"}    within=50ms
        ```
        """
        plan = Plan(
            "deliveries dropped",
            reach_of("to client", client, duration),
            lambda _: deeds.Drop(),
            which(kind=kind, json=json, regex=regex, skip=skip, every=every, count=count, is_kind=is_delivery),
            dialect=dialect,
        )
        return self.disturb(link, plan)

    @keyword(tags=["Faults", "Messages"])
    def record_messages(
        self,
        link: str,
        *,
        kind: str = "",
        json: Json = None,
        regex: str = "",
        keep: int = 100,
        direction: Direction = "to client",
        client: Names = None,
        dialect: str = "",
    ) -> Recording:
        """Keeps the messages that go through a link, for `Replay Message`; they pass as they are, so it is no fault.

        Args:
            link: its name.
            kind: only those of this kind, in the dialect's terms; see [Which messages].
            json: only those with this JSON; see [Which messages].
            regex: only those in whose text this is found.
            keep: how many, the last ones.
            direction: `to client` or `to server`.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.

        Returns:
            The recording; it goes on until the test or suite ends that began it.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        ${recording}    Record Messages    room    json={"type": "paid"}
        Send Json    alice    {"type": "paid"}
        Wait For Message    alice    json={"type": "paid"}
        Replay Message    ${recording}
        Wait For Messages    alice    2    json={"type": "paid"}
        ```
        """
        if keep < 1:
            raise FaultError(f"keep is 1 or more, not {keep}")
        recording = Recording(link, direction, tuple(client or ()), keep)
        plan = Plan(
            "messages recorded",
            reach_of(direction, client, None),
            lambda _: deeds.Remember(recording.take),
            which(kind=kind, json=json, regex=regex, skip=0, every=1, count=0),
            dialect=dialect,
        )
        proxy = self.checked(link, plan)
        # It has a fault's stages, and only them: nobody is told of a fault, and nothing has to be felt.
        key = Fault(link, plan.name, lambda: None)
        self.install_frames(proxy, key, plan)
        scopes.current().defer(partial(self._end, proxy, key))
        return recording

    @keyword(tags=["Faults", "Messages"])
    def replay_message(self, recording: Recording, *, back: int = 1, client: Names = None) -> Fault:
        """Brings a message again that went through a link before, byte for byte, also on a later connection.

        Args:
            recording: what `Record Messages` returned.
            back: which one: the last is 1, the one before 2.
            client: to the connections of these clients; see [Faults of one client]; to those that were recorded if not
                given.

        Returns:
            The fault; it is over already.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Open Client    bob    ${ECHO_URL}    via=room
        ${recording}    Record Messages    room
        Send Text    alice    for alice only
        Wait For Message    alice    text=for alice only
        Replay Message    ${recording}    client=bob
        Wait For Message    bob    text=for alice only
        ```
        """
        message = recording.message(back)
        reach = Reach(recording.direction, tuple(client or recording.clients))
        return self.push(recording.link, "old message replayed", reach, lambda _: (message,))

    def _end(self, proxy: FaultProxy, key: Fault) -> None:
        if self.links.runs(proxy):
            proxy.remove(key)


def _acknowledgements(reach: Reach) -> tuple[str, ...]:
    return tuple(f"acknowledgements {direction}" for direction in reach.directions)
