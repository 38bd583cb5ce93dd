"""The timeline: what happened around a failure, clients as lanes, on one clock; events in, HTML out."""

from wireproof.report.timeline.failure import Failure
from wireproof.report.timeline.layout import lay_out
from wireproof.report.timeline.page import Links, fragment, page

__all__ = ["Failure", "Links", "fragment", "lay_out", "page"]
