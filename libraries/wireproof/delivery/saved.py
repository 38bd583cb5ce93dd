"""Judges the ledgers of a saved journal again, as far as the journal goes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from wireproof.delivery.findings import Guarantee, Order, Rules
from wireproof.delivery.recorder import DAMAGED, Recorder, Standing
from wireproof.journal import VERSION, Event
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.delivery.verdict import Verdict

_BACKWARDS_NS = 1_000_000_000
"""Threads note their events a moment apart; a clock that goes back farther is another clock."""


@dataclass
class Rechecked:
    """What a saved journal says.

    Attributes:
        verdicts: ledgers by name with what they come to, in order of their start.
        notes: what of the journal could not be read, one line each.
    """

    verdicts: list[tuple[str, "Verdict"]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Running:
    recorder: Recorder
    rules: Rules
    verdict: "Verdict | None" = None


def recheck(path: Path) -> Rechecked:
    """Judges every ledger that was started in a journal, each at its last verdict, else at its end.

    Raises:
        ValueError: the file is no journal.
        OSError: it cannot be read.
    """
    from wireproof.delivery.verdict import judge

    result = Rechecked()
    standing = Standing()
    running: dict[str, _Running] = {}

    def conclude(name: str, *, still_open: bool = False) -> None:
        ledger = running.pop(name)
        verdict = ledger.verdict or judge(ledger.recorder.history(), ledger.rules, still_open=still_open)
        result.verdicts.append((name, verdict))

    with path.open(encoding="utf-8", errors="surrogateescape") as lines:
        header = _header(path, next(lines, ""))
        if header["journal"] != VERSION:
            result.notes.append(f"written by version {safe(header['journal'])}, read as version {VERSION}")
        for number, event in _events(lines, result.notes):
            try:
                standing.take(event)
                for ledger in running.values():
                    ledger.recorder.take(event)
                phase = event.data.get("phase") if event.kind == "ledger" else None
                if phase == "start":
                    if event.source in running:
                        conclude(event.source, still_open=True)
                    recorder = standing.recorder(event.source, str(header.get("run", "")))
                    running[event.source] = _Running(recorder, _rules(event.data))
                elif event.kind == "verdict" and event.source in running:
                    ledger = running[event.source]
                    rules = replace(ledger.rules, min_acked=int(event.data.get("min_acked", 1)))
                    ledger.verdict = judge(ledger.recorder.history(), rules)
                elif phase == "end" and event.source in running:
                    conclude(event.source)
            except DAMAGED as error:
                result.notes.append(f"line {number} is damaged and left out: {safe(error)}")
    for name in list(running):
        conclude(name, still_open=True)
    return result


def _header(path: Path, line: str) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError:
        header = None
    if not isinstance(header, dict) or "journal" not in header:
        raise ValueError(f"{path} is no journal: its first line has no such header")
    return header


def _events(lines: Iterator[str], notes: list[str]) -> Iterator[tuple[int, Event]]:
    """The events up to where the journal breaks off or its clock goes back; a note says where, and why."""
    latest: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        try:
            entry = json.loads(line)
            event = Event(entry.pop("at_ns"), entry.pop("kind"), entry.pop("source"), entry)
        except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
            notes.append(f"judged up to line {number - 1}: line {number} is cut off or damaged")
            return
        if event.kind in ("sent", "received"):
            back_ns = latest.get(event.source, event.at_ns) - event.at_ns
            if back_ns > _BACKWARDS_NS:
                notes.append(f"judged up to line {number - 1}: there the clock goes back by {back_ns / 1e9:.1f} s")
                return
            latest[event.source] = max(event.at_ns, latest.get(event.source, 0))
        yield number, event


def _rules(data: Any) -> Rules:
    guarantee, order = data.get("guarantee"), data.get("order")
    if guarantee not in get_args(Guarantee) or order not in get_args(Order):
        raise ValueError("a ledger without a known guarantee and order")
    redelivery_s = data.get("redelivery_s")
    return Rules(guarantee, order, redelivery_s=None if redelivery_s is None else float(redelivery_s))
