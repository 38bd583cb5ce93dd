"""The acceptance table: every criterion with its limit, what it came to and the verdict; also what did not run."""

from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby

from wireproof.report.acceptance.outcomes import NOT_RUN, Acceptance, Outcome, counted
from wireproof.report.acceptance.record import Judged
from wireproof.report.acceptance.style import LOOKS, NAME, STYLE
from wireproof.report.markup import document, for_log, shown
from wireproof.timing.criteria import Criterion
from wireproof.timing.shown import count

_HEADS = ("Verdict", "Criterion", "Limit", "Measured", "95 % bounds", "n", "Baseline")
_OTHERS_AT_MOST = 30
"""Rows of the log beyond the targets."""


def acceptance_fragment(acceptance: Acceptance, link: str = "") -> str:
    """What the log shows: the targets, what else did not pass, and where all of it is."""
    open_ones = [outcome for outcome in acceptance.others if outcome.word not in ("PASS", NOT_RUN)]
    parts = [
        f"<style>{STYLE}</style>",
        f"<p>{shown(headline(acceptance))}</p>",
        _criteria(acceptance.targets),
        _criteria(open_ones[:_OTHERS_AT_MOST]),
        _thresholds(acceptance.thresholds),
        f'<p><a href="{escape(link)}">all criteria as a page</a></p>' if link else "",
    ]
    return for_log(f'<div class="{NAME}">{"".join(parts)}</div>')


def acceptance_page(acceptance: Acceptance, about: Sequence[str]) -> str:
    """All criteria as a page of its own.

    Args:
        acceptance: what was found.
        about: the run, a line each.
    """
    areas = groupby(acceptance.others, key=lambda outcome: outcome.criterion.area)
    parts = [
        f'<p class="w-counts">{shown(headline(acceptance))}</p>',
        *(f"<p>{shown(line, 300)}</p>" for line in about),
        "<h2>Targets</h2>" * bool(acceptance.targets),
        _criteria(acceptance.targets, is_explained=True),
        *(f"<h2>{shown(area)}</h2>{_criteria(list(outcomes), is_explained=True)}" for area, outcomes in areas),
        "<h2>Thresholds of loads</h2>" * bool(acceptance.thresholds),
        _thresholds(acceptance.thresholds),
    ]
    return document("Acceptance", f'<div class="{NAME}">{"".join(parts)}</div>', STYLE)


def headline(acceptance: Acceptance) -> str:
    targets = f"{len(acceptance.targets)} targets: {counted(acceptance.targets)}; " if acceptance.targets else ""
    return f"{targets}{len(acceptance.others)} other criteria: {counted(acceptance.others) or 'none'}"


def _criteria(outcomes: Sequence[Outcome], is_explained: bool = False) -> str:
    return _table([_row(outcome, _about(outcome.criterion) if is_explained else "") for outcome in outcomes])


def _about(criterion: Criterion) -> str:
    """Under which conditions it holds, in what its number counts, and who asked for it."""
    limit = criterion.requirement and f"{criterion.requirement.limit}"
    unit = f"in {criterion.unit}" if limit and criterion.unit not in limit else ""
    text = " · ".join(part for part in (criterion.scope, unit, criterion.source) if part)
    return f'<span class="w-about">{shown(text, 500)}</span>'


def _row(outcome: Outcome, about: str) -> str:
    criterion, judged = outcome.criterion, outcome.judged
    cells = [
        _cell("Limit", outcome.limit),
        _cell("Measured", outcome.shown or _tests(outcome)),
        _cell("95 % bounds", judged.bounds if judged else ""),
        _cell("n", "" if outcome.n is None else count(outcome.n)),
        _cell("Baseline", judged.compared if judged else ""),
    ]
    return _line(outcome.word, criterion.id, criterion.title, f"{_why(outcome)}{about}", cells)


def _tests(outcome: Outcome) -> str:
    """What stands in the place of a number where tests decided."""
    if outcome.judged is not None or outcome.word == NOT_RUN:
        return ""
    passed = sum(trial.status == "PASS" for trial in outcome.trials)
    return f"{passed} of {len(outcome.trials)} tests"


def _why(outcome: Outcome) -> str:
    """The reason of what is no PASS; and every round of what was measured more than once."""
    lines = [outcome.why] if outcome.word != "PASS" else []
    if len(outcome.rounds) > 1:
        lines += [one.line for one in outcome.rounds if one.line not in lines]
    return "".join(map(_small, lines))


def _thresholds(thresholds: Sequence[Judged]) -> str:
    return _table([_threshold(judged) for judged in thresholds])


def _threshold(judged: Judged) -> str:
    cells = [
        _cell("Limit", f"{judged.statistic} {judged.limit}"),
        _cell("Measured", judged.shown),
        _cell("95 % bounds", judged.bounds),
        _cell("n", "" if judged.n is None else count(judged.n)),
        _cell("Baseline", judged.compared),
    ]
    why = "" if judged.word == "PASS" else _small(judged.line)
    return _line(judged.word, judged.name, judged.of, why, cells)


def _line(word: str, name: str, title: str, why: str, cells: Iterable[str]) -> str:
    look = LOOKS.get(word, LOOKS[NOT_RUN])
    verdict = f'<td class="w-word w-{look.name}" data-head="Verdict">{look.symbol} {shown(word, 20)}</td>'
    about = f'<th scope="row"><b>{shown(name, 60)}</b> {shown(title)}{why}</th>'
    return f"<tr>{verdict}{about}{''.join(cells)}</tr>"


def _small(text: str) -> str:
    return f'<span class="w-why">{shown(text, 500)}</span>'


def _cell(head: str, text: str) -> str:
    empty = "" if text else ' class="w-none"'
    return f'<td data-head="{escape(head)}"{empty}>{shown(text, 100)}</td>'


def _table(rows: Sequence[str]) -> str:
    if not rows:
        return ""
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in _HEADS)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
