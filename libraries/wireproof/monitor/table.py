"""A monitoring in the log: what services used, whether they answered, and what excuses that they did not."""

from collections.abc import Iterator, Sequence
from html import escape

from wireproof.measures.readings import Readings
from wireproof.monitor import telling
from wireproof.monitor.monitoring import Monitoring
from wireproof.monitor.units import share, shown
from wireproof.wiretext import safe

_STYLE = (
    ".wireproof-monitoring{white-space:normal;font:13px/1.45 ui-sans-serif,system-ui,Helvetica,Arial,sans-serif;"
    "max-width:1000px;overflow-x:auto}"
    ".wireproof-monitoring p{margin:4px 0;opacity:.75}"
    ".wireproof-monitoring table{border-collapse:collapse;margin:4px 0 8px;font:inherit;color:inherit;background:none}"
    ".wireproof-monitoring tr{background:none;height:auto}"
    ".wireproof-monitoring :is(th,td){padding:3px 10px 3px 0;border:0;border-bottom:1px solid #8886;width:auto;"
    "text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums;background:none}"
    ".wireproof-monitoring th{font-weight:400;opacity:.75}"
    ".wireproof-monitoring :is(th,td):first-child{text-align:left}"
    ".wireproof-monitoring .w-bad{color:#c0320c;font-weight:700}"
    "[data-theme=dark] .wireproof-monitoring .w-bad{color:#ff9b8f}"
)

_COLUMNS = ("mean", "p95", "max")


def html(monitoring: Monitoring) -> str:
    """The tables, with their style."""
    lasted_s = (monitoring.ended_ns - monitoring.began_ns) / 1e9
    title = (
        f"Monitoring '{safe(monitoring.name, 80)}': {lasted_s:.0f} s, every {monitoring.every_s:g} s; "
        f"the monitor itself used {monitoring.overhead * 100:.1f} % of one core"
    )
    parts = [
        f"<p>{escape(title)}</p>",
        _table(("Metric", "Mean", "p95", "Most", "Readings", "Missing"), list(_metrics(monitoring))),
        _table(("Probe", "Sent", "Good", "Excused", "Failed", "Success"), list(_probes(monitoring))),
        *(f'<p class="w-bad">{escape(line)}</p>' for line in (*monitoring.problems, *telling.faults(monitoring))),
        *(f"<p>excused: {escape(line)}</p>" for line in telling.excuses(monitoring)),
        *(f"<p>{escape(line)}</p>" for line in telling.remarks(monitoring)),
        *(f"<p>{escape(f'{part}: {reason}')}</p>" for part, reason in monitoring.unseen.items()),
    ]
    return f'<style>{_STYLE}</style><div class="wireproof-monitoring">{"".join(parts)}</div>'


def _metrics(monitoring: Monitoring) -> Iterator[Sequence[str]]:
    for metric, measure in monitoring.measures.items():
        if isinstance(measure, Readings) and measure.n:
            values = [shown(measure.estimate(statistic).value) for statistic in _COLUMNS]
            yield metric, *values, str(measure.n), str(measure.gaps)


def _probes(monitoring: Monitoring) -> Iterator[Sequence[str]]:
    for subject, outcome in monitoring.probes.items():
        sent = outcome.tried + len(outcome.excused)
        success = share(outcome.good, outcome.tried) if outcome.tried else "\u2013"
        yield subject, *map(str, (sent, outcome.good, len(outcome.excused), len(outcome.failed))), success


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
