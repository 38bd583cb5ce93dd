"""Keywords that lose, repeat, swap and delay whole messages on a link."""

from datetime import timedelta

from robot.api.deco import keyword

from wireproof.arguments import Json, Names
from wireproof.faults.component import positive_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.frames import deeds
from wireproof.faults.frames.component import ALL, FrameComponent, Plan, drawn, which
from wireproof.faults.links.component import Seed, ns, reach_of
from wireproof.faults.links.reach import Directions
from wireproof.quantities import Duration, Fraction

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class FrameKeywords(FrameComponent):
    """Lost, repeated, swapped and late messages."""

    @keyword(tags=["Faults", "Frames"])
    def drop_frames(
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
        """Loses messages; the others pass as they are.

        A message in fragments is one message. The connection stays whole: neither end can know.

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
        Drop Frames    room    json={"n": 2}
        Send Json    alice    {"n": 2}
        Send Json    alice    {"n": 3}
        Wait For Message    alice    json={"n": 3}
        No Message Should Arrive    alice    json={"n": 2}    within=50ms
        ```
        """
        draws = Seed(seed)
        plan = Plan(
            drawn("messages dropped", share, draws),
            reach_of(direction, client, duration),
            lambda _: deeds.Drop(),
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
    def duplicate_frames(
        self,
        link: str,
        *,
        times: int = 2,
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
        """Repeats messages, one right behind the other.

        Args:
            link: its name.
            times: how often each one comes.
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
        Duplicate Frames    room    count=1
        Send Text    alice    hello
        Wait For Messages    alice    2    text=hello    exactly=yes    settle=50ms
        ```
        """
        if times < 2:
            raise FaultError(f"times is 2 or more, not {times}")
        draws = Seed(seed)
        plan = Plan(
            drawn(f"messages sent {times} times", share, draws),
            reach_of(direction, client, duration),
            lambda _: deeds.Duplicate(times),
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
    def swap_frames(
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
        """Lets messages change places with the next one.

        A message that nothing follows waits until the fault is healed.

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
        Swap Frames    room    count=1
        Send Text    alice    first
        Send Text    alice    second
        ${late}    Wait For Message    alice    text=first
        Wait For Message    alice    text=second
        Should Be Equal    ${late.index}    ${2}
        ```
        """
        draws = Seed(seed)
        plan = Plan(
            drawn("messages swapped", share, draws),
            reach_of(direction, client, duration),
            lambda _: deeds.Swap(),
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
    def delay_frames(
        self,
        link: str,
        delay: timedelta,
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
        """Delays messages; those behind them overtake.

        `Add Latency` makes everything late and keeps the order; this breaks it.

        Args:
            link: its name.
            delay: how much later they come; at once when the fault is healed.
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
        Delay Frames    room    200ms    count=1
        Send Text    alice    slow
        Send Text    alice    fast
        ${slow}    Wait For Message    alice    text=slow
        Should Be Equal    ${slow.index}    ${2}
        ```
        """
        delay_s = positive_s(delay, "delay")
        draws = Seed(seed)
        plan = Plan(
            drawn(f"messages late by {Duration(delay_s)}", share, draws),
            reach_of(direction, client, duration),
            lambda _: deeds.Delay(ns(delay_s)),
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
