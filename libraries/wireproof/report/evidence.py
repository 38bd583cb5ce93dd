"""What a failure leaves beside the log: a timeline as a page. And what it leaves in the log: the same, shorter."""

import re
from pathlib import Path
from urllib.parse import quote

from wireproof import journal, journal_file
from wireproof.report.timeline import Failure, Links, fragment, lay_out, page

IN_THE_LOG = 60
ON_THE_PAGE = 2000
"""Events shown at most."""

_FROM_THE_FILE = 100
_LONGEST_NAME = 60
_SAMPLE = "sample"
"""Numbers by the second: a chart's, not a timeline's."""


class Evidence:
    """The timelines of a run.

    Args:
        output: Robot's output directory, where the log is.
    """

    def __init__(self, output: Path) -> None:
        self._output = output
        self._directory = output / "wireproof" / "timelines"
        self._written = 0
        # Those of an earlier run into the same directory would be taken for this one's.
        for page_of_before in self._directory.glob("*.html"):
            page_of_before.unlink()

    def show(self, failure: Failure) -> str:
        """Writes the page of a failure.

        Returns:
            What the log shows, as HTML.
        """
        events = self._events(failure)
        self._written += 1
        path = self._directory / f"{self._written:03d}-{_slug(failure.where)}.html"
        self._directory.mkdir(parents=True, exist_ok=True)
        path.write_text(
            page(lay_out(events, failure, ON_THE_PAGE), Links(journal="../journal.jsonl")), encoding="utf-8"
        )
        links = Links("wireproof/journal.jsonl", quote(path.relative_to(self._output).as_posix()))
        return fragment(lay_out(events, failure, IN_THE_LOG), links)

    def _events(self, failure: Failure) -> list[journal.Event]:
        """The last events; what the failure tells of also where the journal has forgotten it."""
        kept = journal.current().recent()
        recent = [event for event in kept if event.kind != _SAMPLE]
        if len(kept) < journal.RECENT:
            return recent
        told = journal_file.about(self._output / "wireproof" / "journal.jsonl", failure.ids, _FROM_THE_FILE)
        return [*(event for event in told if event.at_ns < kept[0].at_ns), *recent]


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", text)[-_LONGEST_NAME:].strip("-").lower()
