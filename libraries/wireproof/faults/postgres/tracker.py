"""PostgreSQL's protocol as a proxy sees it: which bytes of the server answer which statements, and what they committed.

The messages are those of protocol 3, https://www.postgresql.org/docs/current/protocol-message-formats.html. A reply
here is all that the server says up to a ReadyForQuery: that one tells that a transaction has ended.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from typing import Literal

from wireproof.faults.links.stage import Direction
from wireproof.faults.postgres.messages import LostError, Messages
from wireproof.faults.postgres.sql import Transaction, may_commit

_REMEMBERED = 1000
"""So many different statements of one reply or transaction are remembered."""

_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102
_PROTOCOL_3 = 3

_UNKNOWN = "?"
"""The SQL of a statement that was prepared by SQL, out of sight, and of a function call."""
_STATEMENTS = (b"Q", b"F", b"E")
_ENDS = (b"Q", b"F", b"S")
"""What a client sends and the server answers with a ReadyForQuery in the end: Query, FunctionCall, Sync."""
_COMMITTED = frozenset({b"COMMIT", b"COMMIT PREPARED", b"PREPARE TRANSACTION"})


@dataclass(slots=True, eq=False)
class Reply:
    """What the server says up to a ReadyForQuery.

    Attributes:
        statements: the SQL of what is answered, as far as the answer goes, in its order.
        transaction: the SQL of all that the transaction has done, these statements included; known with its last byte.
        committed: whether it did; known with its last byte.
    """

    statements: dict[str, None] = field(default_factory=dict)
    transaction: tuple[str, ...] = ()
    committed: bool = False
    _may_commit: bool = False
    _tags: set[bytes] = field(default_factory=set)
    _failed: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the bytes that the server sent.

    Attributes:
        size: how many.
        reply: the reply that they belong to; None for what answers nothing.
        tells: what the client may learn from them: the outcome of a commit, that of another statement, or neither.
            Neither as long as it has not asked for the end of the reply: then it waits for these bytes alone.
        is_last: whether the reply ends with them.
        is_urgent: whether the client has to act on them before the reply goes on, as for a COPY.
    """

    size: int
    reply: Reply | None = None
    tells: Literal["", "statement", "commit"] = ""
    is_last: bool = False
    is_urgent: bool = False


@dataclass(slots=True)
class _Asked:
    """A message of the client that the server answers: its type, and the SQL of what it executes."""

    kind: bytes
    sql: str = ""
    is_begun: bool = False


