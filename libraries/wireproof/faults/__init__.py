"""Faults: what goes wrong on purpose, on links, in databases and in caches, and how it is healed."""
