"""The one error of this room."""

from collections.abc import Callable, Iterable
from typing import ClassVar

from wireproof.wiretext import safe


class StackError(Exception):
    """Something is wrong with the stack, or with what was asked of it; said in one line."""

    ROBOT_SUPPRESS_NAME: ClassVar = True


def attempt_all(acts: Iterable[Callable[[], object]]) -> None:
    """Does all, one after the other, whatever any of them raises: a clean-up must not stop half way.

    Raises:
        StackError: some failed; the text has every reason.
    """
    problems = []
    for act in acts:
        try:
            act()
        except Exception as problem:  # noqa: BLE001 - the others must be done, and all are raised together
            problems.append(safe(problem))
    if problems:
        raise StackError("; ".join(problems))
