"""Conditions that are watched in the background and told of once."""

import re
from collections.abc import Sequence

from wireproof.monitor.looks import USED, Look
from wireproof.monitor.units import quantity, shown
from wireproof.quantities import Comparison, Duration
from wireproof.wiretext import safe

_WANTED = "write a metric, a limit and how long, for example memory.server > 512 MB for 5s"
_CONDITION = re.compile(r"(.+?)(?:\s+for\s+(.+))?")


class Alert:
    """One condition: a metric is beyond a limit for some time, at every look."""

    def __init__(self, comparison: Comparison, for_s: float) -> None:
        self.comparison = comparison
        self._service = comparison.subject.partition(".")[2]
        self._for_s = for_s
        self._since_ns: int | None = None
        self._text = ""
        self._is_told = False

    @classmethod
    def parse(cls, text: str, metrics: Sequence[str]) -> "Alert":
        """Reads `memory.server > 512 MB for 5s`; without `for` one look is enough.

        Args:
            text: what an author wrote.
            metrics: those that there are.

        Raises:
            ValueError: it is no condition, there is no such metric, or its unit is another one.
        """
        found = _CONDITION.fullmatch(text.strip())
        if not found:
            raise ValueError(f"'{safe(text, 80)}' is no condition: {_WANTED}")
        comparison = Comparison.parse(found[1])
        if comparison.subject not in metrics:
            raise ValueError(
                f"there is no metric '{safe(comparison.subject, 60)}' to watch; "
                f"there are {', '.join(metrics) or 'none'}; {_WANTED}"
            )
        comparison.holds(quantity(comparison.subject, 0))  # the wrong unit is refused now
        return cls(comparison, Duration.parse(found[2]).seconds if found[2] else 0.0)

    def see(self, subject: str, look: Look) -> None:
        """Takes a look; one at the metric's service that failed begins the time anew."""
        value = look.values.get(self.comparison.subject)
        if value is None and not (look.problem and subject.removeprefix(USED) == self._service):
            return
        if value is None or not self.comparison.holds(quantity(self.comparison.subject, value)):
            self._since_ns = None
            return
        if self._since_ns is None:
            self._since_ns = look.began_ns
        lasted_s = (look.began_ns - self._since_ns) / 1e9
        if lasted_s >= self._for_s and not self._text:
            now = shown(quantity(self.comparison.subject, value))
            duration = f" for {Duration(self._for_s)}" if self._for_s else ""
            self._text = f"{self.comparison}{duration}: it is {now}"

    def take(self) -> str:
        """What to tell, once; empty before it has come true and after it was told."""
        if self._is_told or not self._text:
            return ""
        self._is_told = True
        return self._text
