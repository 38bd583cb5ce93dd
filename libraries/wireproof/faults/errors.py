"""What can be wrong with a fault that an author asks for."""


class FaultError(Exception):
    """A fault that cannot be made, or not now; one plain line that says what to do."""


class NoEffectError(FaultError):
    """A fault that touched nothing: the test under it proves nothing."""


class UnableError(FaultError):
    """What this stack cannot do, or not to us: a test that needs it is skipped with the reason."""
