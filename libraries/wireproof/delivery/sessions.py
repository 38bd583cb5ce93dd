"""Which connection stood for whom, and since when another one does."""

from functools import cached_property

import numpy as np

from wireproof.delivery.columns import ABSENT
from wireproof.delivery.history import Bools, Columns, History, Ints

_NEVER = np.iinfo(np.int64).max
_CONNECTIONS = 1 << 20
"""More connections than any client has: makes one number of client and connection."""


def sockets(rows: Columns) -> Ints:
    """One number for the client and connection of each row."""
    return np.asarray(rows["client"] * _CONNECTIONS + rows["connection"])


def last_about(known: Columns, wanted: Ints) -> Ints:
    """For each wanted socket the last row of a table that is about it, or ABSENT."""
    keys = sockets(known)
    order = np.argsort(keys, kind="stable")
    place = np.searchsorted(keys[order], wanted, side="right") - 1
    found = place != ABSENT
    found[found] = keys[order][place[found]] == wanted[found]
    row = np.full(len(wanted), ABSENT)
    row[found] = order[place[found]]
    return row


class Sessions:
    """The logins of a history, by client and connection."""

    def __init__(self, history: History) -> None:
        self._logins = history["logins"]
        self._closes = history["closes"]
        self._names = len(history.names)

    @cached_property
    def holders(self) -> dict[int, list[int]]:
        """The clients that logged in as each identity, in order of their last login."""
        holders: dict[int, dict[int, None]] = {}
        for client, identity in zip(self._logins["client"].tolist(), self._logins["identity"].tolist(), strict=True):
            if identity:
                clients = holders.setdefault(identity, {})
                clients.pop(client, None)
                clients[client] = None
        return {identity: list(clients) for identity, clients in holders.items()}

    @cached_property
    def identities(self) -> dict[int, set[int]]:
        """What each client logged in as."""
        found: dict[int, set[int]] = {}
        for identity, clients in self.holders.items():
            for client in clients:
                found.setdefault(client, set()).add(identity)
        return found

    def were_there(self, at: Ints, client: Ints) -> Bools:
        """Whether each client had logged in for the first time by then, and had not left for good."""
        first_login, last_close = np.full(self._names, _NEVER), np.full(self._names, _NEVER)
        np.minimum.at(first_login, self._logins["client"], self._logins["at"])
        # Who never logged in in this history has always been there.
        first_login[first_login == _NEVER] = 0
        gone = last_about(self._closes, sockets(self._logins)) != ABSENT
        last_close[self._closes["client"]] = self._closes["at"]
        last_close[self._logins["client"][~gone]] = _NEVER
        there: Bools = (first_login[client] <= at) & (at <= last_close[client])
        return there

    def superseded(self, received: Columns, rows: Ints) -> tuple[Ints, Bools]:
        """For each receipt when a newer login replaced its socket (never, for most), and whether its own client did."""
        known, moments, itself = self._superseded
        wanted = sockets(received)[rows]
        at = np.searchsorted(known, wanted)
        at[at == len(known)] = 0
        found = known[at] == wanted if len(known) else np.zeros(len(rows), bool)
        if not found.any():
            return np.full(len(rows), _NEVER), found
        return np.where(found, moments[at], _NEVER), found & itself[at]

    @cached_property
    def _superseded(self) -> tuple[Ints, Ints, Bools]:
        """Sockets, in order, with the moment of the next login of the same identity and whether it was their client."""
        columns = (self._logins[name].tolist() for name in ("client", "identity", "at"))
        superseded: dict[int, tuple[int, bool]] = {}
        holding: dict[tuple[int, int], tuple[int, int]] = {}
        for client, identity, at, socket in zip(*columns, sockets(self._logins).tolist(), strict=True):
            # Without identities a client follows only itself.
            who = (identity, 0 if identity else client)
            previous, holder = holding.get(who, (socket, client))
            if previous != socket:
                superseded[previous] = (at, holder == client)
            holding[who] = (socket, client)
        known = sorted(superseded)
        moments = [superseded[socket][0] for socket in known]
        itself = [superseded[socket][1] for socket in known]
        return np.array(known, np.int64), np.array(moments, np.int64), np.array(itself, bool)
