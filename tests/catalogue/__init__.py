"""The catalogue of faults, read from the suites that prove each: `python -m tests.catalogue` writes docs/faults.md."""
