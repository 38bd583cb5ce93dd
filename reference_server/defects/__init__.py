"""Defects to order: what an acceptance suite has to catch, to be put into the server in test mode.

A defect is a subclass of a normal part that does one thing wrong. The command line asks `catalogue.parts_with` for the
parts; nothing else in the server knows of defects.
"""

from reference_server.defects.catalogue import DEFECTS, parse, parts_with
from reference_server.defects.defect import Defect

__all__ = ["DEFECTS", "Defect", "parse", "parts_with"]
