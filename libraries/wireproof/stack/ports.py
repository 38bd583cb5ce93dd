"""Which process holds which TCP port of this machine, where the system tells: on Linux."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_TABLES = (_PROC / "self/net/tcp", _PROC / "self/net/tcp6")
_SOCKET = "socket:["


def are_known() -> bool:
    """Whether this system tells."""
    return _TABLES[0].exists()


def held_by(processes: Iterable[int]) -> frozenset[int]:
    """The local ports of the TCP sockets that these processes have; none where the system does not tell."""
    sockets = {number for pid in processes for number in _sockets(pid)}
    return frozenset(port for port, number in _connections() if number in sockets)


def _sockets(pid: int) -> Iterator[str]:
    with suppress(OSError):  # it has ended, or is another user's
        for entry in (_PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                target = str(entry.readlink())
                if target.startswith(_SOCKET):
                    yield target.removeprefix(_SOCKET).rstrip("]")


def _connections() -> Iterator[tuple[int, str]]:
    """The local port of every TCP socket, and the number of the socket."""
    for table in _TABLES:
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                fields = line.split()
                yield int(fields[1].rpartition(":")[2], 16), fields[9]
