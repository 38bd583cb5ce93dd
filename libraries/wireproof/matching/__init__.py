"""Matching: which messages are meant, how others differ, and which came nearest. Pure: it reads values only."""

from wireproof.matching.checks import Matchable
from wireproof.matching.matcher import Matcher, NearMiss, nearest
from wireproof.matching.paths import JsonPath, json_path
from wireproof.matching.templates import Difference

__all__ = ["Difference", "JsonPath", "Matchable", "Matcher", "NearMiss", "json_path", "nearest"]
