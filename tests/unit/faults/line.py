"""A transit with a clock that tests turn."""

import heapq
from typing import Any

from wireproof.faults.fault import Fault
from wireproof.faults.links import transit as module
from wireproof.faults.links.stage import Piece, Stage
from wireproof.faults.links.transit import Transit


class Clock:
    """Stands in for the loop, and for the journal's clock."""

    def __init__(self) -> None:
        self.ns = 1_000
        self._timers: list[tuple[float, int, Any]] = []
        self._count = 0

    def call_at(self, when: float, callback: Any, *arguments: Any) -> "Timer":
        timer = Timer(callback, arguments)
        self._count += 1
        heapq.heappush(self._timers, (when, self._count, timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Turns the clock; what is due on the way is called at its time."""
        end = self.ns / 1e9 + seconds
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self.ns = max(self.ns, round(when * 1e9) + 1)
            timer.run()
        self.ns = max(self.ns, round(end * 1e9))


class Timer:
    def __init__(self, callback: Any, arguments: tuple[Any, ...]) -> None:
        self._call = lambda: callback(*arguments)
        self._cancelled = False

    def cancel(self) -> None:
        self._cancelled = True

    def run(self) -> None:
        if not self._cancelled:
            self._call()


class Line:
    """A transit and what came out of it, as (seconds since the start, piece)."""

    def __init__(self, monkeypatch: Any) -> None:
        self.clock = Clock()
        self.arrived: list[tuple[float, Piece]] = []
        self.throttles: list[bool] = []
        monkeypatch.setattr(module, "now_ns", lambda: self.clock.ns)
        self._start_ns = self.clock.ns
        self.transit = Transit(self.clock, self._deliver, self.throttles.append)  # type: ignore[arg-type]

    def put(self, stage: Stage) -> Fault:
        """Puts a stage in the way; gives its fault, by which it is taken away."""
        fault = Fault("room", "a fault", lambda: self.transit.remove(fault))
        self.transit.install(fault, stage)
        return fault

    def send(self, *chunks: bytes) -> None:
        for chunk in chunks:
            self.transit.enter(Piece(chunk))

    @property
    def data(self) -> bytes:
        return b"".join(piece.data for _, piece in self.arrived)

    @property
    def ends(self) -> list[str]:
        return [piece.end for _, piece in self.arrived if piece.end]

    @property
    def times(self) -> list[float]:
        return [round(at, 6) for at, _ in self.arrived]

    def _deliver(self, piece: Piece) -> None:
        self.arrived.append(((self.clock.ns - self._start_ns) / 1e9, piece))
