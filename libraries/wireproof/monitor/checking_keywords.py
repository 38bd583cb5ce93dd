"""The keywords of `wireproof.Monitor` that judge what was seen."""

from typing import cast

from robot.api import logger
from robot.api.deco import keyword

from wireproof.failures import fail
from wireproof.measures.proportion import Proportion
from wireproof.measures.readings import Readings
from wireproof.moments import Since, moment
from wireproof.monitor import growth, telling
from wireproof.monitor.errors import MonitorError
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.registry import Registry
from wireproof.monitor.units import shown
from wireproof.quantities import Comparison, Fraction, Quantity, Size
from wireproof.wiretext import safe

# mypy: implicit-optional
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.


class CheckingKeywords:
    """Memory, processor time and uptime, of what goes on or of what has ended."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @keyword(tags=["Monitor", "Assertion"])
    def get_peak_memory(
        self,
        service: str,
        operator: str = "",
        limit: Size = None,
        *,
        since: Since = None,
        of: Monitoring = None,
        msg: str = "",
    ) -> Size:
        """Returns the most memory that a service used at any look, and fails when it is not as expected.

        Args:
            service: which one.
            operator: `<`, `<=`, `>`, `>=`, `==` or `!=`; nothing is checked when not given.
            limit: what to compare with: `512 MB`.
            since: a mark or its name: only looks after it count.
            of: what `Stop Monitoring` returned; what is being monitored when not given.
            msg: words to put before a failure's text.

        Returns:
            The size; `bytes` is its number.

        ```robotframework
        Start Monitoring    server
        ${peak}    Get Peak Memory    server    <    512 MB
        Should Be True    ${peak.bytes} > 0
        ```
        """
        found = self._seen(of, since)
        readings = found.readings(f"memory.{service}")
        peak = readings.estimate("max").value
        what = f"the peak memory of {safe(service, 60)} in {readings.n} readings"
        _require(what, peak, _expected(operator, limit, found, readings), msg)
        return cast("Size", peak)

    @keyword(tags=["Monitor", "Assertion"])
    def get_cpu_percent(
        self,
        service: str,
        statistic: str = "mean",
        operator: str = "",
        limit: Fraction = None,
        *,
        since: Since = None,
        of: Monitoring = None,
        msg: str = "",
    ) -> float:
        """Returns the share of one core that a service used, in per cent, and fails when it is not as expected.

        Args:
            service: which one.
            statistic: `mean`, `max`, `min`, or a percentile of the looks such as `p95`.
            operator: `<`, `<=`, `>`, `>=`, `==` or `!=`; nothing is checked when not given.
            limit: what to compare with: `50 %`.
            since: a mark or its name: only looks after it count.
            of: what `Stop Monitoring` returned; what is being monitored when not given.
            msg: words to put before a failure's text.

        ```robotframework
        Start Monitoring    server    every=200ms
        Sleep    1 s    at least two looks
        Get Cpu Percent    server    p95    <=    400 %
        ```
        """
        found = self._seen(of, since)
        readings = found.readings(f"cpu.{service}")
        used = cast("Fraction", readings.estimate(statistic).value)
        what = f"{statistic} of the CPU of {safe(service, 60)} in {readings.n} readings"
        _require(what, used, _expected(operator, limit, found, readings), msg)
        return used.ratio * 100

    @keyword(tags=["Monitor", "Assertion"])
    def uptime_should_be(
        self, share: Fraction, *, since: Since = None, of: Monitoring = None, msg: str = ""
    ) -> Proportion:
        """Fails unless at least this share of all probes went well; the log shows what was excused.

        Args:
            share: `100 %`.
            since: a mark or its name: only probes after it count.
            of: what `Stop Monitoring` returned; what is being monitored when not given.
            msg: words to put before a failure's text.

        Returns:
            How many went well, `good`, of how many, `tried`.

        ```robotframework
        Start Monitoring    probes
        Uptime Should Be    100 %
        ```
        """
        found = self._seen(of, since)
        measure = found.measures.get("probe.success")
        if not isinstance(measure, Proportion):
            raise MonitorError("nothing was probed: monitor probes, for longer than one interval")
        _require_proof(found)
        if measure.good / measure.tried < share.ratio:
            raise fail(f"{telling.uptime(found)}; expected {share}", msg)
        logger.info(f"{telling.uptime(found)}; {telling.BLIND}")
        return measure

    @keyword(tags=["Monitor", "Assertion"])
    def memory_should_not_grow(
        self,
        service: str,
        *,
        at_most: Size = Size(10**6),  # noqa: B008 - it is frozen
        messages: int = 0,
        since: Since = None,
        of: Monitoring = None,
        msg: str = "",
    ) -> None:
        """Fails unless it is proven that a service's memory grows by less than so much.

        It grows by the slope of a line through all readings; the 95 % bound of the slope is what has to be less, so a
        run that is too short fails, too. Leave out the time in which caches fill.

        Args:
            service: which one.
            at_most: by how much it may grow with every 100 000 messages, where their number is given; else by minute.
            messages: how many messages went through meanwhile, evenly.
            since: a mark or its name: only looks after it count.
            of: what `Stop Monitoring` returned; what is being monitored when not given.
            msg: words to put before a failure's text.

        ```robotframework
        Start Monitoring    redis    every=100ms
        Sleep    2 s    readings
        Memory Should Not Grow    redis    at_most=1 GB
        ```
        """
        found = self._seen(of, since, messages)
        _require_proof(found, found.readings(f"memory.{service}"))
        problem, told = growth.judge(
            safe(service, 60), found.growth(service), at_most, by_messages=bool(found.messages)
        )
        if problem:
            raise fail(problem, msg)
        logger.info(told)

    def _seen(self, of: Monitoring | None, since: Since | None, messages: int = 0) -> Monitoring:
        if of is None:
            return self._registry.find().so_far(at_ns(since), messages)
        if since is not None or messages:
            raise ValueError("give since= and messages= to what returned the monitoring, not beside of=")
        return of


def at_ns(since: Since | None) -> int | None:
    """The moment that an author gave; None where none was given."""
    return None if since is None else moment(since).at_ns


def _expected(operator: str, limit: Size | Fraction | None, found: Monitoring, readings: Readings) -> Comparison | None:
    """What an author expects; None where nothing is to be checked."""
    if not operator and limit is None:
        return None
    if not operator or limit is None:
        raise ValueError("give an operator and a limit, as in    <    512 MB")
    comparison = Comparison.parse(f"{operator} {limit}")
    _require_proof(found, readings)
    return comparison


def _require_proof(found: Monitoring, readings: Readings | None = None) -> None:
    """Refuses to judge what was not seen."""
    problems = list(found.problems)
    if readings is not None and readings.gaps:
        expected = readings.n + readings.gaps
        problems.append(f"{readings.gaps} of {expected} readings are missing, and no fault explains it")
    if problems:
        raise MonitorError(f"the monitoring proves nothing: {'; '.join(problems)}")


def _require(what: str, value: Quantity, expected: Comparison | None, msg: str) -> None:
    logger.info(f"{what} is {shown(value)}")
    if expected is not None and not expected.holds(value):
        raise fail(f"{what} is {shown(value)}, expected {expected}", msg)
