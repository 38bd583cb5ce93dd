"""Proof of the suites: each seeded defect of the reference server has to turn them red, for the right reason.

`python -m tests.prove` (or `make prove`) runs the suites against a clean server and against each defect, and writes the
kill matrix, defect by suite.
"""
