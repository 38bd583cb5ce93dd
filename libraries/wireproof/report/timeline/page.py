"""The timeline as a piece of a log, and as a page of its own."""

from dataclasses import dataclass
from datetime import timedelta
from html import escape

from wireproof.report.markup import document, for_log, shown
from wireproof.report.timeline.layout import Layout
from wireproof.report.timeline.listing import listing
from wireproof.report.timeline.overview import overview
from wireproof.report.timeline.style import PAGE_STYLE, STYLE
from wireproof.report.timeline.wording import Look
from wireproof.wiretext import safe

_LEGEND: dict[Look, str] = {
    "up": "↑ sent",
    "down": "↓ received",
    "quiet": "↕ of the protocol itself",
    "link": "● connection",
    "store": "● database, cache",
    "service": "● service",
    "fault": "▲ fault",
    "bad": "● refused, lost",
}


@dataclass(frozen=True, slots=True)
class Links:
    """Where the rest is, as relative addresses; empty where there is nothing to link."""

    journal: str = ""
    timeline: str = ""


def fragment(layout: Layout, links: Links) -> str:
    """The timeline as one element for a log, which may be read as ASCII, in any encoding and mode of a browser."""
    return for_log(_timeline(layout, links))


def page(layout: Layout, links: Links) -> str:
    """The timeline as an HTML document."""
    failure = layout.failure
    title = f"{safe(failure.keyword, 100)} failed in {safe(failure.where, 200)}"
    message = f'<p class="message">{shown(failure.message, 1000)}</p>'
    return document(title, f"{message}{_timeline(layout, links)}", PAGE_STYLE)


def _timeline(layout: Layout, links: Links) -> str:
    tracks = [*overview(layout), _legend(layout)] if layout.lanes else []
    summary = f'<p class="w-summary">{_summary(layout)}</p>'
    parts = [f"<style>{STYLE}</style>", summary, *tracks, *listing(layout), _more(links)]
    return f'<div class="wireproof-timeline">{"".join(parts)}</div>'


def _summary(layout: Layout) -> str:
    failure = layout.failure
    zero = failure.at - timedelta(microseconds=(failure.at_ns - failure.zero_ns) / 1000)
    counted = f"{layout.shown} of {layout.total} events" if layout.shown < layout.total else f"{layout.total} events"
    lanes = f" on {len(layout.lanes)} of {layout.sources} lanes" if len(layout.lanes) < layout.sources else ""
    began = zero.isoformat(sep=" ", timespec="milliseconds")
    return f"{counted}{lanes}; 0 s is the start of {shown(failure.where, 200)} at {began}"


def _legend(layout: Layout) -> str:
    used = {row.entry.look for row in layout.rows}
    looks = [f'<span class="w-{look}">{words}</span>' for look, words in _LEGEND.items() if look in used]
    wait = '<span class="w-waiting">the failed keyword ran</span>'
    return f'<p class="w-legend">{" ".join([*looks, wait])}</p>'


def _more(links: Links) -> str:
    shown_links = [("all events as a page", links.timeline), ("the journal of the run", links.journal)]
    parts = [f'<a href="{escape(address)}">{words}</a>' for words, address in shown_links if address]
    return f'<p class="w-more">{" · ".join(parts)}</p>' if parts else ""
