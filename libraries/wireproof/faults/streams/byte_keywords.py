"""Keywords for what is wrong with the bytes of a link."""

from datetime import timedelta
from typing import Literal

from robot.api.deco import keyword

from wireproof.arguments import Names
from wireproof.faults.component import positive_s
from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.links.component import LinkComponent, Seed, ns, reach_of
from wireproof.faults.links.reach import Directions
from wireproof.faults.streams.delays import Bandwidth as Limited
from wireproof.faults.streams.delays import Distribution, Latency, Pause, Slices, SlowClose
from wireproof.faults.streams.losses import BlackHole, FlipBits
from wireproof.quantities import Bandwidth, Duration, Size

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

NO_TIME = timedelta()


class ByteKeywords(LinkComponent):
    """Late, slow, sliced, paused, lost and damaged bytes."""

    @keyword(tags=["Faults", "Bytes"])
    def add_latency(
        self,
        link: str,
        delay: timedelta,
        *,
        jitter: timedelta = NO_TIME,
        distribution: Literal["uniform", "normal"] = "uniform",
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
        seed: int = None,
    ) -> Fault:
        """Makes everything on a link take longer.

        Bytes never overtake each other, so one that is late makes those behind it late.

        Args:
            link: its name.
            delay: how much longer, in each direction: a round trip takes twice as much.
            jitter: how much the delay varies: at most so much more or less, or its standard deviation.
            distribution: of the jitter: uniform or normal.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.
            seed: repeats the jitter of an earlier run, whose log tells it.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Add Latency    room    50ms    jitter=20ms
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ```
        """
        delay_s = positive_s(delay, "delay")
        jitter_s = jitter.total_seconds()
        if jitter_s < 0:
            raise FaultError(f"jitter is {jitter_s:g} s: give 0 s or more")
        draws = Seed(seed)
        name = f"latency of {Duration(delay_s)}"
        if jitter_s:
            name = f"{name}, {distribution} jitter {Duration(jitter_s)}, {draws}"
        kind: Distribution = distribution
        return self.install(
            link,
            name,
            "latency",
            reach_of(direction, client, duration),
            lambda felt, passage: Latency(felt, ns(delay_s), ns(jitter_s), kind, draws.draw(passage)),
        )

    @keyword(tags=["Faults", "Bytes"])
    def limit_bandwidth(
        self,
        link: str,
        rate: Bandwidth,
        *,
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Lets no more than so many bytes a second through each direction of each connection.

        Args:
            link: its name.
            rate: such as `64 kB/s`.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Limit Bandwidth    room    64 kB/s    direction=to client
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ```
        """
        return self.install(
            link,
            f"bandwidth of {rate}",
            "bandwidth",
            reach_of(direction, client, duration),
            lambda felt, _: Limited(felt, rate.bytes_per_second),
        )

    @keyword(tags=["Faults", "Bytes"])
    def slice_writes(
        self,
        link: str,
        *,
        size: int = 1,
        gap: timedelta = NO_TIME,
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Passes bytes on in small writes, so that readers see parts of frames.

        Args:
            link: its name.
            size: the most bytes of one write.
            gap: how long to wait after each; without a gap the reader's system may join them again.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Slice Writes    room    size=1    gap=1ms
        Send Text    alice    hello
        Wait For Message    alice    text=hello
        ```
        """
        gap_s = gap.total_seconds()
        if size < 1 or gap_s < 0:
            raise FaultError(f"slices of {size} bytes with a gap of {gap_s:g} s: give 1 byte or more, and 0 s or more")
        return self.install(
            link,
            f"writes of {size} B" + (f" every {Duration(gap_s)}" if gap_s else ""),
            "slices",
            reach_of(direction, client, duration),
            lambda felt, _: Slices(felt, size, ns(gap_s)),
        )

    @keyword(tags=["Faults", "Bytes"])
    def pause_link(
        self, link: str, *, direction: Directions = "both", client: Names = None, duration: timedelta = None
    ) -> Fault:
        """Holds everything on a link back until it is healed; then all of it arrives.

        A link holds at most 1 MB in each direction of a connection; then it reads no further, and the sender feels it.

        Args:
            link: its name.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        ${pause}    Pause Link    room    direction=to client
        Send Text    alice    hello
        No Message Should Arrive    alice    text=hello    within=100ms
        Heal Fault    ${pause}
        Wait For Message    alice    text=hello
        ```
        """
        reach = reach_of(direction, client, duration)
        return self.install(link, "pause", "passing", reach, lambda felt, _: Pause(felt))

    @keyword(tags=["Faults", "Bytes"])
    def black_hole_link(
        self, link: str, *, direction: Directions = "both", client: Names = None, duration: timedelta = None
    ) -> Fault:
        """Swallows everything on a link: no data, no end of the stream, no error comes out.

        Only the peer's own heartbeat can notice it. When it is healed, connections that lost something are reset,
        because their streams are torn; those that lost nothing go on.

        Args:
            link: its name.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Black Hole Link    room
        Send Text    alice    lost
        No Message Should Arrive    alice    text=lost    within=100ms
        Heal All Faults
        Wait For Close    alice    code=1006
        ```
        """
        reach = reach_of(direction, client, duration)
        return self.install(link, "black hole", "passing", reach, lambda felt, _: BlackHole(felt))

    @keyword(tags=["Faults", "Bytes"])
    def slow_close_link(
        self,
        link: str,
        delay: timedelta,
        *,
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
    ) -> Fault:
        """Passes the end of a stream (FIN) on late.

        Who has read a close frame knows that it is over; a late end is felt where there was none.

        Args:
            link: its name.
            delay: how late.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.

        Returns:
            The fault, for `Heal Fault`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Slow Close Link    room    200ms    direction=to client
        Close Client    alice
        ```
        """
        delay_s = positive_s(delay, "delay")
        return self.install(
            link,
            f"close {Duration(delay_s)} late",
            "closing",
            reach_of(direction, client, duration),
            lambda felt, _: SlowClose(felt, ns(delay_s)),
        )

    @keyword(tags=["Faults", "Bytes"])
    def flip_bits(
        self,
        link: str,
        *,
        every: Size,
        direction: Directions = "both",
        client: Names = None,
        duration: timedelta = None,
        seed: int = None,
    ) -> Fault:
        """Turns one bit in every so many bytes, at random places.

        TCP's checksum does not notice: a frame's header, its text or its mask may be hit.

        Args:
            link: its name.
            every: in how many bytes, such as `1 kB`.
            direction: `to server`, `to client` or both.
            client: only the connections of these clients; see [Faults of one client].
            duration: how long, until it is healed if not given.
            seed: repeats an earlier run, whose log tells it.

        Returns:
            The fault, for `Heal Fault`; its effect counts the bits as `bytes`.

        ```robotframework
        Start Fault Proxy    room    ${ECHO_URL}
        Open Client    alice    ${ECHO_URL}    via=room
        Flip Bits    room    every=1 B    direction=to client    seed=7
        Send Text    alice    hello
        No Message Should Arrive    alice    text=hello    within=100ms
        ```
        """
        if every.bytes < 1:
            raise FaultError(f"a flipped bit in every {every}: give 1 B or more")
        draws = Seed(seed)
        return self.install(
            link,
            f"a flipped bit in every {every}, {draws}",
            "bits",
            reach_of(direction, client, duration),
            lambda felt, passage: FlipBits(felt, every.bytes, draws.draw(passage)),
        )
