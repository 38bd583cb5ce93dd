"""The stack under test: real PostgreSQL, Redis and server, started here or attached to.

`current` is the one stack of the run that all rooms share; the keywords of this room set it.
"""

from wireproof.stack.addresses import Addresses
from wireproof.stack.base import ABILITIES, Guards, Stack
from wireproof.stack.errors import StackError

__all__ = ["ABILITIES", "Addresses", "Guards", "Stack", "StackError", "current", "running", "use"]

_current: Stack | None = None


def running() -> Stack | None:
    """The stack of this run, None when there is none."""
    return _current


def current() -> Stack:
    """The stack of this run.

    Raises:
        StackError: no stack is running.
    """
    if _current is None:
        raise StackError("no stack is running: call Ensure Stack first")
    return _current


def use(stack: Stack | None) -> Stack | None:
    """Makes `stack` the current one, None for no stack; returns the one before."""
    global _current
    before, _current = _current, stack
    return before
