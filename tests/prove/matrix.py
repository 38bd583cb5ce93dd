"""The kill matrix, defect by suite, as JSON and as a page that needs nothing beside it. Pure but for `write`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from reference_server.defects import Defect
from tests.prove.judge import Judgement

JSON, PAGE = "kill-matrix.json", "kill-matrix.html"


@dataclass(frozen=True, slots=True)
class Row:
    """Everything that is known of one defect.

    Attributes:
        option: the defect as `--defect` took it.
        defect: which one.
        judgements: one for each repeat.
    """

    option: str
    defect: Defect
    judgements: tuple[Judgement, ...]

    @property
    def caught(self) -> int:
        """In how many repeats it was caught."""
        return sum(judgement.caught for judgement in self.judgements)

    @property
    def specific(self) -> bool:
        """Whether in every repeat everything that has nothing to do with it was green."""
        return all(judgement.specific for judgement in self.judgements)

    @property
    def killed(self) -> bool:
        """Whether every repeat caught it, and nothing else."""
        return self.caught == len(self.judgements) and self.specific

    def to_json(self) -> dict[str, Any]:
        """The row as results/kill-matrix.json has it."""
        words = dict.fromkeys(word for judgement in self.judgements for word in judgement.words)
        red = {test.suite for judgement in self.judgements for test in judgement.red}
        return {
            "defect": self.option,
            "expected": self.defect.expected,
            "caught": list(words),
            "red": sorted(red),
            "specific": self.specific,
            "repeats": len(self.judgements),
            "killed": self.killed,
            "runs": [
                {
                    "seed": judgement.seed,
                    "caught": judgement.caught,
                    "words": list(judgement.words),
                    "red": [str(test) for test in judgement.red],
                    "stray": [str(test) for test in judgement.stray],
                    "problem": judgement.problem,
                }
                for judgement in self.judgements
            ],
        }

    def __str__(self) -> str:
        found = ", ".join(self.to_json()["caught"]) or "nothing"
        line = f"{self.option}: expected {self.defect.expected}, found {found}"
        line += f", {self.caught} of {len(self.judgements)} caught"
        if problem := next((judgement.problem for judgement in self.judgements if judgement.problem), ""):
            line += f"; {problem}"
        if stray := dict.fromkeys(str(test) for judgement in self.judgements for test in judgement.stray):
            line += f"; not green though unrelated: {', '.join(stray)}"
        return line


def write(directory: Path, rows: Sequence[Row], suites: Sequence[str]) -> None:
    """Writes both files; `suites` are the columns."""
    directory.mkdir(parents=True, exist_ok=True)
    data = json.dumps([row.to_json() for row in rows], indent=2, ensure_ascii=False)
    (directory / JSON).write_text(f"{data}\n", encoding="utf-8")
    (directory / PAGE).write_text(page(rows, suites), encoding="utf-8")


def page(rows: Sequence[Row], suites: Sequence[str]) -> str:
    """The matrix as HTML: light and dark, no script."""
    body = "\n".join(
        f'<tr><th scope="row">{escape(row.option)}</th><td class="{_mark(row)}">{_verdict(row)}</td>'
        f"<td>{_words(row)}</td>{''.join(_cell(row, suite) for suite in suites)}</tr>"
        for row in rows
    )
    details = "\n".join(_details(row) for row in rows)
    killed = sum(row.killed for row in rows)
    return _PAGE.format(killed=killed, all=len(rows), **_heads(suites), body=body, details=details, style=_STYLE)


def _mark(row: Row) -> str:
    return "good" if row.killed else "bad"


def _verdict(row: Row) -> str:
    caught = f"{row.caught} of {len(row.judgements)}"
    return caught if row.specific else f"{caught}, not specific"


def _heads(suites: Sequence[str]) -> dict[str, str]:
    """Two rows of heads: the areas, and the suites of each."""
    areas = [(area, len(list(group))) for area, group in groupby(suite.rpartition("/")[0] for suite in suites)]
    names = (suite.rpartition("/")[2].replace("_", " ") for suite in suites)
    return {
        "areas": "".join(f'<th scope="colgroup" colspan="{size}">{escape(area)}</th>' for area, size in areas),
        "heads": "".join(f'<th scope="col"><span>{escape(name)}</span></th>' for name in names),
    }


def _words(row: Row) -> str:
    """The word that is expected, and those that came with it."""
    found = dict.fromkeys(word for judgement in row.judgements for word in judgement.words)
    others = ", ".join(word for word in found if word != row.defect.expected)
    return f"{escape(row.defect.expected)}{f' <small>{escape(others)}</small>' if others else ''}"


def _cell(row: Row, suite: str) -> str:
    """In how many repeats a suite was red, its words as a hint; marked when it ought to have been green."""
    red = [test for judgement in row.judgements for test in judgement.red if test.suite == suite]
    stray = [test for judgement in row.judgements for test in judgement.stray if test.suite == suite]
    if not red and not stray:
        return "<td></td>"
    times = sum(any(test.suite == suite for test in (*judgement.red, *judgement.stray)) for judgement in row.judgements)
    words = dict.fromkeys(test.words[0] for test in red if test.words)
    hint = "\n".join(dict.fromkeys((", ".join(words) or "no word", *(test.name for test in (*red, *stray)))))
    mark = "bad" if stray else "good" if row.defect.expected in words else "red"
    return f'<td class="{mark}" title="{escape(hint)}">{times}{"!" if stray else ""}</td>'


def _details(row: Row) -> str:
    runs = "".join(
        f"<h3>Seed {judgement.seed}: {'caught' if judgement.caught else 'not caught'}</h3>"
        + (f"<p>{escape(judgement.problem)}</p>" if judgement.problem else "")
        + _tests("red", judgement)
        + _tests("stray", judgement)
        for judgement in row.judgements
    )
    named = ", ".join(sorted(row.defect.criteria))
    return (
        f"<details><summary>{escape(row.option)}: {escape(row.defect.summary)}</summary>"
        f"<p>May be red: {escape(named)}.</p>{runs}</details>"
    )


def _tests(kind: str, judgement: Judgement) -> str:
    tests = judgement.red if kind == "red" else judgement.stray
    items = "".join(
        f"<li>{escape(str(test))} <q>{escape(test.message[:500] or test.status)}</q></li>" for test in tests
    )
    heading = "" if kind == "red" or not tests else "<p>Not green though it has nothing to do with the defect:</p>"
    return f"{heading}<ul>{items}</ul>" if tests else ""


_STYLE = """
:root { color-scheme: light dark; --line: #8886; --good: #2a9d5c44; --red: #d9940044; --bad: #d4333355; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 100rem; }
body > p { max-width: 50rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: left; white-space: nowrap; }
td[title], td:empty, tr + tr th[scope=col] { min-width: 1.1rem; padding: .25rem .2rem; text-align: center; }
thead th { vertical-align: bottom; }
thead span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 400; }
thead tr:first-child th { font-size: .85em; }
[scope=row], [rowspan]:first-child { position: sticky; left: 0; background: Canvas; }
.good { background: var(--good); } .red { background: var(--red); } .bad { background: var(--bad); }
small { display: block; opacity: .75; }
details { margin: .5rem 0; } summary { cursor: pointer; } h3 { font-size: 1em; margin: 1rem 0 0; }
q { display: block; quotes: none; font: 13px/1.4 ui-monospace, monospace; white-space: pre-wrap; }
q, summary, li { overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  body { font-size: 13px; padding: 0 .5rem; }
  [scope=row] { min-width: 7rem; white-space: normal; }
}
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Kill matrix: {killed} of {all} defects</title><style>{style}</style></head><body>
<h1>Kill matrix</h1>
<p>{killed} of {all} defects of the reference server are caught every time, with the expected word and nothing else.
A cell says in how many runs a suite was red. <span class="good">Green</span>: with the expected word.
<span class="red">Yellow</span>: as it may be, and no proof. <span class="bad">Red!</span> It ought to have been
green.</p>
<div class="wide"><table><thead><tr><th scope="col" rowspan="2">defect</th><th scope="col" rowspan="2">caught</th>
<th scope="col" rowspan="2">expected, <small>and with it</small></th>{areas}</tr>
<tr>{heads}</tr></thead><tbody>
{body}
</tbody></table></div>
<h2>What failed</h2>
{details}
</body></html>
"""
