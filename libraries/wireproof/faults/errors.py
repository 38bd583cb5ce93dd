"""What can be wrong with a fault that an author asks for."""

from typing import ClassVar

from wireproof.failures import CheckFailedError


class FaultError(Exception):
    """A fault that cannot be made, or not now; one plain line that says what to do."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True


class NoEffectError(FaultError, CheckFailedError):
    """A fault that touched nothing: the test under it proves nothing."""


class UnableError(FaultError):
    """What this stack cannot do, or not to us: a test that needs it is skipped with the reason."""
