"""The health gate: every area of suites asks it first, so that a bad stack fails once and clearly."""

from collections.abc import Callable
from pathlib import Path

from wireproof.stack import compose, external, leftovers, readiness, state
from wireproof.stack.base import Stack
from wireproof.stack.embedded import EmbeddedStack
from wireproof.stack.errors import StackError
from wireproof.stack.external import Variables
from wireproof.stack.services import recover
from wireproof.stack.settings import FUNCTIONAL, SETTINGS_VARIABLE, given

MODES = ("embedded", "compose", "external")


class StackUnavailableError(StackError):
    """The stack is as bad as it was when the gate failed; what needs it is to be skipped."""


class Gate:
    """Lets pass when the stack is healthy; the first time it is not fails, later times say so by another error."""

    def __init__(self) -> None:
        self._could_not_open = ""
        self._was_unhealthy = False

    def provide(self, stack: Stack | None, open_stack: Callable[[], Stack]) -> Stack:
        """The stack that is there, else the one that `open_stack` gives.

        Raises:
            StackUnavailableError: it could not be opened before; that is not tried again.
            StackError: it cannot be opened.
        """
        if stack is None:
            if self._could_not_open:
                raise StackUnavailableError(f"the stack is not there: {self._could_not_open}")
            try:
                stack = open_stack()
            except StackError as error:
                self._could_not_open = str(error)
                raise
        return stack

    def require_health(self, stack: Stack) -> None:
        """Asks every dependency.

        Raises:
            StackUnavailableError: one is not ready, and it was so before.
            StackError: one is not ready, for the first time.
        """
        problem = readiness.reasons(stack.checks())
        was_unhealthy, self._was_unhealthy = self._was_unhealthy, bool(problem)
        if problem:
            kind = StackUnavailableError if was_unhealthy else StackError
            raise kind(f"the {stack.mode} stack is not healthy: {problem}")


def open_stack(mode: str, variables: Variables, directory: Path, keep_logs: Path | None) -> Stack:
    """Attaches to, or starts, the stack of a mode.

    Args:
        mode: embedded, compose or external. Embedded attaches to the ``stack up`` of this checkout when it is healthy,
            and when no settings are given: with settings of its own a run has a stack of its own.
        variables: where the server's settings are found, an external stack's addresses, and the ports and credentials
            of the compose stack.
        directory: where the run was started.
        keep_logs: a directory for the services' logs, when the start fails.

    Raises:
        StackError: there is no such mode, or no such stack, or it is not this run that starts its server.
    """
    settings = given(variables(SETTINGS_VARIABLE))
    if mode == "embedded" and settings is not None:
        return EmbeddedStack.start(settings={**FUNCTIONAL, **settings}, keep_logs=keep_logs)
    if mode == "embedded":
        return _running(directory) or EmbeddedStack.start(keep_logs=keep_logs)
    if settings is not None:
        raise StackError(f"${{{SETTINGS_VARIABLE}}} is for the embedded stack: nobody starts the server of this one")
    if mode == "compose":
        return compose.attach(directory, variables)
    if mode == "external":
        return external.attach(variables)
    raise StackError(f"${{STACK}} is '{mode}'; there are {', '.join(MODES)}")


def _running(directory: Path) -> Stack | None:
    """The stack that ``stack up`` keeps, healed of what a run that died left behind; None when it is not healthy."""
    file = state.of_checkout(directory)
    found = file.find()
    if found is None:
        return None
    stack = EmbeddedStack.attach(Path(found.run_dir))
    try:
        with file.locked():  # two runs that start at the same time heal it once
            stack.warnings += recover(stack.mode, stack.services.values()) + leftovers.heal(stack)
    except StackError as problem:
        raise StackError(f"{problem}; end this stack with python -m wireproof stack down") from None
    return None if readiness.reasons(stack.checks()) else stack
