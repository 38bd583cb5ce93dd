"""When a load is stopped early: `server.error_rate > 5 % for 10s`."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from wireproof.load.errors import LoadError
from wireproof.load.live import FIGURES, Live
from wireproof.quantities import Comparison, Duration
from wireproof.wiretext import safe

_FOR = re.compile(r"(.+?)\s+for\s+(.+)", re.DOTALL)
_EXAMPLES = {"Duration": "50 ms", "Rate": "900/s", "Fraction": "5 %", "Count": "100"}


@dataclass(frozen=True, slots=True)
class Condition:
    """A limit for a figure of a running load, and how long it has to be beyond it."""

    limit: Comparison
    for_s: float = 0.0

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Reads a figure, a comparison, and `for` with a duration where it is not to count at once.

        Raises:
            LoadError: it is no condition, or nobody measures that while a load runs.
        """
        found = _FOR.fullmatch(text.strip())
        limit, lasting = found.groups() if found else (text, "0 s")
        try:
            condition = cls(Comparison.parse(limit), Duration.parse(lasting).seconds)
        except ValueError as error:
            raise LoadError(f"{error}; a whole condition is server.error_rate > 5 % for 10s") from None
        name = condition.limit.subject
        if name not in FIGURES:
            near = difflib.get_close_matches(name, FIGURES, n=3)
            hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(FIGURES)}"
            raise LoadError(f"unknown figure '{safe(name, 60)}' of a running load: {hint}")
        kind, _ = FIGURES[name]
        if not isinstance(condition.limit.limit, kind):
            raise LoadError(
                f"'{safe(text, 80)}': {name} is a {kind.__name__.lower()}, write one such as {_EXAMPLES[kind.__name__]}"
            )
        return condition

    def __str__(self) -> str:
        return f"{self.limit} for {Duration(self.for_s)}" if self.for_s else str(self.limit)


class Watch:
    """Looks at a running load, and says when one of its conditions is met."""

    def __init__(self, conditions: Iterable[Condition] = ()) -> None:
        self._since: dict[Condition, float | None] = dict.fromkeys(conditions)

    def add(self, condition: Condition) -> None:
        """From now on looks at this one, too."""
        self._since[condition] = None

    def look(self, live: Live) -> str:
        """Why the load has to stop; empty while it may go on.

        A figure that is not known at the moment changes nothing.
        """
        for condition, since in list(self._since.items()):
            value = FIGURES[condition.limit.subject][1](live)
            if value is None or live.is_connecting:
                continue
            if not condition.limit.holds(value):
                self._since[condition] = None
                continue
            begin = self._since[condition] = live.elapsed_s if since is None else since
            if live.elapsed_s - begin >= condition.for_s:
                return f"{condition} was met: it was {value}"
        return ""
