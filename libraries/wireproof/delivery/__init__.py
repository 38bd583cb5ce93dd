"""Delivery: was anything lost, doubled, reordered or misdelivered, and who lost it."""
