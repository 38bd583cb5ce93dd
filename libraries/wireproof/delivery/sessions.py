"""Which connection stood for whom, and since when another one does."""

from functools import cached_property

import numpy as np

from wireproof.delivery.history import Bools, Columns, History, Ints

_NEVER = np.iinfo(np.int64).max
_CONNECTIONS = 1 << 20
"""More connections than any client has: makes one number of client and connection."""


class Sessions:
    """The logins of a history, by client and connection."""

    def __init__(self, history: History) -> None:
        self._logins = history["logins"]

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

    def superseded(self, received: Columns, rows: Ints) -> tuple[Ints, Bools]:
        """For each receipt when a newer login replaced its socket (never, for most), and whether its own client did."""
        sockets, moments, itself = self._superseded
        wanted = received["client"][rows] * _CONNECTIONS + received["connection"][rows]
        at = np.searchsorted(sockets, wanted)
        at[at == len(sockets)] = 0
        found = sockets[at] == wanted if len(sockets) else np.zeros(len(rows), bool)
        if not found.any():
            return np.full(len(rows), _NEVER), found
        return np.where(found, moments[at], _NEVER), found & itself[at]

    @cached_property
    def _superseded(self) -> tuple[Ints, Ints, Bools]:
        """Sockets, in order, with the moment of the next login of the same identity and whether it was their client."""
        columns = (self._logins[name].tolist() for name in ("client", "connection", "identity", "at"))
        superseded: dict[int, tuple[int, bool]] = {}
        holding: dict[tuple[int, int], tuple[int, int]] = {}
        for client, connection, identity, at in zip(*columns, strict=True):
            # Without identities a client follows only itself.
            who = (identity, 0 if identity else client)
            previous = holding.get(who)
            if previous is not None and previous != (client, connection):
                superseded[previous[0] * _CONNECTIONS + previous[1]] = (at, previous[0] == client)
            holding[who] = (client, connection)
        sockets = sorted(superseded)
        moments = [superseded[socket][0] for socket in sockets]
        itself = [superseded[socket][1] for socket in sockets]
        return np.array(sockets, np.int64), np.array(moments, np.int64), np.array(itself, bool)
