"""What of a run is shown: which lanes, which events, which stretches of time. No markup here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wireproof.journal import Event
from wireproof.report.timeline.failure import Failure
from wireproof.report.timeline.lanes import EVERYWHERE, lanes_for, sources_of
from wireproof.report.timeline.spans import Span, spans_in
from wireproof.report.timeline.wording import Entry, put

LEFT_OUT = "⋯"
"""The symbol of a row that stands for events that are not shown."""

_EARLIER = 20
"""Events shown beyond the last ones, if the failure tells of them."""


@dataclass(frozen=True, slots=True)
class Row:
    """A shown event; `lane` is empty when it concerns all."""

    at_ns: int
    lane: str
    entry: Entry
    pointed_at: bool = False
    under_fault: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """A timeline, ready to be drawn.

    Attributes:
        lanes: the sources that get a lane, from top to bottom.
        rows: in order the last events on these lanes, earlier ones that the failure tells of, and the failed keyword's
            beginning and end.
        spans: what lasted, cut to the shown time.
        shown: how many events are shown.
        total: events since the test began, on all lanes.
        sources: lanes there would be if all were shown.
    """

    failure: Failure
    lanes: tuple[str, ...]
    rows: tuple[Row, ...]
    spans: tuple[Span, ...]
    start_ns: int
    end_ns: int
    shown: int
    total: int
    sources: int


def lay_out(events: Iterable[Event], failure: Failure, most: int) -> Layout:
    """Chooses what to show of a failure.

    Args:
        events: the run's, in any order; those before the test tell only what state it found.
        failure: where the timeline ends.
        most: how many events are shown, the last ones; beyond them only a few that the failure tells of.
    """
    known = sorted((event for event in events if event.at_ns <= failure.at_ns), key=lambda event: event.at_ns)
    current = [event for event in known if event.at_ns >= failure.zero_ns]
    sources = sources_of(known, current, failure)
    lanes = lanes_for(sources, current, failure)
    on_lanes = set(lanes)
    on_them = [event for event in current if event.kind in EVERYWHERE or event.source in on_lanes]
    earlier = [event for event in on_them[:-most] if failure.tells_of(event)][:_EARLIER]
    last = on_them[-most:]
    shown = [*earlier, *last]
    start_ns = shown[0].at_ns if shown else failure.zero_ns
    spans = [span for span in spans_in(known, failure.at_ns) if span.end_ns >= start_ns]
    faults = [span for span in spans if span.kind == "fault"]
    return Layout(
        failure,
        lanes,
        (
            *(_row(event, failure, faults) for event in earlier),
            *(
                [Row(last[0].at_ns, "", Entry("note", LEFT_OUT, "what happened in between is in the journal"))]
                if earlier
                else []
            ),
            *_rows(last, failure, faults),
            Row(failure.at_ns, "", Entry("failure", "✕", failure.message)),
        ),
        tuple(span for span in spans if span.kind == "fault" or span.lane in on_lanes),
        min(start_ns, failure.at_ns),
        failure.at_ns,
        len(shown),
        len(current),
        len(sources),
    )


def _rows(shown: Sequence[Event], failure: Failure, faults: Sequence[Span]) -> list[Row]:
    rows = [_row(event, failure, faults) for event in shown]
    if not shown or shown[0].at_ns <= failure.began_ns:
        rows.append(Row(failure.began_ns, "", Entry("failure", "▸", f"{failure.keyword} begins")))
    return sorted(rows, key=lambda row: row.at_ns)


def _row(event: Event, failure: Failure, faults: Sequence[Span]) -> Row:
    return Row(
        event.at_ns,
        "" if event.kind in EVERYWHERE else event.source,
        put(event),
        failure.points_at(event),
        any(fault.start_ns <= event.at_ns <= fault.end_ns for fault in faults),
    )
