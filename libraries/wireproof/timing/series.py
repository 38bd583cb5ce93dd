"""Series: latencies that an author records under a name, and what else can be judged as one."""

import difflib
from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from wireproof import scopes
from wireproof.journal import now_ns
from wireproof.measures.estimate import Estimate, Measure, Measured
from wireproof.quantities import Count
from wireproof.timing.errors import TimingError
from wireproof.timing.figures import Recovery
from wireproof.timing.recovered import Recovered
from wireproof.wiretext import safe

TIME = "time"
"""The one metric of a series."""

_NS_PER_S = 1_000_000_000


class Series:
    """Latencies under one name; it can be judged whatever metric a criterion names."""

    problems = ()

    def __init__(self, name: str) -> None:
        self.name = name
        self._at_ns, self._took_ns = array("q"), array("q")

    def record(self, seconds: float, at_ns: int | None = None) -> None:
        """Adds a latency; it ended at `at_ns`, now if not given."""
        self._took_ns.append(round(seconds * _NS_PER_S))
        self._at_ns.append(now_ns() if at_ns is None else at_ns)

    def __len__(self) -> int:
        return len(self._took_ns)

    @property
    def measures(self) -> Mapping[str, Measure]:
        from wireproof.measures.durations import Durations

        return {TIME: Durations.of(self._at_ns, self._took_ns)}

    def __repr__(self) -> str:
        return f"<series '{safe(self.name, 60)}', n = {len(self)}>"


class SeriesBook:
    """The series of a run. One belongs to the suite in which its first latency is recorded, and ends with it."""

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}

    def open(self, name: str) -> Series:
        """The series of that name; a new one where there is none."""
        if not name.strip():
            raise TimingError("a series needs a name")
        if name not in self._series:
            series = self._series[name] = Series(name)
            (scopes.enclosing("suite") or scopes.run()).defer(partial(self._forget, series))
        return self._series[name]

    def find(self, name: str) -> Series:
        """The series of that name.

        Raises:
            TimingError: nothing was recorded under it; the text names near ones.
        """
        if name in self._series:
            return self._series[name]
        near = difflib.get_close_matches(name, self._series, n=3) or list(self._series)
        known = f"there are: {', '.join(repr(safe(one, 60)) for one in near)}" if near else "none was recorded yet"
        raise TimingError(f"no series '{safe(name, 60)}' in this suite: {known}")

    def _forget(self, series: Series) -> None:
        if self._series.get(series.name) is series:
            del self._series[series.name]


@dataclass(frozen=True, slots=True)
class Counted:
    """A number that somebody counted: each statistic of it is that number."""

    value: float
    n: int = 1

    def estimate(self, statistic: str) -> Estimate:
        count = Count(self.value)
        return Estimate(statistic, count, count, count, self.n)


@dataclass(frozen=True, slots=True)
class Single:
    """One measure by itself; it can be judged whatever metric a criterion names."""

    name: str
    measure: Measure
    problems: tuple[str, ...] = ()

    @property
    def measures(self) -> Mapping[str, Measure]:
        return {"value": self.measure}


def measured_of(of: Any, book: SeriesBook, seconds: Callable[[object], float]) -> Measured:
    """What an author means: a result, a recovery, a series' name, a list of latencies, or a number.

    Args:
        of: what the author gave.
        book: the series there are.
        seconds: reads a latency.

    Raises:
        TimingError: it is none of these, or there is no such series.
        ValueError: a member of the list is no latency.
    """
    if isinstance(of, str):
        return book.find(of)
    if isinstance(getattr(of, "measures", None), Mapping) and hasattr(of, "name") and hasattr(of, "problems"):
        result: Measured = of
        return result
    if isinstance(of, Recovery):
        return Recovered(of)
    if isinstance(of, int | float) and not isinstance(of, bool):
        return Single(f"{of:g}", Counted(of))
    if isinstance(of, Iterable) and not isinstance(of, bytes | Mapping):
        from wireproof.measures.durations import Durations

        return Single("values", Durations.from_seconds([seconds(value) for value in of]))
    raise TimingError(
        f"{safe(repr(of), 80)} cannot be judged: give what a measuring keyword returned, a series' name, "
        "a list of latencies, or a number"
    )


def metric_of(measured: Measured, wanted: str) -> str:
    """The metric of `measured` that `wanted` stands for: authors' own series have only one."""
    return next(iter(measured.measures)) if isinstance(measured, Series | Single) else wanted
