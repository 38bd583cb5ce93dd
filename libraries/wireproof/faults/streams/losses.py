"""Stages that lose or change bytes: nothing behind them can be put right again."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from wireproof.faults.links.effect import Felt
from wireproof.faults.links.stage import Direction, Piece

RESET = Piece(end="rst")


class BlackHole:
    """Swallows everything, also the end of the stream: neither data nor FIN nor error comes out.

    A stream that lost something is reset when the fault is healed, because its peer would read nonsense; one that lost
    nothing goes on.
    """

    def __init__(self, felt: Felt) -> None:
        self._felt = felt
        self._torn = False

    def feed(self, piece: Piece, now_ns: int) -> tuple[Piece, ...]:
        self._felt(len(piece.data))
        self._torn = True
        return ()

    def release(self, now_ns: int) -> tuple[Piece, ...]:
        return (RESET,) if self._torn else ()


class ResetAfter:
    """Lets so many bytes through, then resets."""

    def __init__(self, felt: Felt, count: int) -> None:
        self._felt = felt
        self._left = count

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        if self._left < 0:
            return
        if len(piece.data) < self._left:
            self._left -= len(piece.data)
            yield piece
            return
        through, self._left = piece.data[: self._left], -1
        self._felt(len(piece.data))
        yield Piece(through, end="rst")

    def release(self, now_ns: int) -> tuple[Piece, ...]:
        return ()


class CutMidFrame:
    """Lets a part of the next frame through, then resets.

    Args:
        tracker: knows where frames end; None for any protocol: then half of the next bytes go through.
    """

    understands_messages = True  # the tracker knows where the peer is, and not what other stages hold back

    def __init__(self, felt: Felt, direction: Direction, tracker: Any) -> None:
        self._felt = felt
        self._direction = direction
        self._tracker = tracker
        self._done = False

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        if self._done:
            return
        through = self._through(piece.data)
        if through is None:
            yield piece
            return
        self._done = True
        self._felt(len(piece.data))
        yield Piece(piece.data[:through], end="rst")

    def _through(self, data: bytes) -> int | None:
        """How many of the bytes go through; None if no frame can be cut in them."""
        if len(data) < 2:
            return None
        if self._tracker is None:
            return len(data) // 2
        if not self._tracker.upgraded(self._direction):
            return None
        # It has seen these bytes: they end inside a frame, or the last frame that they end is cut by its last byte.
        return len(data) if self._tracker.remaining(self._direction) else len(data) - 1

    def release(self, now_ns: int) -> tuple[Piece, ...]:
        return ()


class FlipBits:
    """Turns one bit in every so many bytes; which, the seed says, however the bytes come.

    Args:
        every: in how many bytes.
        draw: the randomness of this passage.
    """

    def __init__(self, felt: Felt, every: int, draw: random.Random) -> None:
        self._felt = felt
        self._every = every
        self._draw = draw
        self._position = 0
        self._next = draw.randrange(every)

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        data = bytearray(piece.data)
        end = self._position + len(data)
        while self._next < end:
            data[self._next - self._position] ^= 1 << self._draw.randrange(8)
            self._felt(1)
            block = self._next // self._every + 1
            self._next = block * self._every + self._draw.randrange(self._every)
        self._position = end
        yield replace(piece, data=bytes(data))

    def release(self, now_ns: int) -> tuple[Piece, ...]:
        return ()
