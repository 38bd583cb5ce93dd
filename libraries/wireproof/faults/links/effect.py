"""Counting whom a fault of a link was felt by."""

from collections.abc import Callable

from wireproof.faults.fault import Fault
from wireproof.faults.links.passage import Passage

Felt = Callable[[int], object]
"""Told how many bytes a fault was felt by, just now."""


class Effect:
    """Counts the connections and bytes that a fault touched; used in the links' loop only."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self._connections: set[int] = set()

    def of(self, passage: Passage) -> Felt:
        """What a stage in that passage tells."""

        def felt(count: int) -> None:
            if passage.connection not in self._connections:
                self._connections.add(passage.connection)
                self._fault.touch("connections")
            if count:
                self._fault.touch("bytes", count)

        return felt
