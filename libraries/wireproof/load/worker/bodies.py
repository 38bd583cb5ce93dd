"""The body of a load's messages, brought to a size."""

from collections.abc import Callable
from typing import Any

_PADDING = "pad"


def padded(body: Any, size: int, length: Callable[[Any], int]) -> Any:
    """The body with as much padding as its message lacks: at the end of a text, else as a member of the object.

    Args:
        body: a text, an object, or nothing.
        size: of the whole message in bytes; 0 for as it is.
        length: of the whole message with a body.

    Raises:
        ValueError: the message is larger already, or the body can hold no padding.
    """
    if isinstance(body, str):

        def fill(count: int) -> Any:
            return body + "x" * count
    elif body is None or isinstance(body, dict):

        def fill(count: int) -> Any:
            return {**(body or {}), _PADDING: "x" * count}
    elif size:
        raise ValueError(f"a {type(body).__name__} cannot be padded to {size} bytes: give an object or a text as body")
    if not size:
        return {} if body is None else body
    bare = length(fill(0))
    if bare > size:
        raise ValueError(f"a message has {bare} bytes without any padding: it cannot be made {size} bytes long")
    return fill(size - bare)
