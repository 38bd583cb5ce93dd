"""What is said of a load that has ended: its verdicts, and in one line why it fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wireproof.load.picture import Picture
from wireproof.load.plan import Plan
from wireproof.timing import notes
from wireproof.timing.requirement import Requirement
from wireproof.timing.verdict import Verdict, assess
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult

_ERRORS = 3
"""Kinds of errors that a failure names."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a load ended.

    Attributes:
        plan: what it was to do.
        result: what it came to.
        verdicts: on its thresholds.
        stopped: why it ended before its time; empty where it did not.
        harm: whether that was a condition of `Stop Load When`.
    """

    plan: Plan
    result: "LoadResult"
    verdicts: tuple[Verdict, ...] = ()
    stopped: str = ""
    harm: bool = False

    @property
    def picture(self) -> Picture:
        """What a report shows of it."""
        return Picture(self.plan, self.result)

    @property
    def failure(self) -> str:
        """Why the load fails, in one line, verdicts first; empty if it does not.

        Where nobody was let in and nothing was asked for, nothing else would say so.
        """
        lines = [verdict.line for verdict in self.verdicts if verdict.word != "PASS"]
        tried, connected = (self.result.counts.get(name, 0) for name in ("tried", "connected"))
        if tried and not connected and not self.verdicts and not self.stopped:
            lines.append(f"none of {tried} clients of the load '{safe(self.result.name, 60)}' was let in")
        if self.harm:
            lines.append(f"the load '{safe(self.result.name, 60)}' was stopped: {self.stopped}")
        if lines and self.result.errors:
            lines.append(f"errors: {most(self.result.errors)}")
        return "; ".join(lines)


def judged(requirements: Sequence[Requirement], result: "LoadResult") -> tuple[Verdict, ...]:
    """The verdicts on a result, told to the journal."""
    verdicts = tuple(assess(requirement, result) for requirement in requirements)
    for verdict in verdicts:
        notes.verdict(verdict)
    return verdicts


def most(errors: Mapping[str, int]) -> str:
    """The most frequent errors, for a line."""
    told = [f"{count} x {safe(name, 80)}" for name, count in list(errors.items())[:_ERRORS]]
    return ", ".join([*told, *(["…"] if len(errors) > _ERRORS else [])])
