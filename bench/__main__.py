"""`python -m bench [--area NAME]`: measures, prints and writes results/bench.json."""

import argparse
import importlib
import json
from pathlib import Path

from bench.figures import Figure, machine, write

AREAS = ("stack", "sockets", "server", "fixtures", "timeline", "ledger", "faults", "timing", "measures", "load")
REPORT = Path("results/bench.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures Wireproof on this machine.")
    parser.add_argument("--area", choices=AREAS, action="append", help="one area, repeatable; all if not given")
    areas = parser.parse_args().area or AREAS
    print(json.dumps(machine()))
    figures: list[Figure] = []
    for area in areas:
        for figure in importlib.import_module(f"bench.{area}").measure():
            print(figure, flush=True)
            figures.append(figure)
    write(REPORT, figures)
    missed = ", ".join(figure.name for figure in figures if figure.met is False)
    print(f"{len(figures)} figures in {REPORT}; {'missed: ' + missed if missed else 'all goals met'}")


if __name__ == "__main__":
    main()
