"""The timeline as a piece of a log, and as a page of its own."""

from dataclasses import dataclass
from datetime import timedelta
from html import escape

from wireproof.report.timeline.layout import Layout
from wireproof.report.timeline.listing import listing
from wireproof.report.timeline.markup import shown
from wireproof.report.timeline.overview import overview
from wireproof.report.timeline.style import PAGE_STYLE, STYLE

_LEGEND = (
    '<p class="w-legend"><span class="w-up">↑ sent</span> <span class="w-down">↓ received</span> '
    '<span class="w-link">● connection</span> <span class="w-store">● database, cache</span> '
    '<span class="w-service">● service</span> <span class="w-bad">● refused, lost</span> '
    '<span class="w-waiting">the failed keyword ran</span></p>'
)


@dataclass(frozen=True, slots=True)
class Links:
    """Where the rest is, as relative addresses; empty where there is nothing to link."""

    journal: str = ""
    timeline: str = ""


def fragment(layout: Layout, links: Links, *, folded: bool = True) -> str:
    """The timeline as one element with its own style, no script and nothing from outside."""
    return "".join(
        [
            f'<div class="wireproof-timeline"><style>{STYLE}</style><p class="w-summary">{_summary(layout)}</p>',
            *overview(layout),
            _LEGEND,
            *listing(layout, folded),
            _more(links),
            "</div>",
        ]
    )


def page(layout: Layout, links: Links) -> str:
    """The timeline as an HTML document."""
    failure = layout.failure
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{shown(failure.keyword, 60)} failed in {shown(failure.where, 100)}</title>"
        f"<style>{PAGE_STYLE}</style></head><body>"
        f"<h1>{shown(failure.keyword, 100)} failed in {shown(failure.where, 200)}</h1>"
        f'<p class="message">{shown(failure.message, 1000)}</p>'
        f"{fragment(layout, links, folded=False)}</body></html>\n"
    )


def _summary(layout: Layout) -> str:
    failure = layout.failure
    zero = failure.at - timedelta(microseconds=(failure.at_ns - failure.zero_ns) / 1000)
    counted = f"{layout.shown} of {layout.total} events" if layout.shown < layout.total else f"{layout.total} events"
    hidden = layout.sources - len(layout.lanes)
    lanes = f" on {len(layout.lanes)} of {layout.sources} lanes, those that the failure tells of" if hidden else ""
    return f"{counted}{lanes}; 0 s is the start of {shown(failure.where, 100)}, {zero:%H:%M:%S}.{zero.microsecond // 1000:03d}"


def _more(links: Links) -> str:
    shown_links = [("all events as a page", links.timeline), ("the journal of the run", links.journal)]
    parts = [f'<a href="{escape(address)}">{words}</a>' for words, address in shown_links if address]
    return f'<p class="w-more">{" · ".join(parts)}</p>' if parts else ""
