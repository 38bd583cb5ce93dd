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
        place: what it is done to: a link, a service, `postgres` or `redis`.
        name: what it is, in the words of the log: "black hole", "COMMIT reply held".
        undo: what heals it; called once, from any thread.
        claims: what else may not be wrong with the same place meanwhile, such as ("latency to client",).
    """

    place: str
    name: str
    undo: Callable[[], object]
    claims: tuple[str, ...] = ()
    began_ns: int = field(default_factory=now_ns)
    _effect: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

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
