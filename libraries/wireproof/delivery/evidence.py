"""The evidence behind a verdict: a table for the log, a file for tools."""

import json
import re
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.delivery.findings import Finding

if TYPE_CHECKING:
    from wireproof.delivery.verdict import Verdict

_CELL = "border:1px solid #8888;padding:2px 8px;text-align:left;vertical-align:top"


def table(ledger: str, verdict: "Verdict") -> str:
    """An HTML table of every anomaly with its first cases, and of what the history cannot tell."""
    rows = [_row("anomaly", "cases", "which", tag="th")]
    rows += [_row(found.word, str(found.count), _cases(found)) for found in verdict.failing]
    rows += [_row(f"{found.word} (allowed)", str(found.count), _cases(found)) for found in verdict.allowed]
    rows += [_row("UNKNOWN", "", escape(reason)) for reason in verdict.reasons]
    for reason in verdict.unobservable:
        words = ", ".join(found.word for found in verdict.findings.values() if found.unobservable == reason)
        rows.append(_row("not observable", "", escape(f"{reason}: {words}")))
    title = escape(f"Ledger '{ledger}': {verdict.line}")
    return f'<p>{title}</p><table style="border-collapse:collapse">{"".join(rows)}</table>'


def write(directory: Path, ledger: str, verdict: "Verdict") -> Path:
    """Writes all of a verdict as JSON and says where."""
    path = directory / f"ledger-{re.sub(r'[^A-Za-z0-9._-]+', '-', ledger)}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_content(ledger, verdict), indent=2) + "\n", encoding="utf-8")
    return path


def _content(ledger: str, verdict: "Verdict") -> dict[str, Any]:
    return {
        "ledger": ledger,
        "result": verdict.result,
        "line": verdict.line,
        "counts": asdict(verdict.counts),
        "p50_ms": verdict.p50_ms,
        "p99_ms": verdict.p99_ms,
        "tolerated": sorted(verdict.tolerated),
        "reasons": list(verdict.reasons),
        "findings": [asdict(found) for found in verdict.findings.values()],
    }


def _row(*cells: str, tag: str = "td") -> str:
    return "<tr>" + "".join(f'<{tag} style="{_CELL}">{cell}</{tag}>' for cell in cells) + "</tr>"


def _cases(found: Finding) -> str:
    more = found.count - len(found.samples)
    lines = [escape(str(case)) for case in found.samples]
    return "<br>".join([*lines, f"and {more} more"] if more else lines)
