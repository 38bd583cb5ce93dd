"""HdrHistogram's format, with its own Python implementation as the judge in both directions."""

import base64
import contextlib
import io
import struct
import zlib
from pathlib import Path

import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader, HistogramLogWriter
from hypothesis import given
from hypothesis import strategies as st

from wireproof.measures.hdr import decode, encode
from wireproof.measures.histogram import HIGHEST_US, Histogram
from wireproof.measures.interval_log import read_log, write_log

SHARES = (0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1.0)
COLUMNS = st.lists(st.one_of(st.integers(0, 2000), st.integers(0, HIGHEST_US)), max_size=40)


def recorded(values: list[int]) -> Histogram:
    histogram = Histogram()
    histogram.record_many(values)
    return histogram


def judge(values: list[int], highest: int = 2**40, digits: int = 3, lowest: int = 1) -> HdrHistogram:
    histogram = HdrHistogram(lowest, highest, digits)
    for value in values:
        histogram.record_value(value)
    return histogram


VALUES = [7, 7, 8, 300, 1000, 4095, 4096, 65_537, 1_000_000, 999_999_999] * 3


@given(COLUMNS)
def test_buckets_survive_the_way_there_and_back(values: list[int]) -> None:
    histogram = recorded(values)
    again = decode(encode(histogram))
    assert list(again.buckets()) == list(histogram.buckets())
    assert encode(again) == encode(histogram)


def test_what_it_writes_others_read() -> None:
    read = HdrHistogram.decode(encode(recorded(VALUES)))
    exact = sorted(VALUES)
    assert read.get_total_count() == len(VALUES)
    for share in SHARES:
        value = exact[max(1, round(share * len(VALUES))) - 1]
        assert read.get_value_at_percentile(share * 100) == pytest.approx(value, rel=0.01)


@pytest.mark.parametrize("digits", [1, 2, 3, 4])
def test_what_others_write_it_reads(digits: int) -> None:
    theirs = judge(VALUES, digits=digits)
    ours = decode(theirs.encode().decode())
    assert ours.count == len(VALUES)
    for share in SHARES:
        assert ours.percentile(share) == pytest.approx(theirs.get_value_at_percentile(share * 100), rel=0.01)


def test_reads_histograms_of_a_coarse_unit() -> None:
    theirs = judge([5000, 70_000], lowest=1000, digits=2)
    assert decode(theirs.encode().decode()).percentile(1) == pytest.approx(70_000, rel=0.01)


def test_counts_of_any_size_survive() -> None:
    histogram = Histogram.from_buckets({3: 2**62, 9: 1, 500: 127, 501: 128})
    assert list(decode(encode(histogram)).buckets()) == list(histogram.buckets())


@given(st.binary(max_size=80), st.integers(0, 200), COLUMNS)
def test_damage_raises_nothing_but_value_error(junk: bytes, at: int, values: list[int]) -> None:
    whole = base64.b64decode(encode(recorded(values)))
    for damaged in (junk, whole[:at] + junk, whole[: at % len(whole)] + junk + whole[at % len(whole) :]):
        with contextlib.suppress(ValueError):
            decode(base64.b64encode(damaged).decode())


def packed(payload: bytes, **header: float) -> str:
    fields = {"cookie": 0x1C849313, "length": len(payload), "offset": 0, "digits": 2, "lowest": 1, "highest": 2**42}
    fields |= {"ratio": 1.0} | header
    plain = zlib.compress(struct.pack(">iiiiqqd", *fields.values()) + payload)
    return base64.b64encode(struct.pack(">ii", 0x1C849314, len(plain)) + plain).decode()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "too short"),
        ("HISTÄ", "ASCII"),
        ("HIS", "padding"),
        (base64.b64encode(struct.pack(">ii", 0x1C849314, 8) + zlib.compress(b"")).decode(), "header is damaged"),
        (base64.b64encode(struct.pack(">ii", 0x1C849314, 4) + b"junk").decode(), "incorrect header"),
        (base64.b64encode(struct.pack(">ii", 0x1C849304, 0)).decode(), "begins with 0x1c849304"),
        (base64.b64encode(struct.pack(">ii", 0x1C849314, 9)).decode(), "announces 9 bytes and has 0"),
        (packed(b"", cookie=1), "header is damaged"),
        (packed(b"\x02", length=5), "header is damaged"),
        (packed(b"", ratio=2.0), "scaled"),
        (packed(b"", digits=6), "scaled"),
        (packed(b"", lowest=0), "scaled"),
        (packed(b"\x80"), "middle of a number"),
        (packed(b"\xff\xff\xff\xff\x7f\x02"), "holds more than"),
        (packed(b"\x02", lowest=2**60), "holds more than"),
        (packed(b"\x00" * 2**23), "are more than"),
    ],
)
def test_says_what_is_wrong_with_it(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode(text)


SERIES = {
    "delivery.time": {100: recorded([5, 900]), 102: recorded([70_000])},
    "connect.time": {100: recorded([3])},
}


def test_a_log_survives_the_way_there_and_back() -> None:
    read = read_log(write_log(SERIES, 1_800_000_000.25))
    assert {tag: sorted(intervals) for tag, intervals in read.items()} == {
        "connect.time": [0],
        "delivery.time": [0, 2],
    }
    assert list(read["delivery.time"][0].buckets()) == list(SERIES["delivery.time"][100].buckets())


def test_others_read_its_log(tmp_path: Path) -> None:
    path = tmp_path / "load.hlog"
    path.write_text("".join(write_log(SERIES, 1_800_000_000.0)))
    reader = HistogramLogReader(str(path), HdrHistogram(1, 2**42, 2))
    seen = []
    while interval := reader.get_next_interval_histogram():
        seen.append((interval.get_tag(), interval.get_start_time_stamp(), interval.get_max_value()))
    reader.close()
    start_ms = 1_800_000_100_000.0
    assert [(tag, at) for tag, at, _ in seen] == [
        ("connect.time", start_ms),
        ("delivery.time", start_ms),
        ("delivery.time", start_ms + 2000),
    ]
    assert seen[2][2] == pytest.approx(70_000, rel=0.01)


def test_it_reads_logs_of_others() -> None:
    text = io.StringIO()
    writer = HistogramLogWriter(text)
    writer.output_log_format_version()
    writer.output_base_time(1_000)
    writer.output_legend()
    writer.output_interval_histogram(judge([1000, 2000]), 0.25, 0.5)
    writer.output_interval_histogram(judge([3000]), 0.75, 1.0)
    read = read_log(text.getvalue().splitlines(keepends=True))
    assert list(read) == [""]
    assert list(read[""]) == [0]
    assert read[""][0].count == 3
    assert read[""][0].max == pytest.approx(3000, rel=0.01)


def test_a_log_of_nothing_is_a_log() -> None:
    assert read_log(write_log({}, 0)) == {}


def test_a_damaged_log_says_where() -> None:
    lines = list(write_log(SERIES, 0))
    with pytest.raises(ValueError, match=r"line 5 of the log cannot be read: an interval is written as"):
        read_log([*lines[:4], "Tag=x,zero,1,2,HIST\n"])
    with pytest.raises(ValueError, match=r"line 1 .* V2 format"):
        read_log(["0.0,1.0,2.0,HISTFAAA\n"])
    with pytest.raises(ValueError, match=r"line 1 .*1\.2\.3"):
        read_log([lines[4].replace(",0.000,", ",1.2.3,", 1)])


def test_a_name_that_no_log_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="leave out blanks and commas"):
        list(write_log({"a b": {}}, 0))
