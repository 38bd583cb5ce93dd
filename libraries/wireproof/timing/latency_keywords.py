"""Keywords that record latencies, and get percentiles of them."""

import statistics
from datetime import timedelta
from typing import Any

from assertionengine import AssertionOperator
from robot.api import logger
from robot.api.deco import keyword
from robot.api.types import KeywordArgument, KeywordName
from robot.libraries.BuiltIn import BuiltIn

from wireproof.journal import now_ns
from wireproof.measures.estimate import Measured
from wireproof.moments import Since, moment
from wireproof.quantities import Comparison, Duration
from wireproof.timing import notes
from wireproof.timing.arguments import Latency, to_latency
from wireproof.timing.errors import TimingError
from wireproof.timing.harness import HarnessWatch
from wireproof.timing.requirement import Requirement, percentile_share
from wireproof.timing.series import Series, SeriesBook, Single, measured_of, metric_of
from wireproof.timing.verdict import assess, failure, measure_of
from wireproof.wiretext import safe

# mypy: implicit-optional
# ruff: noqa: RUF013
# Robot keeps a converter's reason only where a type stands alone: `x: T = None`, not `T | None`.

_OPERATORS = {AssertionOperator[sign]: sign for sign in ("<", "<=", ">", ">=", "==", "!=")}
_PROVEN = "95 %"
_NOTHING = 10
"""Runs of a keyword that does nothing, to tell what Robot takes."""

_DELIVERY = "delivery.time"


