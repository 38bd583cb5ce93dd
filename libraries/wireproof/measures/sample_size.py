"""How many observations prove a claim, and what so many prove: exact, one-sided, 95 %."""

import math
import re

from wireproof.measures.tails import CONFIDENCE, lowest_share
from wireproof.quantities import Comparison, Fraction

_PERCENTILE = re.compile(r"(?:.*\.)?p(\d{1,2}(?:\.\d{1,4})?)")


def clean_needed(share: float) -> int:
    """How many observations without an exception prove that more than this share is so: 299 for 99 %."""
    if not 0 < share < 1:
        raise ValueError(f"no number of observations proves more than {Fraction(share)}: ask for a share below 100 %")
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(share) - 1e-9)


def needed(claim: Comparison) -> int | None:
    """How many clean observations prove a claim: `> 99 %` and `p99 < 50 ms` take 299, `p95 < 50 ms` 59.

    None where the claim is not of that kind: a count, a peak, exactly 100 %.
    """
    if found := _PERCENTILE.fullmatch(claim.subject):
        share = float(found[1]) / 100
    elif isinstance(claim.limit, Fraction):
        share = claim.limit.ratio if ">" in claim.operator else 1 - claim.limit.ratio
    else:
        return None
    return clean_needed(share) if 0 < share < 1 and claim.operator in {"<", "<=", ">", ">="} else None


def proves(good: int, tried: int) -> str:
    """What so many of so many prove, in words: `100 of 100 proves > 97.04 %`; rounded down, so always true."""
    low = lowest_share(good, tried)
    if low <= 0:
        return f"{good} of {tried} proves nothing"
    percent = 100 * (1 - low)
    digits = max(2, 1 - math.floor(math.log10(percent)))
    shown = 100 - math.ceil(percent * 10**digits - 1e-9) / 10**digits
    return f"{good} of {tried} proves > {f'{shown:.{digits}f}'.rstrip('0').rstrip('.')} %"
