"""Who owns what was opened: the run, a suite or a test.

Libraries are GLOBAL in Robot Framework, so what they open would live until the end of the run. Instead every opener
hands its clean-up to the innermost scope that is running, and the scope calls it when it ends, also when the test
failed.
"""

import atexit
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wireproof.failures import CheckFailedError
from wireproof.journal import current as current_journal
from wireproof.journal import now_ns
from wireproof.wiretext import safe

Kind = Literal["run", "suite", "test"]


class FailedCheck(str):
    """A line about a check that failed when a scope ended: it fails the test, where other lines only warn."""

    __slots__ = ()


@dataclass(eq=False)
class Scope:
    """A running part of a run, and what is to be cleaned up when it ends.

    Attributes:
        kind, name: what part it is.
        started_ns: when it began.
        has_checks: whether a clean-up is a check, too.
    """

    kind: Kind
    name: str
    started_ns: int = field(default_factory=now_ns)
    has_checks: bool = False
    _cleanups: list[Callable[[], object]] = field(default_factory=list)
    _last: list[Callable[[], object]] = field(default_factory=list)

    def defer(self, cleanup: Callable[[], object], *, last: bool = False, check: bool = False) -> None:
        """Calls `cleanup` when this scope ends, before what was deferred earlier.

        Args:
            cleanup: what to call.
            last: call it after everything else, also what is deferred later.
            check: whether it may raise `CheckFailedError`.
        """
        self.has_checks = self.has_checks or check
        (self._last if last else self._cleanups).append(cleanup)

    def close(self) -> list[str]:
        """Runs every clean-up, the last one first; one that fails does not stop the others.

        Returns:
            One line for each clean-up that failed, a `FailedCheck` where it was a check.
        """
        problems: list[str] = []
        while self._cleanups or self._last:
            cleanup = (self._cleanups or self._last).pop()
            try:
                cleanup()
            except CheckFailedError as error:
                problems.append(FailedCheck(safe(error, 500)))
            except Exception as error:  # noqa: BLE001 - the others must run, and the caller reports every reason
                problems.append(f"clean-up at the end of {self.kind} '{self.name}' failed: {safe(error)}")
        return problems

    def __str__(self) -> str:
        return self.kind if self.kind == "run" else f"{self.kind} '{self.name}'"


_stack = [Scope("run", "")]


def run() -> Scope:
    """The outermost scope: it ends with the run, or with the process where no run reports its end."""
    return _stack[0]


def current() -> Scope:
    """The innermost running scope."""
    return _stack[-1]


def enclosing(kind: Kind) -> Scope | None:
    """The innermost running scope of that kind."""
    return next((scope for scope in reversed(_stack) if scope.kind == kind), None)


def enter(kind: Kind, name: str) -> Scope:
    """Starts a scope inside the current one."""
    scope = Scope(kind, name)
    _stack.append(scope)
    current_journal().record("scope", kind, at_ns=scope.started_ns, phase="start", name=name)
    return scope


def leave(scope: Scope) -> list[str]:
    """Ends `scope` and every scope still open inside it; returns the lines of `Scope.close`."""
    problems: list[str] = []
    while scope in _stack:
        ended = _stack[-1]
        # While its clean-ups run the scope is still the current one: what they open must be cleaned up as well.
        problems += ended.close()
        current_journal().forget_marks(ended.started_ns)
        current_journal().record("scope", ended.kind, phase="end", name=ended.name)
        if ended.kind == "run":
            break
        _stack.pop()
    return problems


atexit.register(lambda: leave(run()))
