"""Which dialect the clients behind a link speak, as the journal tells it."""

from functools import cache

from wireproof.journal import Event
from wireproof.journal import current as journal

_REMEMBERED = 100_000


class SpokenDialects:
    """The dialects of clients by the address of their end; callable from any thread."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        journal().subscribe(self._take)

    def at(self, client_address: str) -> str:
        """The dialect of the client at an address; empty while none is known there."""
        if client_address not in self._names:
            journal().flush()
        return self._names.get(client_address, "")

    def _take(self, event: Event) -> None:
        if event.kind == "connected" and (address := event.data.get("local_address")):
            self._names.pop(address, None)
            self._names[address] = event.data.get("dialect", "")
            if len(self._names) > _REMEMBERED:
                del self._names[next(iter(self._names))]


@cache
def spoken() -> SpokenDialects:
    """Those of this run: every connection counts that was made after the first call."""
    return SpokenDialects()
