"""What the keyword components of frame faults share: from an author's words to stages in a link."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wireproof import dialects
from wireproof.faults.active import ActiveFaults
from wireproof.faults.errors import FaultError, UnableError
from wireproof.faults.fault import Fault
from wireproof.faults.frames.choice import Choice, Chooser, Kind
from wireproof.faults.frames.deeds import DATA, Deed, Onward, Push
from wireproof.faults.frames.lens import Lens
from wireproof.faults.frames.meaning import DialectOf
from wireproof.faults.frames.spoken import spoken
from wireproof.faults.frames.stage import Duty, FrameStage
from wireproof.faults.frames.stream import MessageStream
from wireproof.faults.links.component import LinkComponent, Seed
from wireproof.faults.links.effect import Effect
from wireproof.faults.links.passage import Passage
from wireproof.faults.links.proxy import FaultProxy
from wireproof.faults.links.reach import Reach
from wireproof.faults.links.running import RunningLinks
from wireproof.history import SLICE_S
from wireproof.matching import Matcher
from wireproof.quantities import Fraction
from wireproof.wiretext import safe

ALL = Fraction(1.0)
EVERY = Choice()

NOTHING = Duty(frozenset(), Chooser(EVERY), Deed(), lambda: None)
"""Of those who only look: what passes a link in the other direction, and from others, is told to the journal too."""

_PUSHED_WITHIN_S = 2.0
"""How long a frame may wait for the end of a message that is on its way; then the link is at a standstill."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A frame fault before it is on.

    Attributes:
        name: what it is, in words.
        reach: where on the link.
        deed: gives what one direction of one connection does.
        choice: of which messages.
        opcodes: of the frames that it is for.
        dialect: what reads the messages; empty for what their client speaks.
        claims: what else may not be wrong meanwhile.
    """

    name: str
    reach: Reach
    deed: Callable[[Passage], Deed]
    choice: Choice = EVERY
    opcodes: frozenset[int] = DATA
    dialect: str = ""
    claims: tuple[str, ...] = ()


class FrameComponent(LinkComponent):
    """One topic's keywords of frame faults."""

    def __init__(self, active: ActiveFaults, links: RunningLinks) -> None:
        super().__init__(active, links)
        self._spoken = spoken()

    def disturb(self, link: str, plan: Plan) -> Fault:
        """Turns a frame fault on; raises as `checked` does, or because another fault contradicts this one."""
        proxy = self.checked(link, plan)
        name = f"{plan.name}{plan.reach.words}"
        fault = Fault(link, name, lambda: proxy.remove(fault), plan.claims, owner=proxy)
        return self.active.begin(fault, lambda: self.install_frames(proxy, fault, plan), plan.reach.duration_s)

    def checked(self, link: str, plan: Plan) -> FaultProxy:
        """The proxy that a plan is for, when there is all that it speaks of.

        Raises:
            FaultError: the link carries no WebSockets, or there is no such client.
            ValueError: there is no such dialect.
            UnableError: frames cannot be seen inside the link's TLS.
        """
        proxy = self.websockets(link)
        plan.reach.require_known(link, proxy.clients)
        if plan.dialect:
            dialects.create(plan.dialect)
        return proxy

    def install_frames(self, proxy: FaultProxy, fault: Fault, plan: Plan) -> None:
        """Puts what a plan says in the way of a link's messages."""
        effect = Effect(fault)
        chooser = Chooser(plan.choice)

        def stage(passage: Passage) -> FrameStage | None:
            felt = effect.of(passage)

            def touched() -> None:
                felt(0)
                fault.touch("frames")

            if not plan.reach.covers(passage):
                return self._stage(proxy.name, passage, plan.dialect, NOTHING) if plan.opcodes & DATA else None
            duty = Duty(plan.opcodes, chooser, plan.deed(passage), touched)
            return self._stage(proxy.name, passage, plan.dialect, duty)

        proxy.install(fault, stage)

    def push(self, link: str, name: str, reach: Reach, onward: Callable[[Passage], Onward]) -> Fault:
        """Puts something between two messages of each connection that is open now, at once or as soon as it can.

        Raises:
            FaultError: the link carries no WebSockets or has no connection, or there is no such client.
            UnableError: frames cannot be seen inside the link's TLS.
        """
        proxy = self.websockets(link)
        if not proxy.connections:
            raise FaultError(f"link '{safe(link)}' has no connection: open a client with via={safe(link)} first")
        reach.require_known(link, proxy.clients)
        fault = Fault(link, f"{name}{reach.words}", lambda: proxy.remove(fault), owner=proxy)
        effect = Effect(fault)
        waiting: set[Passage] = set()
        is_done = threading.Event()

        def stage(passage: Passage) -> FrameStage | None:
            if is_installed.is_set() or not reach.covers(passage):
                return None
            waiting.add(passage)
            felt = effect.of(passage)

            def pushed() -> None:
                felt(0)
                fault.touch("frames")
                waiting.discard(passage)
                if not waiting:
                    is_done.set()

            duty = Duty(frozenset(), Chooser(EVERY), Push(onward(passage), pushed), lambda: None)
            return self._stage(link, passage, "", duty)

        is_installed = threading.Event()
        self.active.begin(fault, lambda: proxy.install(fault, stage))
        is_installed.set()
        give_up = time.monotonic() + _PUSHED_WITHIN_S
        while not is_done.wait(SLICE_S) and time.monotonic() < give_up:
            pass
        self.active.heal(fault)
        return fault

    def websockets(self, link: str) -> FaultProxy:
        """The proxy of a link that carries frames.

        Raises:
            FaultError: it carries something else.
            UnableError: it carries them inside TLS.
        """
        running = self.links.find(link)
        if running.target.protocol != "websocket":
            raise FaultError(
                f"link '{safe(link)}' leads to {running.target.protocol}, which has no frames: "
                "frame faults are for links to a ws:// target"
            )
        if running.target.secure:
            raise UnableError(f"frame faults need TLS ended at the proxy; link '{safe(link)}' passes wss on as it is")
        return running.proxy

    def _stage(self, link: str, passage: Passage, dialect: str, duty: Duty) -> FrameStage:
        def name() -> str:
            return dialect or self._spoken.at(passage.client_address)

        is_control = bool(duty.opcodes) and not duty.opcodes & DATA
        stream = MessageStream(passage.tracker, passage.direction, control=is_control)
        lenses = [] if is_control else passage.tracker.lenses[passage.direction]
        return FrameStage(stream, Lens(link, passage.direction, DialectOf(name), lenses), duty)


def which(
    *,
    kind: str,
    json: Any,
    regex: str,
    skip: int,
    every: int,
    count: int,
    share: Fraction = ALL,
    seed: int = 0,
    is_kind: Kind | None = None,
) -> Choice:
    """Which messages an author's keyword asks for, by the names of its arguments.

    Raises:
        FaultError: a number is none that can be.
        ValueError: a part of the matcher is none.
    """
    return Choice(
        matcher=Matcher(kind=kind, json=json, regex=regex),
        is_kind=is_kind,
        skip=skip,
        every=every,
        share=share.ratio,
        count=count,
        seed=seed,
    )


def drawn(name: str, share: Fraction, seed: Seed) -> str:
    """A fault's name with what chance has to do with it."""
    return name if share == ALL else f"{name} ({share} of them, {seed})"
