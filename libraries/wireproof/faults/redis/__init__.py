"""Faults inside Redis."""