class LatencyKeywords:
    """Series of latencies.

    Args:
        book: the series of the run.
    """

    def __init__(self, book: SeriesBook) -> None:
        self._book = book

    @keyword(tags=["Latency"])
    def record_latency(self, series: str, value: Latency) -> None:
        """Adds a latency that somebody else measured to a series.

        Args:
            series: its name; it is begun where there is none, and ends with the suite.
            value: `31 ms`, a timedelta, or RequestsLibrary's `${response.elapsed}`.

        ```robotframework
        Record Latency    get order    31 ms
        Record Latency    get order    ${{ datetime.timedelta(milliseconds=29) }}
        Get Percentile    get order    p50    <    40 ms
        ```
        """
        self._record(series, value)

    @keyword(tags=["Latency"])
    def record_latency_between(self, series: str, start: Since, end: Since) -> None:
        """Adds the time between two moments to a series.

        Args:
            series: its name; it is begun where there is none, and ends with the suite.
            start: a mark or its name, a message (its arrival), or what a sending keyword returned (its sending).
            end: the same.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Set Mark    request
        Send Text    alice    hello
        ${message}    Wait For Message    alice    text=hello
        Record Latency Between    request to screen    request    ${message}
        Get Percentile    request to screen    p50    <    5 s
        ```
        """
        begin, finish = moment(start), moment(end)
        if finish.at_ns < begin.at_ns:
            raise TimingError(
                f"{finish.words} was {Duration((begin.at_ns - finish.at_ns) / 1e9)} before {begin.words}: "
                "a latency goes from the earlier to the later"
            )
        self._record(series, (finish.at_ns - begin.at_ns) / 1e9, finish.at_ns)

    @keyword(tags=["Latency"])
    def measure_keyword(self, series: str, repeat: int, name: KeywordName, *args: KeywordArgument) -> None:
        """Runs a keyword again and again, one after the other, and adds the time of each run to a series.

        What Robot Framework needs to run a keyword is in these times: some tenths of a millisecond for every keyword
        that runs, more where it logs much. The log tells how much it is for one that does nothing; it is not
        subtracted. Times near it say nothing about a system: use `Run Load` for those.

        A run that fails ends the keyword, and its time is not in the series.

        Args:
            series: its name; it is begun where there is none, and ends with the suite.
            repeat: how often.
            name: the keyword.
            args: its arguments.

        ```robotframework
        Open Client    alice    ${ECHO_URL}
        Measure Keyword    send    20    Send Text    alice    hello
        Get Percentile    send    p95    <    1 s
        ```
        """
        if repeat < 1:
            raise TimingError(f"repeat is {repeat}: a keyword is measured once or more")
        run, found = BuiltIn().run_keyword, self._book.open(series)
        nothing_s = statistics.median(_took_s(lambda: run("BuiltIn.No Operation")) for _ in range(_NOTHING))
        watch = HarnessWatch().start()
        try:
            for _ in range(repeat):
                found.record(_took_s(lambda: run(name, *args)))
        finally:
            harness = watch.stop()
        logger.info(
            f"'{safe(series, 60)}' has {len(found)} latencies; Robot Framework itself takes {nothing_s * 1000:.2f} ms "
            f"of each, and more for keywords inside; meanwhile {harness}"
        )

    @keyword(tags=["Latency", "Getter", "Assertion"])
    def get_percentile(
        self,
        series: Any,
        percentile: str,
        operator: AssertionOperator = None,
        limit: timedelta = None,
        *,
        confidence: str = "",
        metric: str = "",
        msg: str = "",
    ) -> float:
        """Gets a percentile of latencies in milliseconds, and optionally compares it with a limit.

        It is compared as it was observed. With `confidence` it has to be proven: the whole interval between its bounds
        has to meet the limit, and a sample that is too small fails as INCONCLUSIVE.

        Args:
            series: a series' name, what a measuring keyword returned, what `All Clients Should Receive` returned, or
                a list of latencies.
            percentile: `p50`, `p95`, `p99.9`.
            operator: `<`, `<=`, `>`, `>=`, `==` or `!=`.
            limit: the limit, such as `50 ms`.
            confidence: `95 %` for a limit that has to be proven.
            metric: which of its measures, where there are several: `connect.time`. It is `delivery.time` when not
                given.
            msg: words to put into a failure's text, after the verdict's word.

        Returns:
            Milliseconds.

        ```robotframework
        @{latencies}    Create List    12 ms    13 ms    31 ms
        Get Percentile    ${latencies}    p95    <    50 ms
        ${median}    Get Percentile    ${latencies}    p50
        Should Be True    12 <= ${median} <= 14
        ```
        """
        if percentile_share(percentile) is None:
            raise TimingError(f"'{safe(percentile, 40)}' is no percentile: write p50, p95 or p99.9")
        if confidence not in ("", _PROVEN):
            raise TimingError(f"confidence is '{safe(confidence, 40)}': write 95 %, or leave it out")
        if operator is None and (limit is not None or confidence):
            raise TimingError("nothing is compared: give an operator and a limit, as in    <    50 ms")
        measured = measured_of(series, self._book, to_latency)
        metric = metric_of(measured, metric or _only(measured))
        measure = measure_of(measured, metric)
        if not measure.n:
            raise TimingError(f"'{safe(measured.name, 60)}' has no latency yet: nothing was measured")
        estimate = measure.estimate(percentile)
        if not isinstance(estimate.value, Duration):
            raise TimingError(f"{metric} of '{safe(measured.name, 60)}' is no time: Get Percentile is for latencies")
        notes.measurement(measured.name, metric, estimate)
        if operator is not None:
            name = measured.name if isinstance(measured, Series | Single) else f"{measured.name} {metric}"
            requirement = Requirement(safe(name, 80), "", metric, percentile, _condition(operator, limit))
            verdict = assess(requirement, measured, metric=metric, as_observed=not confidence)
            if verdict.word != "PASS":
                raise failure(verdict, msg)
            logger.info(verdict.line)
        return estimate.value.seconds * 1000

    def _record(self, series: str, seconds: float, at_ns: int | None = None) -> None:
        found = self._book.open(series)
        found.record(seconds, at_ns)
        logger.info(f"'{safe(series, 60)}': {seconds * 1000:.3f} ms, number {len(found)}")


def _took_s(act: Any) -> float:
    begin_ns = now_ns()
    act()
    return (now_ns() - begin_ns) / 1e9


def _only(measured: Measured) -> str:
    return next(iter(measured.measures)) if len(measured.measures) == 1 else _DELIVERY


def _condition(operator: AssertionOperator, limit: timedelta | None) -> Comparison:
    sign = _OPERATORS.get(operator)
    if sign is None:
        raise TimingError(f"'{operator.name}' does not compare times: write one of {' '.join(_OPERATORS.values())}")
    if limit is None or limit < timedelta():
        raise TimingError(f"{sign} needs a limit such as 50 ms")
    return Comparison("", sign, Duration(limit.total_seconds()))
