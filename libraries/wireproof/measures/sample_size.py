"""How many observations prove a claim: exact, one-sided, 95 %."""

import math

from wireproof.measures.tails import CONFIDENCE
from wireproof.quantities import Fraction


def clean_needed(share: float) -> int:
    """How many observations without an exception prove that more than this share is so: 299 for 99 %."""
    if not 0 < share < 1:
        raise ValueError(f"no number of observations proves more than {Fraction(share)}: ask for a share below 100 %")
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(share) - 1e-9)
