"""Replies of PostgreSQL that a link holds back or loses: the statement was executed, and its client does not know."""

import re
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

from wireproof.faults.fault import Fault
from wireproof.faults.links.stage import NEVER_NS, Piece
from wireproof.faults.postgres.tracker import Part, PostgresTracker, Reply
from wireproof.history import SLICE_S

To = Literal["COMMIT", "ANY"]
Then = Literal["hold", "lose"]

_LONGEST_HELD = 64 * 1024 * 1024
"""A longer reply goes through rather than into memory."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which replies are meant.

    Attributes:
        to: COMMIT for those to the end of a transaction that may have written, ANY for those to any statement.
        matching: what the SQL of the transaction, or of the statement, has to hold somewhere.
    """

    to: To = "COMMIT"
    matching: re.Pattern[str] | None = None

    def may_mean(self, part: Part) -> bool:
        """Whether a reply of which a part has arrived may turn out to be meant."""
        return part.tells == "commit" if self.to == "COMMIT" else part.tells != ""

    def means(self, reply: Reply) -> bool:
        """Whether a reply that has arrived as a whole is meant."""
        if not (reply.committed if self.to == "COMMIT" else reply.statements):
            return False
        return self.matching is None or any(map(self.matching.search, self.sql(reply)))

    def sql(self, reply: Reply) -> Iterable[str]:
        """What a reply is the answer to: a transaction, or a statement."""
        return reply.transaction if self.to == "COMMIT" else reply.statements


class Catch:
    """The replies that one fault has caught on all connections of a link. Callable from any thread."""

    def __init__(self, fault: Fault, selection: Selection, limit: int = 0) -> None:
        """Counts for a fault.

        Args:
            fault: what is told of each reply.
            selection: which replies are meant.
            limit: how many are caught at most; 0 for all.
        """
        self.selection = selection
        self._fault = fault
        self._limit = limit
        self._caught: list[str] = []
        self._not_followed: set[str] = set()
        self._changed = threading.Condition()

    @property
    def is_full(self) -> bool:
        """Whether no more are to be caught."""
        return 0 < self._limit <= len(self._caught)

    @property
    def not_followed(self) -> str:
        """Why connections were passed over; empty when none was."""
        return "; ".join(sorted(self._not_followed))

    def pass_over(self, reason: str) -> None:
        """Takes that a connection cannot be followed."""
        self._not_followed.add(reason)

    def take(self, reply: Reply) -> bool:
        """Whether one more reply may be caught; then it is counted. A connection gives one: then it is held or cut."""
        with self._changed:
            if self.is_full:
                return False
            self._caught.append("; ".join(self.selection.sql(reply)))
            self._fault.touch("replies")
            self._changed.notify_all()
            return True

    def wait(self, count: int, timeout_s: float) -> list[str]:
        """Waits until so many were caught, or time is over; returns the SQL that was answered by each so far."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while len(self._caught) < count and (left := deadline - time.monotonic()) > 0:
                self._changed.wait(min(left, SLICE_S))
            return list(self._caught)


class ReplyStage:
    """Keeps every reply that may be meant until it has arrived as a whole; then it goes on, is held or is lost.

    Pieces have to be fed as they come from the server: it is the tracker that knows how they divide.
    """

    understands_messages = True

    def __init__(self, tracker: PostgresTracker, catch: Catch, *, then: Then) -> None:
        self._tracker = tracker
        self._catch = catch
        self._then = then
        self._open = bytearray()
        self._has_caught = False

    def feed(self, piece: Piece, now_ns: int) -> Iterator[Piece]:
        """What the client gets of what the server said."""
        if self._has_caught:
            yield from self._kept(piece)
            return
        if self._tracker.lost:
            self._catch.pass_over(self._tracker.lost)
        passed, at = bytearray(), 0
        for part in self._tracker.parts if piece.data else ():
            data = piece.data[at : at + part.size]
            at += part.size
            if not self._open and not self._may_be_meant(part):
                passed += data
                continue
            self._open += data
            if part.is_last and self._is_caught(part):
                if passed:
                    yield Piece(bytes(passed))
                yield from self._catch_it(replace(piece, data=piece.data[at:]))
                return
            if part.is_last or part.is_urgent or self._tracker.lost or len(self._open) > _LONGEST_HELD:
                passed += self._take_open()
        if piece.end:
            passed += self._take_open()
        if passed or piece.end:
            yield replace(piece, data=bytes(passed))

    def release(self, now_ns: int) -> Iterator[Piece]:
        """What had arrived of a reply that is not whole yet."""
        if self._open:
            yield Piece(self._take_open())

    def _may_be_meant(self, part: Part) -> bool:
        return not self._catch.is_full and self._catch.selection.may_mean(part)

    def _is_caught(self, part: Part) -> bool:
        return part.reply is not None and self._catch.selection.means(part.reply) and self._catch.take(part.reply)

    def _catch_it(self, rest: Piece) -> Iterator[Piece]:
        self._has_caught = True
        if self._then == "lose":
            self._open.clear()
            yield Piece(end="rst")
        else:
            yield from self._kept(Piece(self._take_open()))
            yield from self._kept(rest)

    def _kept(self, piece: Piece) -> Iterator[Piece]:
        """What comes behind a caught reply waits with it, or goes the same way."""
        if self._then == "hold":
            yield replace(piece, due_ns=NEVER_NS)

    def _take_open(self) -> bytes:
        data = bytes(self._open)
        self._open.clear()
        return data
