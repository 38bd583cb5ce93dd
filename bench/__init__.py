"""Figures of Wireproof, measured on the machine at hand; `make bench` writes results/bench.json."""
