"""Monitoring: what the parts of a stack use, and whether they answer, second by second."""
