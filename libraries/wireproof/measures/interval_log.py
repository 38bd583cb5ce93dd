"""HdrHistogram's interval logs (`.hlog`): a histogram a line, which its plotters read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from wireproof.measures.hdr import decode, encode
from wireproof.measures.histogram import Histogram

_LINE = re.compile(r"(?:Tag=([^,\s]+),)?([0-9.]+),[0-9.]+,[0-9.]+,(\S+)")
_TAG = re.compile(r"[^,\s]+")


def write_log(series: Mapping[str, Mapping[int, Histogram]], epoch_s: float) -> Iterator[str]:
    """The lines of a log: of each series, under its name as a tag, what each second holds.

    Args:
        series: by name, histograms by the second of one clock.
        epoch_s: when that clock was at 0, in seconds since 1970.

    Raises:
        ValueError: a name has a blank or a comma, which no log can hold.
    """
    for name in series:
        if not _TAG.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a series of a log: leave out blanks and commas")
    rows = sorted((second, name) for name, intervals in series.items() for second in intervals)
    first = rows[0][0] if rows else 0
    start_s = epoch_s + first
    yield "#[Histogram log format version 1.3]\n"
    yield f"#[BaseTime: {start_s:.3f} (seconds since epoch)]\n"
    yield f"#[StartTime: {start_s:.3f} (seconds since epoch), {datetime.fromtimestamp(start_s, UTC):%c} UTC]\n"
    yield '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"\n'
    for second, name in rows:
        histogram = series[name][second]
        yield f"Tag={name},{second - first:.3f},1.000,{histogram.max / 1000:.3f},{encode(histogram)}\n"


def read_log(lines: Iterable[str]) -> dict[str, dict[int, Histogram]]:
    """Reads a log: by tag (empty where there is none) and second, the histograms; comments and legends are skipped.

    Raises:
        ValueError: a line is damaged.
    """
    series: dict[str, dict[int, Histogram]] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in '#"':
            continue
        found = _LINE.fullmatch(text)
        try:
            if not found:
                raise ValueError("an interval is written as start,length,maximum,histogram")
            tag, second, histogram = found[1] or "", int(float(found[2])), decode(found[3])
        except ValueError as problem:
            raise ValueError(f"line {number} of the log cannot be read: {problem}") from None
        series.setdefault(tag, {}).setdefault(second, Histogram()).add(histogram)
    return series
