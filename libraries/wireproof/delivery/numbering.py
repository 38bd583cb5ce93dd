"""The numbers that a server gives to what each recipient gets: their holes, and where they fall."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.facts import Facts, first_rows, gather
from wireproof.delivery.history import Bools, Ints
from wireproof.delivery.sessions import last_about, sockets


@dataclass(frozen=True, slots=True)
class Hole:
    """Numbers that never came.

    Attributes:
        client: who got the next one after them.
        first: the lowest of them.
        size: how many.
        row: the receipt after them.
        promised: the server had said at a login that nothing was missed.
    """

    client: int
    first: int
    size: int
    row: int
    promised: bool


class Numbering:
    """The numbered receipts of a history.

    A numbering is a client's; where the server names an epoch, that of the epoch and of all who log in as the same. It
    counts through, or each flow by itself where the protocol says so.
    """

    def __init__(self, facts: Facts) -> None:
        received = facts.history["received"]
        numbered = received["seq"] != ABSENT
        # What came to the wrong client has a number of the right one.
        numbered[facts.receipts[facts.is_stray]] = False
        self._rows = np.flatnonzero(numbered)
        self._received = {name: column[self._rows] for name, column in received.items()}
        self._facts = facts
        logins, connections = facts.history["logins"], facts.history["connections"]
        self._login = last_about(logins, sockets(self._received))
        self._numbering = self._of(self._received["client"], self._login)
        opened = last_about(connections, sockets(self._received))
        self._opened_at = gather(connections["at"], opened, ABSENT)
        flow = np.where(gather(connections["counts_flows"], opened, 0) == 1, self._received["flow"], 0)
        self._count = np.unique(self._numbering * facts.clients + flow, return_inverse=True)[1]

    def holes(self) -> list[Hole]:
        """The holes that the server has not declared, in order of numberings."""
        seq = self._received["seq"]
        # A number below the one that came first begins another count; that is for `falling` to tell.
        first = first_rows(self._count, len(self._count))
        counted = np.flatnonzero(seq >= seq[first[self._count]])
        order = counted[np.lexsort((seq[counted], self._count[counted]))]
        steps = np.flatnonzero((np.diff(self._count[order]) == 0) & (np.diff(seq[order]) > 1)).tolist()
        return [hole for at in steps for hole in self._holes_between(int(order[at]), int(order[at + 1]))]

    def falling(self) -> Ints:
        """Rows of first deliveries whose number is not above all that the same client got before."""
        places = np.flatnonzero(self._received["retry"] == 0)
        key = self._count * self._facts.clients + self._received["client"]
        order = places[np.argsort(key[places], kind="stable")]
        key, message = key[order], self._received["message"][order]
        # Ranks, for numbers may be as large as a moment in nanoseconds. Each key's are lifted above those before it.
        seq = np.unique(self._received["seq"][order], return_inverse=True)[1]
        lift = np.cumsum(np.diff(key, prepend=ABSENT) != 0) * (len(seq) + 1)
        before = np.concatenate([[-1], np.maximum.accumulate(seq + lift)[:-1]])
        suspects = np.flatnonzero(seq + lift <= before)
        if not len(suspects):
            return suspects
        # A number that came before with the same message is a repetition, and no matter of order.
        _, first, group = np.unique(np.stack([key, seq]), axis=1, return_index=True, return_inverse=True)
        earliest = first[group.reshape(-1)]
        is_repetition: Bools = (message == message[earliest]) & (earliest != np.arange(len(seq)))
        return np.sort(self._rows[order[suspects[~is_repetition[suspects]]]])

    def _of(self, client: Ints, login: Ints) -> Ints:
        """The numbering that what a client gets after a login belongs to."""
        logins = self._facts.history["logins"]
        epoch, identity = gather(logins["epoch"], login, 0), gather(logins["identity"], login, 0)
        recipient = np.where((epoch != 0) & (identity != 0), self._facts.clients + identity, client)
        return np.asarray(recipient * self._facts.clients + epoch)

    def _holes_between(self, before: int, after: int) -> Iterator[Hole]:
        """What is missing between two numbers that follow one another, and is not declared."""
        login = int(self._login[after])
        logins = self._facts.history["logins"]
        covered = login != ABSENT and self._is_covered(before, after)
        recovered = int(logins["recovered"][login]) if covered else ABSENT
        if recovered == 0:
            return
        if recovered == 1:
            # What the client said it had read the server need not send; that it gives up the rest is no excuse.
            allowed = [(0, int(logins["last_seq"][login]))]
        else:
            allowed = self._declared.get(int(self._numbering[after]), [])
        first, last = int(self._received["seq"][before]) + 1, int(self._received["seq"][after]) - 1
        client, row = int(self._received["client"][after]), int(self._rows[after])
        for low, high in _without(first, last, allowed):
            yield Hole(client, low, high - low + 1, row, promised=recovered == 1)

    def _is_covered(self, before: int, after: int) -> bool:
        """Whether what the server said at the login of a receipt goes for the numbers before it.

        For those that were there by then: the receipt before them came on another socket, or the one after them was
        taken over before this one was opened.
        """
        if self._received["connection"][before] != self._received["connection"][after]:
            return True
        message = int(self._received["message"][after])
        return message != ABSENT and bool(self._facts.acked_at[message] < self._opened_at[after])

    @cached_property
    def _declared(self) -> dict[int, list[tuple[int, int]]]:
        """The numbers that the server itself gave up, by numbering."""
        gaps = self._facts.history["gaps"]
        numbering = self._of(gaps["client"], last_about(self._facts.history["logins"], sockets(gaps)))
        declared: dict[int, list[tuple[int, int]]] = {}
        for of, first, last in zip(numbering.tolist(), gaps["first"].tolist(), gaps["last"].tolist(), strict=True):
            declared.setdefault(of, []).append((first, last))
        return declared


def _without(first: int, last: int, spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of the numbers from first to last without those in spans."""
    left = [(first, last)] if first <= last else []
    for low, high in spans:
        parts = [part for begin, end in left for part in ((begin, min(end, low - 1)), (max(begin, high + 1), end))]
        left = [(begin, end) for begin, end in parts if begin <= end]
    return left
