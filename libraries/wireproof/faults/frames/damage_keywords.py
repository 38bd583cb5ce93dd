"""Keywords that damage messages on a link, and that cut them into fragments."""

from datetime import timedelta

from robot.api.deco import keyword

from wireproof.arguments import Json, Names
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.frames import deeds
from wireproof.faults.frames.component import ALL, FrameComponent, Plan, drawn, which
from wireproof.faults.links.component import Seed, reach_of
from wireproof.faults.links.reach import Directions
from wireproof.quantities import Fraction, Size

# mypy: implicit-optional
# ruff: noqa: B008, RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class DamageKeywords(FrameComponent):
    """Truncated, damaged and fragmented messages."""

    @keyword(tags=["Faults", "Frames"])
    def truncate_frames(
        self,
        link: str,
        *,
        keep: Size = Size(0),
        kind: str = "",
        json: Json = None,
        regex: str = "",
        skip: int = 0,
        every: int = 1,
        count: int = 0,
        share: Fraction = ALL,
        seed: int = None,
        direction: Directions = "to client",
        client: Names = None,
        dialect: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Cuts off the end of messages; the frames say their new length, so framing stays whole.

        Args:
            link: its name.
            keep: how much of each is left, such as `10 B`; shorter ones pass as they are.
            kind: only messages of this kind, in the dialect's terms; see [Which messages].
            json: only messages with this JSON; see [Which messages].
            regex: only messages in whose text this is found.
            skip: so many of them pass first.
            every: then every so-manieth is taken.
            count: at most so many are taken, 0 for no limit.
            share: a part of them at random, such as `1 %`.
            seed: repeats the chance of an earlier run, whose log tells it.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Truncate Frames    room    keep=5 B
        Send Text    alice    hello world
        Wait For Message    alice    text=hello
        ```
        """
        draws = Seed(seed)
        plan = Plan(
            drawn(f"messages cut to {keep}", share, draws),
            reach_of(direction, client, duration),
            lambda _: deeds.Truncate(keep.bytes),
            choice=which(
                kind=kind,
                json=json,
                regex=regex,
                skip=skip,
                every=every,
                count=count,
                share=share,
                seed=draws.value,
            ),
            dialect=dialect,
        )
        return self.disturb(link, plan)

    @keyword(tags=["Faults", "Frames"])
    def corrupt_frames(
        self,
        link: str,
        *,
        kind: str = "",
        json: Json = None,
        regex: str = "",
        skip: int = 0,
        every: int = 1,
        count: int = 0,
        share: Fraction = ALL,
        seed: int = None,
        direction: Directions = "to client",
        client: Names = None,
        dialect: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Puts a byte into messages that no UTF-8 text has; a text is then invalid, and its reader closes with 1007.

        JSON in binary frames is damaged as well.

        Args:
            link: its name.
            kind: only messages of this kind, in the dialect's terms; see [Which messages].
            json: only messages with this JSON; see [Which messages].
            regex: only messages in whose text this is found.
            skip: so many of them pass first.
            every: then every so-manieth is taken.
            count: at most so many are taken, 0 for no limit.
            share: a part of them at random, such as `1 %`.
            seed: repeats the chance of an earlier run, whose log tells it.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Corrupt Frames    room    count=1
        Send Text    alice    hello
        Wait For Close    alice    code=1007
        ```
        """
        draws = Seed(seed)
        plan = Plan(
            drawn(f"messages made invalid UTF-8, {draws}", share, draws),
            reach_of(direction, client, duration),
            lambda passage: deeds.Corrupt(draws.draw(passage)),
            choice=which(
                kind=kind,
                json=json,
                regex=regex,
                skip=skip,
                every=every,
                count=count,
                share=share,
                seed=draws.value,
            ),
            dialect=dialect,
        )
        return self.disturb(link, plan)

    @keyword(tags=["Faults", "Frames"])
    def fragment_frames(
        self,
        link: str,
        *,
        pieces: int = 2,
        with_pings: bool = False,
        kind: str = "",
        json: Json = None,
        regex: str = "",
        skip: int = 0,
        every: int = 1,
        count: int = 0,
        share: Fraction = ALL,
        seed: int = None,
        direction: Directions = "to client",
        client: Names = None,
        dialect: str = "",
        duration: timedelta = None,
    ) -> Fault:
        """Splits messages into fragments; a reader that follows RFC 6455 gets the same messages.

        Args:
            link: its name.
            pieces: how many fragments each becomes.
            with_pings: a ping comes between each two, as the RFC allows.
            kind: only messages of this kind, in the dialect's terms; see [Which messages].
            json: only messages with this JSON; see [Which messages].
            regex: only messages in whose text this is found.
            skip: so many of them pass first.
            every: then every so-manieth is taken.
            count: at most so many are taken, 0 for no limit.
            share: a part of them at random, such as `1 %`.
            seed: repeats the chance of an earlier run, whose log tells it.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            dialect: what reads the messages; the client's own if not given.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Fragment Frames    room    pieces=3    with_pings=yes
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ```
        """
        if pieces < 2:
            raise FaultError(f"pieces is 2 or more, not {pieces}")
        draws = Seed(seed)
        plan = Plan(
            drawn(f"messages in {pieces} fragments", share, draws),
            reach_of(direction, client, duration),
            lambda _: deeds.Fragment(pieces, with_pings=with_pings),
            choice=which(
                kind=kind,
                json=json,
                regex=regex,
                skip=skip,
                every=every,
                count=count,
                share=share,
                seed=draws.value,
            ),
            dialect=dialect,
        )
        return self.disturb(link, plan)
