"""A load under way: watched by a thread of its own, from its start until its result is there."""

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from wireproof.history import SLICE_S
from wireproof.journal import now_ns
from wireproof.load.conditions import Condition, Watch
from wireproof.load.live import Lately
from wireproof.load.outlook import Progress
from wireproof.load.plan import Plan
from wireproof.load.progress import ProgressLine
from wireproof.timing.requirement import Requirement

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult


LOOK_EVERY_S = 0.25
"""As often as workers tell how they are."""


class Engine(Protocol):
    """What makes a load: workers that connect, send and note what comes. Callable from any thread."""

    def progress(self) -> Progress:
        """How far it is."""

    def stop(self) -> None:
        """Sends no more; what is under way may still arrive."""

    def abort(self) -> None:
        """Ends the workers now; returns when they are gone."""

    def wait(self, timeout_s: float) -> bool:
        """Whether the load is over, at the latest after so long."""

    def result(self) -> "LoadResult":
        """What it came to, also of a load that was stopped or aborted."""


class Running:
    """A load that has started.

    Args:
        plan: what it does.
        engine: what does it.
        shown: what shows it.
        conditions: what ends it early.
        requirements: what its result has to meet.

    Attributes:
        stopped: why it was told to end before its time; empty where it was not.
        harm: whether one of the conditions was the reason.
    """

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        shown: ProgressLine,
        conditions: Sequence[Condition] = (),
        requirements: Sequence[Requirement] = (),
    ) -> None:
        self.plan = plan
        self.requirements = requirements
        self._engine = engine
        self._shown = shown
        self._watch = Watch(conditions)
        self.stopped = ""
        self.harm = False
        self._begun = threading.Event()
        self._over = threading.Event()
        self._watcher = threading.Thread(target=self._look_after, name=f"wireproof-load-{plan.name}", daemon=True)
        self._watcher.start()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    def watch_for(self, condition: Condition) -> None:
        """Stops it when that is met, too."""
        self._watch.add(condition)

    def stop(self, why: str) -> None:
        """Ends the sending; what is under way may still arrive."""
        self.stopped = self.stopped or why
        self._engine.stop()

    def await_begin(self) -> None:
        """Waits until clients are connected and send, or until there is nothing to wait for any more."""
        while not self._begun.wait(SLICE_S):
            pass

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether it is over, at the latest after so long; Robot's time-outs come through."""
        deadline_ns = None if timeout_s is None else now_ns() + int(timeout_s * 1e9)
        while not self._over.wait(SLICE_S):
            if deadline_ns is not None and now_ns() >= deadline_ns:
                return False
        return True

    def end(self, why: str) -> "LoadResult":
        """What it came to; one that still runs is ended now, with what it has so far."""
        if not self.is_over:
            self.stopped = self.stopped or why
            self._engine.abort()
        self._watcher.join()
        return self._engine.result()

    def _look_after(self) -> None:
        lately = Lately(self.plan.profile)
        try:
            while not self._engine.wait(LOOK_EVERY_S):
                live = lately.look(self._engine.progress())
                if not live.is_connecting:
                    self._begun.set()
                self._shown.show(live)
                if not self.stopped and (why := self._watch.look(live)):
                    self.harm = True
                    self.stop(why)
        finally:
            self._shown.end()
            self._over.set()
            self._begun.set()
