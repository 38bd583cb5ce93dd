"""Timing: how long a system under test takes to recover from a fault."""
