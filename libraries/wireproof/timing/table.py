"""The recovery table of a log: faults, test by test, and what each of them cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from wireproof.timing.fault import Fault
from wireproof.timing.figures import Recovery
from wireproof.timing.recorder import Tally
from wireproof.timing.style import STYLE
from wireproof.timing.telling import duration
from wireproof.wiretext import safe

_LOST = ("lost", "missing-recipient")
_DUPLICATED = ("duplicated", "retry-duplicated")
_ABSENT = "\u2013"  # a dash


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its column, what it says, how it looks and, on demand, why."""

    head: str
    text: str
    look: Literal["", "name", "bad", "none"] = ""
    why: str = ""

    def __str__(self) -> str:
        look = f' class="w-{self.look}"' if self.look else ""
        why = f' title="{escape(self.why)}"' if self.why else ""
        return f'<td data-head="{escape(self.head)}"{look}{why}>{escape(self.text)}</td>'


@dataclass(frozen=True, slots=True)
class Row:
    """One fault of the table.

    Attributes:
        recovery: from it.
        lost, duplicated: messages that the test's ledgers found to be so; None where no ledger judged.
        leaked: what was left behind; None where nobody looked.
    """

    recovery: Recovery
    lost: int | None
    duplicated: int | None
    leaked: int | None


def row(recovery: Recovery, verdicts: Iterable[Tally], leaks: Iterable[Tally]) -> Row:
    """The row of a fault, with what the checks of its test have found, else those of the suites around it."""
    judged, looked = _about(recovery.fault, verdicts), _about(recovery.fault, leaks)
    return Row(recovery, _sum(judged, _LOST), _sum(judged, _DUPLICATED), _sum(looked))


def _about(fault: Fault, tallies: Iterable[Tally]) -> list[Tally]:
    """The last tally of each source that is about a fault."""
    later = [tally for tally in tallies if tally.at_ns >= fault.on_ns]
    own = [tally for tally in later if tally.scope == fault.scope]
    around = [tally for tally in later if fault.scope.startswith(f"{tally.scope}.")]
    return list({tally.source: tally for tally in own or around}.values())


def _sum(tallies: Sequence[Tally], words: Sequence[str] | None = None) -> int | None:
    if not tallies:
        return None
    counts = (count for tally in tallies for word, count in tally.counts.items() if words is None or word in words)
    return sum(counts)


def html(suite: str, rows: Sequence[Row]) -> str:
    """The table; its style comes with it."""
    table = [_cells(suite, row) for row in rows]
    heads = "".join(f"<th>{escape(cell.head)}</th>" for cell in table[0])
    body = "".join(f"<tr>{''.join(map(str, cells))}</tr>" for cells in table)
    title = escape(f"Recovery from the faults of {safe(suite, 200)}")
    return (
        f'<style>{STYLE}</style><div class="wireproof-recovery"><p>{title}</p>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cells(suite: str, row: Row) -> list[Cell]:
    recovery = row.recovery
    fault = recovery.fault
    lasted = None if fault.off_ns is None else (fault.off_ns - fault.on_ns) / 1e6
    return [
        Cell("Test", safe(fault.scope.removeprefix(f"{suite}."), 120), "name"),
        Cell("Fault", fault.label, "name"),
        _time("Lasted", lasted, "it was not healed", is_missed=True),
        _time("Detect", recovery.detect_ms, "no client noticed"),
        _time("First success", recovery.first_success_ms, *_missed(recovery, "no message was acked and delivered")),
        _rate(recovery),
        _time("Drained", recovery.drained_ms, *_missed(recovery, _why_not_drained(recovery))),
        Cell("Errors", str(recovery.errors), why=_kinds(recovery)),
        _count("Lost", row.lost, "no ledger judged"),
        _count("Duplicated", row.duplicated, "no ledger judged"),
        _count("Leaked", row.leaked, "nobody looked for what was left behind"),
    ]


def _missed(recovery: Recovery, why: str) -> tuple[str, bool]:
    """Why there is no time, and whether that is bad."""
    if not recovery.has_traffic:
        return "no tracked message was sent after the fault began", False
    if recovery.still_on is not None:
        return f"'{recovery.still_on.label}' was not healed", True
    return why, True


def _rate(recovery: Recovery) -> Cell:
    if recovery.has_traffic and recovery.rate_before is None:
        return _time("90 %", None, "there was no rate before the fault")
    return _time("90 %", recovery.rate_ms, *_missed(recovery, "the former rate did not come back"))


def _why_not_drained(recovery: Recovery) -> str:
    if recovery.outstanding:
        return f"{recovery.outstanding} acked and not delivered"
    return "the traffic did not come back"


def _kinds(recovery: Recovery) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in recovery.kinds.items() if count)


def _time(head: str, ms: float | None, why: str, is_missed: bool = False) -> Cell:
    if ms is not None:
        return Cell(head, duration(ms))
    return Cell(head, "never", "bad", why) if is_missed else Cell(head, _ABSENT, "none", why)


def _count(head: str, count: int | None, why: str) -> Cell:
    if count is None:
        return Cell(head, _ABSENT, "none", why)
    return Cell(head, str(count), "bad" if count else "")
