"""The command line: ``python -m wireproof stack up|status|down``, ``recheck``, ``baseline`` and ``load``."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from wireproof import __version__
from wireproof.delivery import command as delivery
from wireproof.load import command as load
from wireproof.stack import command
from wireproof.stack.errors import StackError
from wireproof.timing import command as timing
from wireproof.timing.errors import TimingError


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code: 0 fine, 1 not, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except (StackError, TimingError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m wireproof", description="Tools beside the Robot Framework libraries."
    )
    parser.add_argument("--version", action="version", version=f"wireproof {__version__}")
    areas = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    stack = areas.add_parser(
        "stack",
        help="keep a stack running between robot runs",
        description="Keeps real PostgreSQL, real Redis and the reference server running for this checkout. "
        "`robot` uses them instead of starting its own, so that a run starts at once.",
    )
    actions = stack.add_subparsers(title="actions", metavar="up|status|down", required=True)
    for name, run, text in (
        ("up", command.up, "start it, or show the one that runs"),
        ("status", command.status, "show how each part is; exit code 1 when one is not well"),
        ("down", command.down, "end it and remove all it left"),
    ):
        action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        action.add_argument("--json", action="store_true", help="print one JSON object, with full URLs, for scripts")
        action.set_defaults(run=partial(_for_scripts, run))
    recheck = areas.add_parser(
        "recheck",
        help="judge the delivery ledgers of a saved journal again",
        description="Judges the delivery ledgers of saved journals again and prints a line for each. Exit code 0 when "
        "all pass, 1 when one does not, 2 when a file is no journal or has no ledger in it.",
    )
    recheck.add_argument("journal", nargs="+", type=Path, help="for example results/wireproof/journal.jsonl")
    recheck.set_defaults(run=lambda options: delivery.run(options.journal))
    load.add_to(
        areas.add_parser(
            "load",
            help="run a load on a url",
            description="Runs a load and says what came of it. Exit code 0 when every threshold is met, 1 when one is "
            "not or the load proves nothing, 2 for what cannot be asked.",
        )
    )
    _add_baseline(areas)
    return parser


def _add_baseline(areas: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    baseline = areas.add_parser(
        "baseline",
        help="accept the figures of the last run, or show those that were accepted",
        description="Keeps the figures that later runs are compared with, in results/baselines/PROFILE.json.",
    )
    actions = baseline.add_subparsers(title="actions", metavar="accept|show", required=True)
    accept = actions.add_parser(
        "accept",
        help="make the figures of the last run the baseline",
        description="Makes the figures of the last run the baseline. Exit code 1 when a test failed or a criterion was "
        "not met: such a run is no baseline.",
    )
    accept.add_argument("--reason", required=True, help="why, for those who read the file later")
    accept.set_defaults(run=lambda options: timing.accept(options.results, options.profile, options.reason))
    show = actions.add_parser("show", help="show the baseline", description="Shows the baseline, and who accepted it.")
    show.set_defaults(run=lambda options: timing.show(options.results, options.profile))
    for action in (accept, show):
        action.add_argument("--profile", default="", help="the environment; that of the run, else embedded")
        action.add_argument("--results", type=Path, default=Path("results"), help="where the run left its files")


def _for_scripts(run: Callable[[bool], int], options: argparse.Namespace) -> int:
    return run(options.json)


if __name__ == "__main__":
    sys.exit(main())
