"""The running links: fault proxies by name, for whoever wants to go through one.

The room that runs them adds them here; clients dial through a link and servers reach a dependency through one, without
knowing that room. It also tells whose connections they carry: to the target all of them seem to be this process's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from wireproof.wiretext import safe

Address = tuple[str, int]
"""Host and port."""


def _nothing(address: str, client: str) -> None:
    """Nobody wants to know who dials."""


@dataclass(frozen=True, slots=True)
class Link:
    """A proxy that runs in this process.

    Attributes:
        name: what tests call it.
        address: where it listens.
        target: whereto it forwards.
        announce: to be told, by who dials through it, the own address (`host:port`) and name, before it connects.
        trouble: why its target could not be reached the last time that it could not, or "".
    """

    name: str
    address: Address
    target: Address
    announce: Callable[[str, str], object] = _nothing
    trouble: Callable[[], str] = str


_links: dict[str, Link] = {}
_carried: dict[int, int] = {}


def add(link: Link) -> None:
    """Makes a link known.

    Raises:
        ValueError: one of its name is running.
    """
    if _links.setdefault(link.name, link) is not link:
        raise ValueError(f"a link '{safe(link.name)}' is running already: stop it first, or choose another name")


def remove(name: str) -> None:
    """Takes a link that ended from the known ones; does nothing when there is none of that name."""
    _links.pop(name, None)


def find(name: str) -> Link:
    """The running link of that name.

    Raises:
        ValueError: there is none; the text lists those that run.
    """
    if (link := _links.get(name)) is not None:
        return link
    known = ", ".join(safe(other) for other in _links) or "none"
    raise ValueError(f"no link '{safe(name)}' is running: call Start Fault Proxy first; running: {known}")


def running() -> tuple[Link, ...]:
    """All running links, in the order in which they started."""
    return tuple(_links.values())


def carry(port: int, came_from: int) -> None:
    """Notes that a link's connection to its target carries what came in from somebody.

    Args:
        port: the local port of the connection to the target.
        came_from: the port at the other end of the connection that came in.
    """
    _carried[port] = came_from


def drop(port: int) -> None:
    """Notes that a link's connection to its target has ended; does nothing when it carried nothing."""
    _carried.pop(port, None)


def carried() -> Mapping[int, int]:
    """The ports of all that links carry now, each with the port that it came from."""
    return dict(_carried)
