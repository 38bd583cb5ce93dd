"""Defects of content: what arrives is not what was sent."""

import json
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from reference_server.app import Parts
from reference_server.batch import Submission
from reference_server.defects.defect import mixed
from reference_server.writer import Writer

CUT_AT = 65_536
"""Bytes of a payload that survive, when one text in it makes it longer."""


def damaged(payload: bytes) -> bytes:
    """A payload with its texts in Unicode's compatibility form NFKC and cut; what has neither is left byte for byte."""
    try:
        value = json.loads(payload)
        changed = _in_every_text(value, lambda text: _cut(unicodedata.normalize("NFKC", text), len(payload)))
    except RecursionError:
        return payload
    return payload if changed == value else json.dumps(changed, ensure_ascii=False).encode()


def _cut(text: str, whole: int) -> str:
    """The text without what makes the whole too long, unless other texts do so."""
    data = text.encode()
    room = CUT_AT - (whole - len(data))
    return text if len(data) <= room or room <= 0 else data[:room].decode(errors="ignore")


def _in_every_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_in_every_text(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _in_every_text(item, change) for name, item in value.items()}
    return value


class _Damaging(Writer):
    """Damages a message before it is stored, so that rows and recipients agree about what nobody sent."""

    def submit(self, item: Submission) -> None:
        item.envelope.payload = msgspec.Raw(damaged(bytes(item.envelope.payload)))
        super().submit(item)


def damage(parts: Parts) -> Parts:
    """Texts are normalised and cut."""
    return replace(parts, writer=mixed(_Damaging, parts.writer))
