"""One direction of one connection: bytes on their way through the stages of the faults that are on."""

from asyncio import AbstractEventLoop, TimerHandle
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace

from wireproof.faults.fault import Fault
from wireproof.faults.links.stage import Piece, Stage
from wireproof.journal import now_ns

HELD_BYTES = 1_000_000
"""What faults may hold back in one direction of a connection before its sender is read no further."""


class Transit:
    """A chain of stages, each with the pieces that wait behind it until they are due.

    Args:
        loop: what wakes it when a piece is due.
        deliver: takes what has passed every stage.
        throttle: called with True when the faults hold all they may, with False when there is room again.
    """

    def __init__(
        self, loop: AbstractEventLoop, deliver: Callable[[Piece], None], throttle: Callable[[bool], None]
    ) -> None:
        self._loop = loop
        self._deliver = deliver
        self._throttle = throttle
        self._throttled = False
        self._slots: list[_Slot] = []

    @property
    def is_clear(self) -> bool:
        """Whether nothing stands in the way: bytes may be delivered as they come."""
        return not self._slots

    def enter(self, piece: Piece) -> None:
        """Sends a piece on its way."""
        self._pass(0, (piece,))
        self._weigh()

    def install(self, fault: Fault, stage: Stage) -> None:
        """Puts a stage in the way: of bytes at the end, of messages at the beginning.

        A stage that understands messages begins where the peer is, as the tracker knows it; what comes out of other
        stages may be somewhere else.
        """
        slot = _Slot(fault, stage)
        self._slots.insert(0 if getattr(stage, "understands_messages", False) else len(self._slots), slot)
        self._set_alarm(slot)

    def begin_with(self, stage: Stage) -> None:
        """Puts a stage in the way that is no fault's; it goes by itself."""
        self._slots.append(_Slot(None, stage))

    def remove(self, fault: Fault) -> None:
        """Takes a fault's stage out of the way; what it held goes on to the next ones."""
        position = next((place for place, slot in enumerate(self._slots) if slot.fault is fault), None)
        if position is None:
            return
        slot = self._slots.pop(position)
        slot.close()
        self._pass(position, [*slot.waiting, *slot.stage.release(now_ns())])
        self._weigh()

    def close(self) -> None:
        """Ends it: nothing is delivered any more."""
        for slot in self._slots:
            slot.close()
        self._slots.clear()

    def _pass(self, position: int, pieces: Iterable[Piece]) -> None:
        """Feeds pieces to the stage at a position, or delivers them when there is none."""
        for piece in pieces:
            if position < len(self._slots):
                slot = self._slots[position]
                slot.put(slot.stage.feed(replace(piece, due_ns=0), now_ns()))
                self._let_go(slot)
                self._set_alarm(slot)
                if getattr(slot.stage, "is_over", False) and not slot.waiting:
                    self._slots.remove(slot)
            else:
                self._deliver(piece)

    def _let_go(self, slot: "_Slot") -> None:
        """Passes on what is due behind a stage, and wakes up for the rest."""
        slot.cancel()
        while slot.waiting and slot in self._slots:
            due_ns = slot.waiting[0].due_ns
            if due_ns > now_ns():
                slot.timer = self._loop.call_at(due_ns / 1e9, self._wake, slot)
                return
            self._pass(self._slots.index(slot) + 1, (slot.take(),))

    def _wake(self, slot: "_Slot") -> None:
        self._let_go(slot)
        self._weigh()

    def _set_alarm(self, slot: "_Slot") -> None:
        """Feeds a stage that wants it at a time, although no bytes come; see `Stage`."""
        if slot.alarm is not None:
            slot.alarm.cancel()
            slot.alarm = None
        if (wake_ns := getattr(slot.stage, "wake_ns", 0)) and slot in self._slots:
            slot.alarm = self._loop.call_at(wake_ns / 1e9, self._ring, slot)

    def _ring(self, slot: "_Slot") -> None:
        self._pass(self._slots.index(slot), (Piece(),))
        self._weigh()

    def _weigh(self) -> None:
        held = sum(slot.held for slot in self._slots)
        full = held >= HELD_BYTES or any(getattr(slot.stage, "is_full", False) for slot in self._slots)
        if full is not self._throttled:
            self._throttled = not self._throttled
            self._throttle(self._throttled)


class _Slot:
    """A stage's place in a chain."""

    def __init__(self, fault: Fault | None, stage: Stage) -> None:
        self.fault = fault
        self.stage = stage
        self.waiting: deque[Piece] = deque()
        self.held = 0
        self.timer: TimerHandle | None = None
        self.alarm: TimerHandle | None = None

    def put(self, pieces: Iterable[Piece]) -> None:
        for piece in pieces:
            self.waiting.append(piece)
            self.held += len(piece.data)

    def take(self) -> Piece:
        piece = self.waiting.popleft()
        self.held -= len(piece.data)
        return piece

    def cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def close(self) -> None:
        self.cancel()
        if self.alarm is not None:
            self.alarm.cancel()
            self.alarm = None
