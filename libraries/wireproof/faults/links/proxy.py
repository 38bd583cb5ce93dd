"""A link: a listener on the loopback whose connections go on to a target, through the faults that are on.

What is public here may be called from any thread; the rest runs in the loop.
"""

import asyncio
import socket
from collections.abc import Callable, Collection

from wireproof import journal
from wireproof.faults.fault import Fault
from wireproof.faults.links.connection import Connection, Peer, Surroundings
from wireproof.faults.links.gate import Gate
from wireproof.faults.links.loop import LoopThread
from wireproof.faults.links.passage import Make, Tracker
from wireproof.faults.links.stage import DIRECTIONS, Direction
from wireproof.links import Address
from wireproof.wiretext import safe

LOOPBACK = "127.0.0.1"
_BACKLOG = 1024
_ACCEPTED_AT_ONCE = 100
_RETRY_S = 0.1


class FaultProxy:
    """A running link.

    Args:
        name: what tests call it.
        target: where its connections go.
        thread: where it runs.
        tracker: makes what follows the protocol of one connection.

    Attributes:
        address: where it listens.
        accepted: how many connections it has taken so far.
        trouble: why the target could not be reached the last time that it could not, or "".
    """

    def __init__(
        self, name: str, target: Address, thread: LoopThread, tracker: Callable[[], Tracker | None] = lambda: None
    ) -> None:
        self.name = name
        self.target = target
        self.accepted = 0
        self.trouble = ""
        self._carried: dict[Direction, int] = dict.fromkeys(DIRECTIONS, 0)
        self._thread = thread
        self._loop = thread.loop
        self._around = Surroundings(
            loop=thread.loop,
            caller=lambda address: self._callers.get(address, ""),
            closed=self._forget,
            tracker=tracker,
        )
        self._callers: dict[str, str] = {}
        self._connections: dict[int, Connection] = {}
        self._installed: dict[Fault, Make] = {}
        self._gate: Gate | None = None
        self._shut: Fault | None = None
        self._arriving: dict[asyncio.Task[None], socket.socket] = {}
        self._socket = _bound((LOOPBACK, 0))
        self.address: Address = self._socket.getsockname()
        thread.call(self._listen)

    # -- from any thread ---------------------------------------------------------------------------------------------

    def announce(self, address: str, client: str) -> None:
        """Tells who is about to connect from an address."""
        self._callers[address] = client
        if (fault := self._shut) is not None:
            fault.touch("connections")

    def install(self, fault: Fault, make: Make) -> None:
        """Puts a fault's stages in the way of all connections there are and will be."""
        self._thread.call(self._install, fault, make)

    def remove(self, fault: Fault) -> None:
        """Takes a fault's stages away; what they held goes on. Does nothing when it has none."""
        self._thread.call(self._remove, fault)

    def close_gate(self, gate: Gate) -> None:
        """Lets a gate decide about every new connection."""
        self._thread.call(self._set_gate, gate)

    def open_gate(self, fault: Fault) -> None:
        """Takes the gate of a fault away; does nothing when it has none."""
        self._thread.call(self._drop_gate, fault)

    def shut(self, fault: Fault) -> None:
        """Leaves the port without a listener: who connects is refused by the system."""
        self._thread.call(self._unlisten, fault)

    def reopen(self) -> None:
        """Listens again; does nothing when it does."""
        self._thread.call(self._listen_again)

    def reset(self, clients: Collection[str] = ()) -> int:
        """Resets the open connections, or those of some clients; returns how many."""
        return self._thread.call(self._reset, clients)

    def half_close(self, direction: Direction, clients: Collection[str] = ()) -> int:
        """Ends one direction of the open connections by FIN; returns how many."""
        return self._thread.call(self._half_close, direction, clients)

    @property
    def connections(self) -> list[str]:
        """Whose connections are open: clients by name, others by address."""
        return self._thread.call(lambda: [connection.shown for connection in self._connections.values()])

    @property
    def clients(self) -> set[str]:
        """The names of the clients that have a connection."""
        return self._thread.call(lambda: {one.client for one in self._connections.values() if one.client})

    @property
    def carried(self) -> dict[Direction, int]:
        """How much came in for each direction since it started."""
        return self._thread.call(self._count)

    def close(self) -> None:
        """Ends the listener and every connection."""
        self._thread.run(self._end())

    # -- in the loop -------------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        self._socket.listen(_BACKLOG)
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        for _ in range(_ACCEPTED_AT_ONCE):
            try:
                taken, address = self._socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:  # out of descriptors: whoever waits is taken when there is one again
                self._loop.remove_reader(self._socket)
                self._loop.call_later(_RETRY_S, self._accept_again, self._socket)
                journal.current().record("note", self.name, text=f"link '{self.name}' takes nobody: {error.strerror}")
                return
            taken.setblocking(False)
            self.accepted += 1
            task = self._loop.create_task(self._receive(taken, f"{address[0]}:{address[1]}", self.accepted))
            self._arriving[task] = taken
            task.add_done_callback(self._arrived)

    def _accept_again(self, listening: socket.socket) -> None:
        if listening is self._socket and listening.fileno() >= 0:
            self._loop.add_reader(listening, self._accept)

    def _arrived(self, task: "asyncio.Task[None]") -> None:
        del self._arriving[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": f"a connection of {safe(self.name)}", "exception": error})

    async def _receive(self, taken: socket.socket, client_address: str, number: int) -> None:
        gate = self._gate
        if gate is not None and gate.admits():
            gate = None
        if gate is not None:
            gate.fault.touch("connections")
            gone = asyncio.Event()
            answerer = gate.answerer(gone.set)
            if answerer is not None:
                await self._answer(taken, client_address, answerer, gone)
                return
        connection = Connection(number, client_address, self._around)
        self._connections[number] = connection
        for fault, make in self._installed.items():
            for flow in connection.flows.values():
                flow.install(fault, make)
        try:
            await self._loop.connect_accepted_socket(lambda: Peer(connection, "to server"), taken)
            connection.await_server()
            if gate is not None:
                await gate.delay()
            if not connection.is_over:
                await self._loop.create_connection(lambda: Peer(connection, "to client"), *self.target)
        except OSError as error:
            host, port = self.target
            why = "nobody listens" if isinstance(error, ConnectionRefusedError) else safe(error.strerror or error)
            self.trouble = f"{why} at {host}:{port}"
            journal.current().record("note", self.name, text=f"link '{self.name}': {self.trouble}")
            connection.reset()
        except asyncio.CancelledError:
            connection.reset()
            raise

    async def _answer(
        self, taken: socket.socket, client_address: str, answerer: asyncio.Protocol, gone: asyncio.Event
    ) -> None:
        transport, _ = await self._loop.connect_accepted_socket(lambda: answerer, taken)
        try:
            await gone.wait()
        finally:
            transport.abort()
            self._callers.pop(client_address, None)

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection.number, None)
        self._callers.pop(connection.client_address, None)
        for direction, flow in connection.flows.items():
            self._carried[direction] += flow.bytes

    def _install(self, fault: Fault, make: Make) -> None:
        self._installed[fault] = make
        for connection in list(self._connections.values()):
            for flow in connection.flows.values():
                flow.install(fault, make)

    def _remove(self, fault: Fault) -> None:
        if self._installed.pop(fault, None) is not None:
            for connection in list(self._connections.values()):
                for flow in connection.flows.values():
                    flow.remove(fault)

    def _set_gate(self, gate: Gate) -> None:
        self._gate = gate

    def _drop_gate(self, fault: Fault) -> None:
        if self._gate is not None and self._gate.fault is fault:
            self._gate.open()
            self._gate = None

    def _unlisten(self, fault: Fault) -> None:
        """Another socket keeps the port, without listening, so that nobody else gets it meanwhile."""
        keeper = _bound(self.address)
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._socket = keeper
        self._shut = fault

    def _listen_again(self) -> None:
        if self._shut is not None:
            self._shut = None
            self._listen()

    def _of(self, clients: Collection[str]) -> list[Connection]:
        return [one for one in self._connections.values() if not clients or one.client in clients]

    def _reset(self, clients: Collection[str]) -> int:
        chosen = self._of(clients)
        for connection in chosen:
            connection.reset()
        return len(chosen)

    def _half_close(self, direction: Direction, clients: Collection[str]) -> int:
        chosen = [flow for one in self._of(clients) if not (flow := one.flows[direction]).ended]
        for flow in chosen:
            flow.finish()
        return len(chosen)

    def _count(self) -> dict[Direction, int]:
        return {
            direction: count + sum(one.flows[direction].bytes for one in self._connections.values())
            for direction, count in self._carried.items()
        }

    async def _end(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for connection in list(self._connections.values()):
            connection.reset()
        arriving = dict(self._arriving)
        for task in arriving:
            task.cancel()
        await asyncio.gather(*arriving, return_exceptions=True)
        for taken in arriving.values():
            taken.close()  # one whose task never began
        await asyncio.sleep(0)  # what was aborted is closed


def _bound(address: Address) -> socket.socket:
    """A socket that has its port; two of a link may hold the same one for a moment."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        for option in ("SO_REUSEADDR", "SO_REUSEPORT"):
            if hasattr(socket, option):  # Windows has only the first, with another meaning
                sock.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock
