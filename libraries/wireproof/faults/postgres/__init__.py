"""Faults of PostgreSQL: inside a database, and of its replies on a link."""
