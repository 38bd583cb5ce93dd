"""Keywords for heartbeats that vanish, and for frames that nobody sent."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from robot.api.deco import keyword

from wireproof.arguments import Names
from wireproof.dialects import CLOSE
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.frames import deeds
from wireproof.faults.frames.choice import Choice
from wireproof.faults.frames.codec import WireFrame
from wireproof.faults.frames.component import FrameComponent, Plan
from wireproof.faults.links.component import Seed, reach_of
from wireproof.faults.links.passage import Passage
from wireproof.faults.links.reach import Directions, Reach
from wireproof.wiretext import safe

When = Literal["now", "before", "after"]

_LONGEST_CONTROL = 125

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


@dataclass(frozen=True, slots=True)
class _Injected:
    """A frame that nobody sent, and what the fault is called."""

    name: str
    opcode: int
    payload: bytes


class ControlFrameKeywords(FrameComponent):
    """Pings, pongs, closes and junk."""

    @keyword(tags=["Faults", "Frames"])
    def swallow_pings(
        self,
        link: str,
        *,
        skip: int = 0,
        count: int = 0,
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Loses WebSocket pings, so that the peer has nothing to answer; messages pass.

        Args:
            link: its name.
            skip: so many of them pass first.
            count: at most so many are lost, 0 for no limit.
            direction: where the pings go: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Swallow Pings    room
        Send Ping    alice
        Send Text    alice    still there
        Wait For Message    alice    text=still there
        ```
        """
        choice = Choice(skip=skip, count=count)
        reach = reach_of(direction, client, duration)
        return self.disturb(link, Plan("pings swallowed", reach, lambda _: deeds.Drop(), choice, deeds.PINGS))

    @keyword(tags=["Faults", "Frames"])
    def swallow_pongs(
        self,
        link: str,
        *,
        skip: int = 0,
        count: int = 0,
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Loses WebSocket pongs, so that whoever pings hears no answer and must give the connection up; messages pass.

        Args:
            link: its name.
            skip: so many of them pass first.
            count: at most so many are lost, 0 for no limit.
            direction: where the pongs go: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Swallow Pongs    room    direction=to client
        Send Ping    alice
        Send Text    alice    behind the pong
        Wait For Message    alice    text=behind the pong
        ```
        """
        choice = Choice(skip=skip, count=count)
        reach = reach_of(direction, client, duration)
        return self.disturb(link, Plan("pongs swallowed", reach, lambda _: deeds.Drop(), choice, deeds.PONGS))

    @keyword(tags=["Faults", "Frames"])
    def inject_close(
        self,
        link: str,
        code: int = 1011,
        reason: str = "",
        *,
        when: When = "now",
        skip: int = 0,
        count: int = 0,
        direction: Directions = "to client",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Says goodbye in the peer's name: a close frame with any code that it did not send.

        Args:
            link: its name.
            code: from 0 to 65535, also one that nobody may send, such as 1005.
            reason: at most 123 bytes.
            when: `now` on the connections there are, or `before` or `after` messages.
            skip: with before or after: so many messages pass first.
            count: with before or after: at most so many times, 0 for no limit.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: with before or after: how long, until it is healed if not given.

        Returns:
            The fault; one of `now` is over already.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Inject Close    room    1013    try again later
        Wait For Close    alice    code=1013
        ```
        """
        if not 0 <= code <= 0xFFFF:
            raise FaultError(f"a close code is a number from 0 to 65535, not {code}")
        payload = code.to_bytes(2, "big") + reason.encode()
        if len(payload) > _LONGEST_CONTROL:
            raise FaultError(f"a close reason has at most 123 bytes, this one has {len(payload) - 2}")
        name = f"close {code} '{safe(reason)}' injected" if reason else f"close {code} injected"
        choice = Choice(skip=skip, count=count)
        reach = reach_of(direction, client, duration)
        return self._inject(link, _Injected(name, CLOSE, payload), when, choice, reach)

    @keyword(tags=["Faults", "Frames"])
    def inject_frame(
        self,
        link: str,
        opcode: int,
        payload: str | bytes = "",
        *,
        when: When = "now",
        skip: int = 0,
        count: int = 0,
        direction: Directions = "to client",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Puts a frame between messages that nobody sent; one with a reserved opcode makes its reader close with 1002.

        Args:
            link: its name.
            opcode: from 0 to 15: 1 is text, 2 binary, 8 close, 9 ping, 10 pong, 3 to 7 and 11 to 15 are reserved.
            payload: what it carries: a text, or bytes.
            when: `now` on the connections there are, or `before` or `after` messages.
            skip: with before or after: so many messages pass first.
            count: with before or after: at most so many times, 0 for no limit.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: with before or after: how long, until it is healed if not given.

        Returns:
            The fault; one of `now` is over already.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Inject Frame    room    3    junk
        Wait For Close    alice    code=1002
        ```
        """
        if not 0 <= opcode <= 15:
            raise FaultError(f"an opcode is a number from 0 to 15, not {opcode}")
        data = payload.encode() if isinstance(payload, str) else payload
        choice = Choice(skip=skip, count=count)
        injected = _Injected(f"frame of opcode {opcode} injected", opcode, data)
        return self._inject(link, injected, when, choice, reach_of(direction, client, duration))

    def _inject(self, link: str, injected: "_Injected", when: When, choice: Choice, reach: Reach) -> Fault:
        seed = Seed(None)

        def frame(passage: Passage) -> bytes:
            key = seed.draw(passage).randbytes(4) if passage.direction == "to server" else b""
            return WireFrame.pack(injected.opcode, injected.payload, key=key).raw

        if when == "now":
            if choice != Choice() or reach.duration_s is not None:
                raise FaultError("skip, count and duration are for when=before and when=after: now is once")
            return self.push(link, injected.name, reach, lambda passage: (frame(passage),))
        plan = Plan(
            f"{injected.name} {when} messages",
            reach,
            lambda passage: deeds.Insert(frame(passage), before=when == "before"),
            choice,
        )
        return self.disturb(link, plan)
