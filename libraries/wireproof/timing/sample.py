"""What a sample that was too small proves, and how large it has to be."""

import math

from wireproof.measures.estimate import Estimate
from wireproof.quantities import Comparison, Fraction
from wireproof.timing.requirement import percentile_share
from wireproof.timing.shown import Scale, count

_ALPHA = 0.05
"""One-sided 95 %."""


def told(limit: Comparison, estimate: Estimate, scale: Scale) -> str:
    """Why an estimate does not decide: `n = 100 proves > 97.05 %, > 99 % needs 299 clean tries`; empty if its size
    is not the reason.
    """
    is_lower = limit.operator in (">", ">=")
    bound = estimate.low if is_lower else estimate.high
    share = percentile_share(estimate.statistic)
    if share is not None:
        if bound is not None:
            return ""
        side = "lower" if is_lower else "upper"
        needed = clean_tries(1 - share if is_lower else share)
        return f"n = {count(estimate.n)} gives {estimate.statistic} no {side} bound, that needs {count(needed)}"
    if isinstance(limit.limit, Fraction) and estimate.statistic == "rate" and bound is not None:
        proven = f"n = {count(estimate.n)} proves {limit.operator} {scale.text(bound)}"
        ratio = limit.limit.ratio if is_lower else 1 - limit.limit.ratio
        if 0 < ratio < 1:
            return f"{proven}, {limit} needs {count(clean_tries(ratio))} clean tries"
        return proven
    return ""


def clean_tries(share: float) -> int:
    """How many tries without a failure prove that more than `share` of all succeed."""
    return math.ceil(math.log(_ALPHA) / math.log(share))
