"""Stages that let every byte through, in order, and only later or in other pieces."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from wireproof.faults.links.effect import Felt
from wireproof.faults.links.stage import NEVER_NS, Piece

Distribution = Literal["uniform", "normal"]
_SMOOTH_S = 0.01
_PER_SECOND = 1_000_000_000


class _Delay:
    """Keeps nothing itself: what is not due yet waits behind it."""

    def __init__(self, felt: Felt) -> None:
        self._felt = felt

    def release(self, now_ns: int) -> tuple[Piece, ...]:
        return ()


class Latency(_Delay):
    """Everything takes longer by a time, or by one drawn around it.

    Args:
        delay_ns: how much longer.
        jitter_ns: uniform: at most so much more or less; normal: the standard deviation.
        draw: the randomness of this passage.
    """

    def __init__(
        self, felt: Felt, delay_ns: int, jitter_ns: int, distribution: Distribution, draw: random.Random
    ) -> None:
        super().__init__(felt)
        self._delay_ns = delay_ns
        self._jitter_ns = jitter_ns
        self._distribution = distribution
        self._draw = draw

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        self._felt(len(piece.data))
        yield replace(piece, due_ns=now_ns + self._longer_ns())

    def _longer_ns(self) -> int:
        if not self._jitter_ns:
            return self._delay_ns
        if self._distribution == "normal":
            return max(0, round(self._draw.gauss(self._delay_ns, self._jitter_ns)))
        return max(0, self._delay_ns + self._draw.randint(-self._jitter_ns, self._jitter_ns))


class Bandwidth(_Delay):
    """No more than so many bytes a second, in pieces of at most 10 ms each."""

    def __init__(self, felt: Felt, bytes_per_second: float) -> None:
        super().__init__(felt)
        self._ns_per_byte = _PER_SECOND / bytes_per_second
        self._size = max(1, int(bytes_per_second * _SMOOTH_S))
        self._free_ns = 0

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        self._felt(len(piece.data))
        self._free_ns = max(self._free_ns, now_ns)
        for part in _cut(piece, self._size):
            self._free_ns += round(len(part.data) * self._ns_per_byte)
            yield replace(part, due_ns=self._free_ns)


class Slices(_Delay):
    """Writes of at most `size` bytes, with a gap after each."""

    def __init__(self, felt: Felt, size: int, gap_ns: int) -> None:
        super().__init__(felt)
        self._size = size
        self._gap_ns = gap_ns
        self._next_ns = 0

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        self._next_ns = max(self._next_ns, now_ns)
        if len(piece.data) > self._size or self._next_ns > now_ns:
            self._felt(len(piece.data))
        for part in _cut(piece, self._size):
            yield replace(part, due_ns=self._next_ns)
            self._next_ns += self._gap_ns if part.data else 0


class Pause(_Delay):
    """Everything waits until the fault is healed."""

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        self._felt(len(piece.data))
        yield replace(piece, due_ns=NEVER_NS)


class SlowClose(_Delay):
    """The end of the stream comes later than its last byte."""

    def __init__(self, felt: Felt, delay_ns: int) -> None:
        super().__init__(felt)
        self._delay_ns = delay_ns

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        if piece.end != "fin":
            yield piece
            return
        self._felt(0)
        if piece.data:
            yield Piece(piece.data)
        yield Piece(end="fin", due_ns=now_ns + self._delay_ns)


def _cut(piece: Piece, size: int) -> Iterator[Piece]:
    """A piece in parts of at most `size` bytes, the last one with its end; one without bytes is one part."""
    for start in range(0, max(1, len(piece.data)), size):
        last = start + size >= len(piece.data)
        yield Piece(piece.data[start : start + size], end=piece.end if last else "")
