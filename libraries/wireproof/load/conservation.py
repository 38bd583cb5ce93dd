"""Where every message of a load is: sums that have to be right, or something was not counted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Conservation:
    """Where every message is. A pair is a message and one of those who have to get it.

    due = sent + unsent; pairs = delivered + lost + refused + in flight; receipts = delivered + repeated + astray.

    Attributes:
        due, sent, unsent: messages that the schedule wanted, those that went out, those whose connection was gone.
        pairs, delivered: that sent messages have; that arrived.
        lost: did not arrive, although the peer took the message over or the protocol acknowledges nothing.
        refused, in_flight: did not arrive: the peer refused the message; nobody knows what became of it.
        receipts, repeated, astray: all arrivals; at who had it already; at who should not have got it.
    """

    due: int = 0
    sent: int = 0
    unsent: int = 0
    pairs: int = 0
    delivered: int = 0
    lost: int = 0
    refused: int = 0
    in_flight: int = 0
    receipts: int = 0
    repeated: int = 0
    astray: int = 0

    @property
    def holds(self) -> bool:
        """Whether all sums are right."""
        return (
            self.due == self.sent + self.unsent
            and self.pairs == self.delivered + self.lost + self.refused + self.in_flight
            and self.receipts == self.delivered + self.repeated + self.astray
        )

    def __str__(self) -> str:
        return (
            f"{self.due} due = {self.sent} sent + {self.unsent} unsent; {self.pairs} to arrive = {self.delivered} "
            f"delivered + {self.lost} lost + {self.refused} refused + {self.in_flight} in flight; {self.receipts} "
            f"receipts = {self.delivered} delivered + {self.repeated} repeated + {self.astray} astray"
        )
