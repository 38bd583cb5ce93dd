"""What can go wrong with a measurement, as one plain line."""

from typing import ClassVar


class TimingError(Exception):
    """Nothing can be measured as it was asked; the text says what to do."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True
