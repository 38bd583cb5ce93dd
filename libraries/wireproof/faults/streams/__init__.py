"""Faults of connections and of their bytes, whatever is spoken on a link."""