class PostgresTracker:
    """Follows one connection from its first byte. It never raises: what it cannot follow, it has lost.

    Attributes:
        parts: how the bytes of the server that were followed last divide.
        lost: why it can follow no further; empty as long as it can.
    """

    def __init__(self) -> None:
        self.parts: tuple[Part, ...] = ()
        self.lost = ""
        self._from_client = Messages(typed=False)
        self._from_server = Messages(typed=True)
        self._statements: dict[bytes, str] = {}
        self._portals: dict[bytes, str] = {}
        self._asked: deque[_Asked] = deque()
        self._ends_asked = 0
        self._skips = False
        self._copies_in = False
        self._transaction = Transaction()
        self._done: dict[str, None] = {}
        self._reply = Reply()

    def follow(self, direction: Direction, data: bytes) -> None:
        """Takes the next bytes that a peer has sent."""
        if direction == "to client":
            self.parts = ()
        try:
            if not self.lost:
                if direction == "to server":
                    self._follow_client(data)
                else:
                    self.parts = tuple(self._follow_server(data))
        except LostError as reason:
            self.lost = str(reason)
        if self.lost and direction == "to client":
            self.parts = (Part(len(data)),)

    def _follow_client(self, data: bytes) -> None:
        for _, kind, body in self._from_client.feed(data):
            if body is None:
                continue
            if kind:
                self._on_request(kind, body)
            else:
                self._on_start(body)

    def _on_start(self, body: bytes) -> None:
        code = int.from_bytes(body[:4])
        if code in (_SSL, _GSS):
            self._from_server.expect_a_byte()
        elif code == _CANCEL:
            raise LostError("it only cancels a statement")
        elif code >> 16 == _PROTOCOL_3:
            self._from_client.typed = True
        else:
            raise LostError("its client speaks no PostgreSQL protocol 3")

    def _on_request(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"Q":
                self._ask(_Asked(kind, _text(body.partition(b"\0")[0])))
            case b"P":
                name, _, rest = body.partition(b"\0")
                self._statements[name] = _text(rest.partition(b"\0")[0])
                self._ask(_Asked(kind))
            case b"B":
                portal, _, rest = body.partition(b"\0")
                self._portals[portal] = self._statements.get(rest.partition(b"\0")[0], _UNKNOWN)
                self._ask(_Asked(kind))
            case b"E":
                self._ask(_Asked(kind, self._portals.get(body.partition(b"\0")[0], _UNKNOWN)))
            case b"C":
                names = self._statements if body[:1] == b"S" else self._portals
                names.pop(body[1:].partition(b"\0")[0], None)
                self._ask(_Asked(kind))
            case b"D":
                self._ask(_Asked(kind))
            case b"F":
                self._ask(_Asked(kind, _UNKNOWN))
            case b"S" if not self._copies_in:  # in the middle of a COPY the server ignores it
                self._skips = False
                self._ask(_Asked(kind))
            case b"c" | b"f":
                self._copies_in = False

    def _ask(self, asked: _Asked) -> None:
        if not self._skips:
            self._asked.append(asked)
            self._ends_asked += asked.kind in _ENDS

    def _next(self) -> _Asked:
        asked = self._asked.popleft()
        self._ends_asked -= asked.kind in _ENDS
        return asked

    def _follow_server(self, data: bytes) -> list[Part]:
        parts: list[Part] = []
        for size, kind, body in self._from_server.feed(data):
            if not kind:
                self._on_short_answer(body or b"")
            part = self._on_answer(size, kind, body) if kind else Part(size)
            before = parts[-1] if parts else None
            if before and _is_one(before, part):
                part = replace(part, size=before.size + size)  # a reply of many rows is one part
                parts.pop()
            parts.append(part)
        return parts

    def _on_short_answer(self, answer: bytes) -> None:
        if answer in (b"S", b"G"):
            raise LostError("it is encrypted: let its client connect with sslmode=disable")
        if answer != b"N":
            raise LostError("its server speaks no PostgreSQL protocol 3")

    def _on_answer(self, size: int, kind: bytes, body: bytes | None) -> Part:
        if kind in b"RKSNAv":  # the start, and what may come at any time
            return Part(size)
        if self._asked:
            self._begin(self._asked[0], kind)
        reply = self._reply
        part = Part(size, reply)
        if self._ends_asked and reply.statements:
            part = Part(size, reply, "commit" if reply._may_commit else "statement")
        if body is None:
            return part
        if kind == b"Z":
            self._on_ready(body)
            return replace(part, is_last=True)
        self._on_message(kind, body)
        return replace(part, is_urgent=kind in b"GW")

    def _begin(self, asked: _Asked, answer: bytes) -> None:
        """The first bytes of an answer: now it is known in which state the server came to the statement."""
        if asked.kind not in _STATEMENTS or asked.is_begun or answer == b"Z":
            return
        asked.is_begun = True
        reply = self._reply
        for remembered in (reply.statements, self._done):
            if len(remembered) < _REMEMBERED:
                remembered[asked.sql] = None
        commits, self._transaction = may_commit(asked.sql, self._transaction)
        reply._may_commit = reply._may_commit or commits

    def _on_message(self, kind: bytes, body: bytes) -> None:
        match kind:
            case b"E":
                self._on_error()
            case b"C":
                self._reply._tags.add(body.rstrip(b"\0"))
                self._answered(b"E")
            case b"I" | b"s":
                self._answered(b"E")
            case b"1":
                self._answered(b"P")
            case b"2":
                self._answered(b"B")
            case b"3":
                self._answered(b"C")
            case b"T" | b"n":
                self._answered(b"D")
            case b"G" | b"W" if self._asked and self._asked[0].kind == b"E":
                self._copies_in = True
                self._asked = deque(asked for asked in self._asked if asked.kind != b"S")
                self._ends_asked = sum(asked.kind in _ENDS for asked in self._asked)

    def _answered(self, kind: bytes) -> None:
        if self._asked and self._asked[0].kind == kind:
            self._next()

    def _on_error(self) -> None:
        self._reply._failed = True
        self._copies_in = False
        if self._asked and self._asked[0].kind in (b"Q", b"F"):
            return
        while self._asked and self._asked[0].kind != b"S":
            self._next()
        self._skips = not self._asked  # what comes before the next Sync is not answered

    def _on_ready(self, body: bytes) -> None:
        while self._asked and self._next().kind not in _ENDS:
            pass
        reply, self._reply = self._reply, Reply()
        reply.transaction = tuple(self._done)
        is_over = body == b"I"
        implicitly = is_over and not reply._failed and b"ROLLBACK" not in reply._tags
        reply.committed = reply._may_commit and (implicitly or not reply._tags.isdisjoint(_COMMITTED))
        if is_over:
            self._transaction = Transaction()
            self._done.clear()
        elif not self._transaction.is_open:
            self._transaction = Transaction(is_open=True)


def _is_one(before: Part, after: Part) -> bool:
    return before.reply is after.reply and before.tells == after.tells and not (before.is_last or before.is_urgent)


def _text(sql: bytes) -> str:
    return sql.decode("utf-8", "replace")
