"""Whether messages came in order. Pure."""

from collections.abc import Sequence
from typing import Any

from wireproof.dialects import Message
from wireproof.matching import json_path
from wireproof.wiretext import safe


def disorder(messages: Sequence[Message], by: str, step: int | None = None) -> str:
    """The first break of the order, in words; "" if there is none.

    Args:
        messages: in order of arrival.
        by: the JSON path of the value that has to rise.
        step: by how much, exactly; any rise will do without it.

    Raises:
        ValueError: `by` is no JSON path.
    """
    path = json_path(by)
    if not messages:
        return f"no message came, so there is no order by {safe(by, 60)}"
    before: tuple[Message, Any] | None = None
    for message in messages:
        values = path.values(message.json)
        if len(values) != 1 or not _sortable(values[0]):
            return f"message #{message.index} has no number or text at {safe(by, 60)}"
        value = values[0]
        problem = _break(before, message, value, step) if before is not None else ""
        if problem:
            return f"out of order by {safe(by, 60)}: {problem}"
        before = message, value
    return ""


def _break(before: tuple[Message, Any], message: Message, value: Any, step: int | None) -> str:
    earlier, last = before
    where = f"#{message.index} has {safe(repr(value), 60)} after {safe(repr(last), 60)} in #{earlier.index}"
    if isinstance(value, str) != isinstance(last, str):
        return f"{where}, and a text and a number have no order"
    if step is not None and isinstance(value, str):
        return f"{where}, and texts have no steps: leave out step"
    if step is not None and value != last + step:
        return f"{where}, expected {last + step}"
    return "" if step is not None or value > last else where


def _sortable(value: Any) -> bool:
    return isinstance(value, int | float | str) and not isinstance(value, bool)
