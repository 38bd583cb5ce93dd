"""One thing that is wrong on purpose, what it has touched, and how it is undone."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from wireproof.journal import now_ns


@dataclass(eq=False, slots=True)
class Fault:
    """A fault, from the moment it is on until it is healed.

    Attributes:
        place: what it is done to: a link, `postgres` or `redis`.
        name: what it is, in the words of the log: "black hole", "COMMIT reply held".
        undo: what heals it; called from any thread, and again when it failed or was interrupted.
        claims: what else may not be wrong with the same place meanwhile, such as ("latency to client",).
        owner: whose end heals it, besides that of the test or suite: a link's proxy.
        uncounted: why nobody knows whether it was felt; empty where its effect is known.
    """

    place: str
    name: str
    undo: Callable[[], object]
    claims: tuple[str, ...] = ()
    owner: object = None
    began_ns: int = field(default_factory=now_ns)
    uncounted: str = ""
    healing: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _effect: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def touch(self, what: str, count: int = 1) -> None:
        """Counts what the fault was felt by: connections, bytes, frames, replies, sessions, statements, ..."""
        with self._lock:
            self._effect[what] += count

    @property
    def effect(self) -> dict[str, int]:
        """What it touched so far, by kind."""
        with self._lock:
            return dict(self._effect)

    @property
    def touched(self) -> int:
        """How much it touched: 0 when nothing felt it."""
        effect = self.effect
        return effect.get("connections") or max(effect.values(), default=0)

    @property
    def shown(self) -> str:
        return f"{self.name} on '{self.place}'"
