"""The report of a load: as a piece of a log, and as a page of its own. The charts are the same."""

from collections.abc import Sequence

from wireproof.journal import Event
from wireproof.measures.durations import Durations
from wireproof.report.acceptance.style import LOOKS
from wireproof.report.charts import connects, latency, levels, seconds
from wireproof.report.charts.style import NAME, style
from wireproof.report.charts.words import duration, number, share
from wireproof.report.load_views import LoadResult, LoadViews
from wireproof.report.markup import Table, document, for_log, shown
from wireproof.timing.verdict import Verdict

_RULES = (
    ".w-verdict{margin:2px 0;color:var(--text);overflow-wrap:anywhere}"
    ".w-problem{color:var(--bad);overflow-wrap:anywhere}"
    "b.w-pass{color:var(--c3)}b.w-fail{color:var(--bad)}b.w-invalid,b.w-inconclusive{color:var(--c6)}"
)
STYLE = style(_RULES)


def load_fragment(
    result: LoadResult,
    verdicts: Sequence[Verdict] = (),
    events: Sequence[Event] = (),
) -> str:
    """What the log shows of a load, as one line of HTML.

    Args:
        result: of the load.
        verdicts: on it.
        events: of the run; faults among them are shaded, samples of processor and memory are drawn.
    """
    views = LoadViews(result, verdicts, events)
    return for_log(f'<style>{STYLE}</style><div class="{NAME}">{_report(views)}</div>')


def load_page(
    result: LoadResult,
    verdicts: Sequence[Verdict] = (),
    events: Sequence[Event] = (),
    machine: str = "",
) -> str:
    """The report as a page of its own, which needs nothing else; the arguments are those of `load_fragment`.

    Args:
        machine: where it ran, in a line.
    """
    views = LoadViews(result, verdicts, events)
    about = f"<h3>Environment</h3><p>{shown(machine)}</p>" if machine else ""
    return document(f"Load '{result.name}'", f'<div class="{NAME}">{_report(views)}{about}</div>', STYLE)


def _report(views: LoadViews) -> str:
    """Verdicts first, then what was asked, then the charts."""
    result = views.result
    parts = [
        *map(_verdict, views.verdicts),
        *(f'<p class="w-problem">{shown(problem, 400)}</p>' for problem in result.problems),
        *(f"<p>{shown(line, 400)}</p>" for line in result.summary),
        latency(views.latency()),
        seconds(views.seconds()),
        connects(views.connects()),
        levels(views.levels()),
        _harness(views),
    ]
    return "".join(parts)


def _verdict(verdict: Verdict) -> str:
    look = LOOKS[verdict.word]
    rest = verdict.line.removeprefix(verdict.word)
    return f'<p class="w-verdict"><b class="w-{look.name}">{look.symbol} {verdict.word}</b>{shown(rest, 500)}</p>'


def _harness(views: LoadViews) -> str:
    """How far the generator itself can be off."""
    rows = [[name, number(one.n), *map(_told, _middle_and_tail(one))] for name, one in views.harness()]
    if (busiest := views.busiest()) is not None:
        rows.append(["busiest worker, share of a core", "", "", "", share(busiest)])
    if not rows:
        return ""
    return f"<section><h3>The generator's own error</h3>{Table('', ['', 'n', 'p50', 'p99', 'max'], rows)}</section>"


def _middle_and_tail(durations: Durations) -> tuple[int, int, int]:
    total = durations.total
    return total.percentile(0.5), total.percentile(0.99), total.max


def _told(us: int) -> str:
    return duration(us / 1e6)
