"""Loads against small servers of these tests."""
