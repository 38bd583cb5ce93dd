"""CloudMessage envelopes as text, for tests in which every byte counts: a JSON library would write its own spelling."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def make_envelope(fields: Mapping[str, Any], payload: str) -> str:
    """The envelope with these fields and, as the last one, the payload exactly as it is spelled."""
    return f'{json.dumps(fields, ensure_ascii=False)[:-1]}, "payload": {payload}}}'


def make_envelope_of_size(fields: Mapping[str, Any], size: int, filler: str = "x") -> str:
    """An envelope of exactly `size` bytes in UTF-8; its payload is a text of fillers, then of dots."""
    room = size - len(make_envelope(fields, '""').encode())
    count, rest = divmod(room, len(filler.encode()))
    if room < 0:
        raise ValueError(f"an envelope of {size} bytes has no room for these fields: they take {size - room}")
    return make_envelope(fields, f'"{filler * count}{"." * rest}"')


def get_payload_text(envelope: str) -> str:
    """The payload of an envelope as it is spelled on the wire."""
    spelled = [text for name, text in _members(envelope) if name == "payload"]
    if len(spelled) != 1:
        raise ValueError(f"an envelope has one payload, this one has {len(spelled)}")
    return spelled[0]


def _members(text: str) -> Iterator[tuple[str, str]]:
    """Names and values of an object's members, the values as they are spelled."""
    decode = json.JSONDecoder().raw_decode
    at = _skip(text, 0, "{")
    while text[at] != "}":
        name, at = decode(text, at)
        start = _skip(text, at, ":")
        _, end = decode(text, start)
        yield name, text[start:end]
        at = _skip(text, end, ",")


def _skip(text: str, at: int, mark: str) -> int:
    """Behind the white space at `at`, behind `mark` if it comes next, and behind the white space after it."""
    while text[at] in " \t\r\n":
        at += 1
    if text[at] == mark:
        at += 1
    while text[at] in " \t\r\n":
        at += 1
    return at
