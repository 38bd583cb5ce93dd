"""The one error of this room."""

from typing import ClassVar


class StackError(Exception):
    """Something is wrong with the stack, or with what was asked of it; said in one line."""

    ROBOT_SUPPRESS_NAME: ClassVar = True
