"""Which failed keywords show their failure, told by Robot's result model alone.

Robot reports a failure at every level that it passes through, and also when something around it waits for just that
failure. It is shown once: by the innermost keyword, unless something around that may catch it; then by what could have
caught it and failed nevertheless.
"""

from collections.abc import Iterator
from typing import Any

TRY = "TRY/EXCEPT ROOT"
"""The type of a whole TRY structure; `TRY` itself is the type of its first branch."""

_CATCHERS = frozenset(
    f"BuiltIn.{name}"
    for name in (
        "Run Keyword And Expect Error",
        "Run Keyword And Ignore Error",
        "Run Keyword And Return Status",
        "Run Keyword And Warn On Failure",
        "Wait Until Keyword Succeeds",
    )
)


def shows_failure(result: Any) -> bool:
    """Whether a keyword or a TRY structure that has just ended is the place to show why it failed."""
    return result.failed and _is_new(result) and not any(_may_catch(one) for one in _around(result))


def _is_new(result: Any) -> bool:
    """Nothing inside has shown this failure yet."""
    if result.type == TRY:
        return {branch.type for branch in result.body if branch.type != "MESSAGE" and branch.failed} == {"TRY"}
    return _may_catch(result) or not any(item.type != "MESSAGE" and item.failed for item in result.body)


def _may_catch(result: Any) -> bool:
    return result.type == "TRY" or getattr(result, "full_name", "") in _CATCHERS


def _around(result: Any) -> Iterator[Any]:
    parent = result.parent
    while parent is not None and parent.type not in ("TEST", "SUITE"):
        yield parent
        parent = parent.parent
