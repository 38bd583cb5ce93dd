"""Charts of what was measured: views in, one line of HTML with inline SVG out. No scripts, no pictures to load."""

from wireproof.report.charts.connects import ConnectsView, connects
from wireproof.report.charts.latency import LatencyView, Spread, latency
from wireproof.report.charts.levels import LevelsView, levels
from wireproof.report.charts.plot import Curve, Limit, Window
from wireproof.report.charts.seconds import SecondsView, seconds

__all__ = [
    "ConnectsView",
    "Curve",
    "LatencyView",
    "LevelsView",
    "Limit",
    "SecondsView",
    "Spread",
    "Window",
    "connects",
    "latency",
    "levels",
    "seconds",
]
