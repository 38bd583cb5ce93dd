"""Histograms in HdrHistogram's V2 wire format and its interval logs (`.hlog`), which its plotters read.

The format keeps how much is in each bucket. Minimum, maximum and sum come back as the buckets tell them, within 0.8 %.
"""

import base64
import binascii
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping

from wireproof.measures.histogram import HIGHEST_US, Histogram, bucket_range

_COMPRESSED = struct.Struct(">ii")
_HEADER = struct.Struct(">iiiiqqd")
_COMPRESSED_COOKIE = 0x1C849314
_COOKIE = 0x1C849313
_DIGITS = 2
_MOST_BYTES = 2**22  # 9 bytes for each bucket of the finest histogram that there is
_BAD = "this is no HdrHistogram in V2 format"


def encode(histogram: Histogram) -> str:
    """The histogram in base64, as logs and other tools take it (`HISTFAAAA…`)."""
    payload = bytearray()
    after = 0
    for bucket, count in histogram.buckets():
        if bucket > after:
            payload += _leb128(_zigzag(after - bucket))  # a number below 0 skips so many empty buckets
        payload += _leb128(_zigzag(count))
        after = bucket + 1
    header = _HEADER.pack(_COOKIE, len(payload), 0, _DIGITS, 1, HIGHEST_US, 1.0)
    packed = zlib.compress(header + bytes(payload))
    return base64.b64encode(_COMPRESSED.pack(_COMPRESSED_COOKIE, len(packed)) + packed).decode()


def decode(text: str) -> Histogram:
    """Reads a histogram that this or another tool wrote; its values are taken for microseconds.

    Raises:
        ValueError: it is damaged, or in another format.
    """
    try:
        return _decoded(base64.b64decode(text, validate=True))
    except (binascii.Error, zlib.error, struct.error, IndexError, OverflowError, ValueError) as problem:
        raise ValueError(f"{_BAD}: {problem}") from problem


def _decoded(data: bytes) -> Histogram:
    cookie, length = _COMPRESSED.unpack_from(data)
    if cookie != _COMPRESSED_COOKIE:
        raise ValueError(f"it begins with {cookie & 0xFFFFFFFF:#010x}, not {_COMPRESSED_COOKIE:#010x}")
    if length != len(data) - _COMPRESSED.size:
        raise ValueError(f"{length} bytes were announced, {len(data) - _COMPRESSED.size} are there")
    inflater = zlib.decompressobj()
    plain = inflater.decompress(data[_COMPRESSED.size :], _MOST_BYTES)
    if not inflater.eof:
        raise ValueError("its data end too early or are too long")
    cookie, length, offset, digits, lowest, highest, _ = _HEADER.unpack_from(plain)
    payload = plain[_HEADER.size :]
    if cookie != _COOKIE or offset or length != len(payload) or not 0 <= digits <= 5 or lowest < 1 or highest < lowest:
        raise ValueError("its header is damaged")
    histogram = Histogram()
    unit_bits = lowest.bit_length() - 1
    half_bits = (2 * 10**digits - 1).bit_length() - 1  # as many bits as tell values of that precision apart, less one
    bucket = 0
    for number in _numbers(payload):
        if number < 0:
            bucket -= number
            continue
        if number:
            _record(histogram, bucket, number, half_bits, unit_bits)
        bucket += 1
    return histogram
