"""The numbers that a server gives to what each recipient gets: their holes, and where they fall."""

from dataclasses import dataclass

import numpy as np

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.facts import Facts
from wireproof.delivery.history import Ints

_CONNECTIONS = 1 << 20


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers that never came.

    Attributes:
        first: the lowest of them.
        size: how many.
        row: the receipt of the number after them.
        promised: the server had said at the login before it that nothing was missed.
    """

    first: int
    size: int
    row: int
    promised: bool


class Numbering:
    """The numbered receipts of a history.

    Protocols number what a recipient gets either through or anew for each flow. Which one it is for a recipient, its
    numbers tell: they are read in the way that leaves fewer of them missing.
    """

    def __init__(self, facts: Facts) -> None:
        self._received = facts.history["received"]
        self._clients = facts.clients
        numbered = self._received["seq"] != ABSENT
        # What came to the wrong client has a number of the right one.
        numbered[facts.receipts[facts.is_stray]] = False
        self._rows = np.flatnonzero(numbered)
        logins = facts.history["logins"]
        sockets = (logins["client"] * _CONNECTIONS + logins["connection"]).tolist()
        self._recovered = dict(zip(sockets, logins["recovered"].tolist(), strict=True))

    def holes(self) -> dict[int, list[Hole]]:
        """The undeclared holes of each recipient that has some."""
        through = self._holes_by(self._received["client"])
        if not through:
            return {}
        by_flow = self._holes_by(self._received["client"] * self._clients + self._received["flow"])
        chosen = {client: min(holes, by_flow.get(client, []), key=_missing) for client, holes in through.items()}
        return {client: holes for client, holes in chosen.items() if holes}

    def falling(self) -> Ints:
        """Rows of first deliveries whose number is not above all before it."""
        through = self._falling_by(self._received["client"])
        if not len(through):
            return through
        by_flow = self._falling_by(self._received["client"] * self._clients + self._received["flow"])
        client = self._received["client"]
        fewer = np.bincount(client[by_flow], minlength=self._clients) < np.bincount(
            client[through], minlength=self._clients
        )
        rows = np.concatenate([through[~fewer[client[through]]], by_flow[fewer[client[by_flow]]]])
        rows.sort()
        return rows

    def _holes_by(self, key: Ints) -> dict[int, list[Hole]]:
        key, seq = key[self._rows], self._received["seq"][self._rows]
        order = self._in_order(key, seq)
        step = np.diff(seq[order])
        holes: dict[int, list[Hole]] = {}
        for at in np.flatnonzero((np.diff(key[order]) == 0) & (step > 1)).tolist():
            before, row = int(self._rows[order[at]]), int(self._rows[order[at + 1]])
            recovered = self._recovered_between(before, row)
            if recovered != 0:
                hole = Hole(int(seq[order[at]]) + 1, int(step[at]) - 1, row, promised=recovered == 1)
                holes.setdefault(int(self._received["client"][row]), []).append(hole)
        return holes

    def _recovered_between(self, before: int, row: int) -> int:
        """What the login between two receipts said: 1 nothing was missed, 0 something was, ABSENT nothing."""
        connection = self._received["connection"]
        if connection[before] == connection[row]:
            return ABSENT
        return self._recovered.get(int(self._received["client"][row] * _CONNECTIONS + connection[row]), ABSENT)

    def _falling_by(self, key: Ints) -> Ints:
        rows = self._rows[self._received["retry"][self._rows] == 0]
        key, seq, message = key[rows], self._received["seq"][rows], self._received["message"][rows]
        order = np.argsort(key, kind="stable")
        key, seq, message = key[order], seq[order], message[order]
        lift = np.cumsum(np.diff(key, prepend=ABSENT) != 0) * (int(seq.max(initial=0)) + 2)
        before = np.concatenate([[-1], np.maximum.accumulate(seq + lift)[:-1]])
        suspects = np.flatnonzero(seq + lift <= before)
        if not len(suspects):
            return suspects
        # A number that came before with the same message is a repetition, and no matter of order.
        _, first, group = np.unique(np.stack([key, seq]), axis=1, return_index=True, return_inverse=True)
        earliest = first[group.reshape(-1)]
        is_repetition = (message == message[earliest]) & (earliest != np.arange(len(seq)))
        falling = suspects[~is_repetition[suspects]]
        return np.sort(rows[order[falling]])

    @staticmethod
    def _in_order(key: Ints, seq: Ints) -> Ints:
        by_key = np.argsort(key, kind="stable")
        rising = (np.diff(key[by_key]) != 0) | (np.diff(seq[by_key]) >= 0)
        return by_key if rising.all() else np.lexsort((seq, key))


def _missing(holes: list[Hole]) -> int:
    return sum(hole.size for hole in holes)
