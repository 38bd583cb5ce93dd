"""What can go wrong with a ledger, as one plain line."""

from typing import ClassVar


class DeliveryError(Exception):
    """A ledger cannot do what it was asked; the text says what to do."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True


class NotQuietError(DeliveryError):
    """A drain hit its time-out; the text names what is outstanding."""
