"""Keywords for connections that are ended, cut or not taken."""

from collections.abc import Callable
from datetime import timedelta
from math import ceil

from robot.api.deco import keyword

from wireproof.arguments import Names
from wireproof.faults.active import nothing
from wireproof.faults.component import lasting_s, positive_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.links.component import LinkComponent, reach_of
from wireproof.faults.links.proxy import FaultProxy
from wireproof.faults.links.reach import Directions, Reach
from wireproof.faults.links.stage import Direction
from wireproof.faults.repeat import Repeat
from wireproof.faults.streams.losses import CutMidFrame, ResetAfter
from wireproof.faults.streams.refusal import Mode, Refusal
from wireproof.quantities import Duration, Size
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class ConnectionKeywords(LinkComponent):
    """The beginning and the end of connections."""

    @keyword(tags=["Faults", "Connections"])
    def reset_connections(
        self,
        link: str,
        *,
        client: Names = None,
        after: Size = None,
        every: timedelta = None,
        direction: Directions = "both",
        duration: timedelta = None,
    ) -> Fault:
        """Resets connections (RST at both ends): now, also idle ones, or after so many bytes, or again and again.

        Args:
            link: its name.
            client: only the connections of these clients; see [Faults of one client].
            after: each connection, also a later one, when so many bytes have gone through in a direction.
            every: all connections that are open, at this interval, until it is healed.
            direction: the one whose bytes `after` counts; both count for themselves.
            duration: how long `after` or `every` go on, until they are healed if not given.

        Returns:
            The fault, for `Heal Fault`; without `after` and `every` it is over already.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Reset Connections    room
        Wait For Close    alice    code=1006
        ```
        """
        if after is not None and every is not None:
            raise FaultError("resets happen after so many bytes or at an interval: give after or every, not both")
        reach = reach_of(direction, client, duration)
        if after is not None:
            if after.bytes < 1:
                raise FaultError(f"a reset after {after}: give 1 B or more")
            return self.install(
                link, f"reset after {after}", "resetting", reach, lambda felt, _: ResetAfter(felt, after.bytes)
            )
        if every is not None:
            return self._reset_again(link, positive_s(every, "every"), reach)
        if duration is not None:
            raise FaultError("a reset now has no duration: leave it out, or give after or every")
        return self._once(link, "reset", reach, lambda proxy: proxy.reset(reach.clients))

    @keyword(tags=["Faults", "Connections"])
    def half_close_link(self, link: str, *, direction: Direction = "to client", client: Names = None) -> Fault:
        """Ends one direction of the open connections by FIN, while the other one goes on.

        The peer sees the end of the stream; what its partner still sends does not arrive.

        Args:
            link: its name.
            direction: the one that ends: `to client`, as if the server had ended it, or `to server`.
            client: only the connections of these clients; see [Faults of one client].

        Returns:
            The fault, which is over already: it cannot be undone.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Half Close Link    room    direction=to client
        Wait For Close    alice    code=1006
        ```
        """
        reach = reach_of(direction, client, None)
        return self._once(link, "half close", reach, lambda proxy: proxy.half_close(direction, reach.clients))

    @keyword(tags=["Faults", "Connections"])
    def cut_mid_frame(
        self, link: str, *, direction: Direction = "to client", client: Names = None, duration: timedelta = None
    ) -> Fault:
        """Resets each connection in the middle of its next frame.

        A part of the frame arrives, then the connection is reset. Where a link cannot see frames, inside TLS, it cuts
        in the middle of the next bytes.

        Args:
            link: its name.
            direction: whose next frame: `to client` or `to server`.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Cut Mid Frame    room
        Send Text    alice    never comes back
        Wait For Close    alice    code=1006
        ```
        """
        return self.install(
            link,
            "cut mid-frame",
            "resetting",
            reach_of(direction, client, duration),
            lambda felt, passage: CutMidFrame(felt, passage.direction, passage.tracker),
        )

    @keyword(tags=["Faults", "Connections"])
    def refuse_connections(
        self,
        link: str,
        *,
        mode: Mode = "refuse",
        status: int = None,
        retry_after: timedelta = None,
        delay: timedelta = None,
        except_every: int = 0,
        duration: timedelta = None,
    ) -> Fault:
        """Takes no new connections, or takes them badly; those that are open go on.

        | `mode` | what a client sees |
        | --- | --- |
        | `refuse` | nobody listens; only what Wireproof's clients try is counted, so take `reset` for a server's link |
        | `reset` | the connection is taken and reset |
        | `close` | the connection is taken and closed |
        | `silence` | the connection is taken and nothing is answered, until it is healed; then it goes on |
        | `slow` | the same, for the time of `delay` |
        | `status` | the first request is answered with an HTTP `status`, with `retry_after` if that is given |
        | `wrong accept` | the upgrade is answered with a wrong `Sec-WebSocket-Accept` |

        Args:
            link: its name.
            mode: how; see the table.
            status: from 400 to 599, for `status`, such as 503.
            retry_after: the header Retry-After, for `status`.
            delay: for `slow`.
            except_every: lets every n-th connection through: 3 the third, the sixth, …; not for `refuse`.
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Refuse Connections    room    mode=status    status=503    retry_after=2s
        Connection Should Be Refused    ${ECHO_URL}    via=room    stage=http    status=503
        ```
        """
        running = self.links.find(link)
        refusal = Refusal(
            mode,
            status,
            None if retry_after is None else ceil(positive_s(retry_after, "retry_after")),
            None if delay is None else positive_s(delay, "delay"),
            except_every,
        )
        refusal.check(link, running.target)
        proxy = running.proxy
        duration_s = lasting_s(duration)
        if mode == "refuse":
            fault = Fault(link, refusal.name, proxy.reopen, ("connecting",), owner=proxy)
            return self.active.begin(fault, lambda: proxy.shut(fault), duration_s)
        fault = Fault(link, refusal.name, lambda: proxy.open_gate(fault), ("connecting",), owner=proxy)
        return self.active.begin(fault, lambda: proxy.close_gate(refusal.gate(fault)), duration_s)

    def _reset_again(self, link: str, interval_s: float, reach: Reach) -> Fault:
        proxy = self.links.find(link).proxy
        reach.require_known(link, proxy.clients)

        def reset_all() -> None:
            fault.touch("connections", proxy.reset(reach.clients))

        repeat = Repeat(interval_s, reset_all, after_s=interval_s)
        name = f"reset every {Duration(interval_s)}{reach.words}"
        fault = Fault(link, name, repeat.stop, ("resetting to server", "resetting to client"), owner=proxy)
        return self.active.begin(fault, repeat.start, reach.duration_s)

    def _once(self, link: str, name: str, reach: Reach, deed: Callable[[FaultProxy], int]) -> Fault:
        """A fault that is over as soon as it is done."""
        proxy = self.links.find(link).proxy
        reach.require_known(link, proxy.clients)
        if not proxy.connections:
            raise FaultError(f"no connection is open on link '{safe(link)}': nothing to {name}")
        fault = Fault(link, f"{name}{reach.words}", nothing, owner=proxy)
        return self.active.once(fault, lambda: fault.touch("connections", deed(proxy)))
