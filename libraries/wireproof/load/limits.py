"""What this machine can take: open files, local ports and memory, looked at before a load starts."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wireproof.load.errors import LoadError
from wireproof.quantities import Size

SPARE_DESCRIPTORS = 200
"""Open files of a process beside its connections."""

BYTES_PER_MESSAGE = 300
"""What the ledger's columns, the schedule and the id of a message take, while workers and parent both hold them."""

BYTES_PER_CONNECTION = 50_000

_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")
_MEMORY = Path("/proc/meminfo")


@dataclass(frozen=True, slots=True)
class Needs:
    """What a load asks of the machine that makes it."""

    connections: int
    messages: int
    processes: int
    address: str

    @property
    def descriptors(self) -> int:
        """Open files of each process."""
        return math.ceil(self.connections / self.processes) + SPARE_DESCRIPTORS

    @property
    def bytes(self) -> int:
        return self.messages * BYTES_PER_MESSAGE + self.connections * BYTES_PER_CONNECTION


def prepare(needs: Needs) -> None:
    """Makes room for a load: raises the limit of open files as far as that is allowed.

    Raises:
        LoadError: the machine cannot take the load as it is set up; the text says what to do.
    """
    require_memory(needs, free_bytes())
    require_ports(needs, local_ports())
    raise_descriptors(needs)


def raise_descriptors(needs: Needs) -> None:
    """Raises the soft limit of open files, which worker processes inherit, where it is too low.

    Raises:
        LoadError: the hard limit is too low, too.
    """
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needs.descriptors:
        return
    wanted = needs.descriptors
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise LoadError(
            f"{needs.connections} connections need {wanted} open files in each of {needs.processes} processes, this "
            f"user may have {hard}: run `ulimit -n {wanted}` as root in the shell that starts this run, raise nofile "
            "in /etc/security/limits.conf, or take more workers"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def require_ports(needs: Needs, ports: int | None) -> None:
    """Refuses more connections to one address than this machine has ports for.

    Raises:
        LoadError: there are not enough.
    """
    if ports is not None and needs.connections > ports:
        raise LoadError(
            f"{needs.connections} connections to {needs.address} need as many local ports, this machine gives {ports}: "
            'widen the range, with `sysctl -w net.ipv4.ip_local_port_range="1024 65535"`, or share the load between '
            "machines"
        )


def require_memory(needs: Needs, free: int | None) -> None:
    """Refuses a load whose messages cannot all be accounted for.

    Raises:
        LoadError: they need more memory than is free.
    """
    if free is not None and needs.bytes > free:
        raise LoadError(
            f"{needs.messages} messages and {needs.connections} connections need about {_rough(needs.bytes)} of "
            f"memory, {_rough(free)} is free: make the load shorter, or lower its rate"
        )


def local_ports() -> int | None:
    """How many connections this machine can have to one address; None where that cannot be told."""
    return _read(_PORTS, lambda text: (span := [int(port) for port in text.split()])[1] - span[0] + 1)


def free_bytes() -> int | None:
    """The memory that programs can still take; None where that cannot be told."""
    return _read(_MEMORY, lambda text: int(text.partition("MemAvailable:")[2].split()[0]) * 1024)


def _read(path: Path, number_in: Callable[[str], int]) -> int | None:
    try:
        return number_in(path.read_text())
    except (OSError, ValueError, IndexError):
        return None


def _rough(size: int) -> Size:
    """Two digits of it are enough."""
    digits = max(0, len(str(size)) - 2)
    return Size(round(size, -digits))
