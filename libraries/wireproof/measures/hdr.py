"""Histograms in HdrHistogram's V2 wire format , which many tools read and plot.

The format keeps how much is in each bucket. Minimum, maximum and sum come back as the buckets tell them, within 0.8 %.
"""

import base64
import struct
import zlib
from collections import Counter
from collections.abc import Iterator

from wireproof.measures.histogram import HIGHEST_US, Histogram, bucket_of, bucket_range

_COMPRESSED = struct.Struct(">ii")
_HEADER = struct.Struct(">iiiiqqd")
_COMPRESSED_COOKIE = 0x1C849314
_COOKIE = 0x1C849313
_DIGITS = 2
_MOST_BYTES = 2**22  # far more than a real one has: a bucket takes a byte or two


def encode(histogram: Histogram) -> str:
    """The histogram in base64, as logs and other tools take it (`HISTFAAAA…`)."""
    payload = bytearray()
    after = 0
    for bucket, count in histogram.buckets():
        if bucket > after:
            payload += _leb128(_zigzag(after - bucket))
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
        return Histogram.from_buckets(_counts(_inflated(base64.b64decode(text, validate=True))))
    except (zlib.error, ValueError) as problem:  # bad base64 is a ValueError, too
        raise ValueError(f"this is no whole histogram in HdrHistogram's V2 format: {problem}") from problem


def _inflated(data: bytes) -> bytes:
    if len(data) < _COMPRESSED.size:
        raise ValueError("it is too short to be one")
    cookie, length = _COMPRESSED.unpack_from(data)
    if cookie != _COMPRESSED_COOKIE:
        raise ValueError(f"it begins with {cookie & 0xFFFFFFFF:#010x}, not with {_COMPRESSED_COOKIE:#010x}")
    if length != len(data) - _COMPRESSED.size:
        raise ValueError(f"it announces {length} bytes and has {len(data) - _COMPRESSED.size}")
    inflater = zlib.decompressobj()
    plain = inflater.decompress(data[_COMPRESSED.size :], _MOST_BYTES)
    if not inflater.eof:
        raise ValueError(f"its data end too early, or are more than {_MOST_BYTES} bytes")
    return plain


def _counts(plain: bytes) -> Counter[int]:
    """How much is in each bucket of ours, from a layout of any precision."""
    if len(plain) < _HEADER.size:
        raise ValueError("its header is damaged")
    cookie, length, offset, digits, lowest, _, ratio = _HEADER.unpack_from(plain)
    payload = plain[_HEADER.size :]
    if cookie != _COOKIE or length != len(payload):
        raise ValueError("its header is damaged")
    if offset or ratio != 1.0 or lowest < 1 or not 0 <= digits <= 5:
        raise ValueError("its values are scaled or shifted; write whole microseconds")
    sub_bits, unit_bits = (2 * 10**digits - 1).bit_length() - 1, lowest.bit_length() - 1
    counts: Counter[int] = Counter()
    bucket = 0
    for number in _numbers(payload):
        if number <= 0:
            bucket += -number or 1  # a number below 0 says how many buckets in a row are empty
            continue
        if (bucket >> sub_bits) + unit_bits + sub_bits > HIGHEST_US.bit_length():
            raise ValueError(f"its bucket {bucket} holds more than {HIGHEST_US} µs")
        high = ((bucket_range(bucket, sub_bits)[1] + 1) << unit_bits) - 1
        counts[bucket_of(high)] += number
        bucket += 1
    return counts


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _leb128(number: int) -> bytes:
    """Seven bits a byte, the low ones first, the ninth byte whole: at most 64 bits."""
    written = bytearray()
    while number > 0x7F and len(written) < 8:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def _numbers(payload: bytes) -> Iterator[int]:
    at = 0
    while at < len(payload):
        number = shift = 0
        while True:
            if at == len(payload):
                raise ValueError("it ends in the middle of a number")
            byte = payload[at]
            at += 1
            if shift == 56:
                number |= byte << shift
                break
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        yield (number >> 1) ^ -(number & 1)
