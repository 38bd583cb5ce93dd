"""What a sample that was too small proves, and how large it has to be."""

import math

from wireproof.measures.estimate import Estimate
from wireproof.measures.histogram import percentile_share
from wireproof.measures.sample_size import clean_needed
from wireproof.quantities import Fraction
from wireproof.timing.requirement import Requirement
from wireproof.timing.shown import Scale, count


def told(requirement: Requirement, estimate: Estimate, scale: Scale) -> str:
    """Why an estimate does not decide; empty if its size is not the reason.

    `n = 100 proves > 97.04 %, > 99 % needs 299 clean tries`, rounded so that it is always true.
    """
    limit = requirement.limit
    is_lower = limit.operator in (">", ">=")
    bound = estimate.low if is_lower else estimate.high
    share = percentile_share(estimate.statistic)
    if share is not None and bound is None:
        needed = clean_needed(1 - share if is_lower else share)
        side = "lower" if is_lower else "upper"
        if estimate.n >= needed:  # what happened in one second was alike, and counted as few
            return f"n = {count(estimate.n)} in too few seconds give {estimate.statistic} no {side} bound: take longer"
        return f"n = {count(estimate.n)} gives {estimate.statistic} no {side} bound, {count(needed)} are needed"
    if isinstance(limit.limit, Fraction) and estimate.statistic == "rate" and bound is not None:
        proven = scale.text(bound, math.floor if is_lower else math.ceil)
        ratio = limit.limit.ratio if is_lower else 1 - limit.limit.ratio
        needed_words = f", {limit} needs {count(clean_needed(ratio))} clean tries" if 0 < ratio < 1 else ""
        if not limit.holds(bound):
            return f"n = {count(estimate.n)} proves {limit.operator} {proven}{needed_words}"
    if estimate.n < requirement.at_least:
        return f"n = {count(estimate.n)}, at least {count(requirement.at_least)} are asked for"
    return ""
