"""What a load shows of a fault and the recovery from it: when each message was sent, taken over and delivered.

The file beside the load's messages is what `wireproof.timing` reads: `sent`, `acked` and `delivered`, a number for each
message, 0 for never; `refused`, `unknown` and `lost connections`, a number for each error.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.delivery.columns import REFUSED, UNKNOWN

if TYPE_CHECKING:
    from wireproof.delivery.history import History


def beside(history: str) -> str:
    """Where that file is, by that of the load's messages."""
    return f"{history.removesuffix('.npz')}.traffic.npz"


def save(history: "History", path: Path, leaving_ns: int | None = None) -> None:
    """Writes the moments of a load's messages and errors as a NumPy archive.

    Args:
        history: what was seen.
        path: where to.
        leaving_ns: from when on the load itself closes connections; None where it does not.
    """
    import numpy as np

    from wireproof.delivery.facts import NEVER, Facts

    facts = Facts(history)
    delivered = np.where(facts.audience.sizes > 0, 0, NEVER)
    np.maximum.at(delivered, facts.pair_message, facts.pair_first_at)
    acked = np.where(facts.outcome == 0, facts.sent_at, facts.acked_at)
    verdicts = history["verdicts"]
    closes = history["closes"]["at"]
    columns: dict[str, Any] = {
        "sent": facts.sent_at[facts.is_sent],
        "acked": np.where(acked == NEVER, 0, acked)[facts.is_sent],
        "delivered": np.where(delivered == NEVER, 0, delivered)[facts.is_sent],
        "refused": verdicts["at"][verdicts["outcome"] == REFUSED],
        "unknown": verdicts["at"][verdicts["outcome"] == UNKNOWN],
        "lost connections": closes if leaving_ns is None else closes[closes < leaving_ns],
    }
    np.savez(path, allow_pickle=False, **columns)
