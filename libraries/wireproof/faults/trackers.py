"""What follows the protocol of a link's connections, for faults that must know where they are in it."""

from collections.abc import Callable, Mapping

from wireproof.faults.frames.tracker import WebSocketTracker
from wireproof.faults.links.passage import Tracker
from wireproof.faults.links.target import Protocol, Target
from wireproof.faults.postgres.tracker import PostgresTracker

_TRACKERS: Mapping[Protocol, Callable[[], Tracker]] = {"websocket": WebSocketTracker, "postgres": PostgresTracker}


def tracker_of(target: Target) -> Callable[[], Tracker | None]:
    """Makes the tracker of one connection; None where nothing can follow: unknown protocols, and those inside TLS."""
    return (lambda: None) if target.secure else _TRACKERS.get(target.protocol, lambda: None)
