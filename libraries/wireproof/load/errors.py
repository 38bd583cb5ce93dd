"""What can go wrong with a load, as one plain line."""

from typing import ClassVar


class LoadError(ValueError):
    """A load cannot be as it was asked for; the text says what to do."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True
