"""What goes wrong when something is monitored."""

from typing import ClassVar


class MonitorError(Exception):
    """One plain line: what was asked for, and why it cannot be."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True
