"""The command `python -m wireproof load`: one load run on any URL, with a verdict and a page."""

import argparse
import json
import platform
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.journal import current as journal
from wireproof.journal import now_ns
from wireproof.load import command_line, limits, local, order, profile
from wireproof.load.conditions import Condition
from wireproof.load.errors import LoadError
from wireproof.load.metrics import METRICS
from wireproof.load.progress import Paper, ProgressLine, Screen, is_terminal
from wireproof.load.running import Running
from wireproof.load.telling import Ended, judged, most
from wireproof.measures.durations import Durations
from wireproof.measures.interval_log import write_log
from wireproof.report.load_report import load_page
from wireproof.timing import notes, thresholds
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult

PASSED, NOT_PASSED, USAGE = 0, 1, 2
"""Exit codes."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Makes a parser that of this command."""
    command_line.add_arguments(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs a load.

    Returns:
        0 when all thresholds are met, 1 when one is not or nothing was proved, 2 for what cannot be asked.
    """
    try:
        requirements = thresholds.parse(options.threshold, METRICS)
        conditions = [Condition.parse(text) for text in options.stop_when]
        plan = order.plan_of(options.name, command_line.order_from(options))
        limits.prepare(order.needs_of(plan))
        _make(options.out)
        print(f"{safe(plan.endpoint.url)}: {profile.shown(plan.profile)}")
        engine = local.start(plan)
    except ValueError as error:
        print(f"python -m wireproof load: {safe(error, 500)}", file=sys.stderr)
        return USAGE
    outlet = Screen(_write) if is_terminal(sys.stdout) else Paper(_write)
    line = ProgressLine(outlet, plan.name, plan.profile.duration_s)
    running = Running(plan, engine, line, conditions, requirements)
    try:
        running.wait()
    except KeyboardInterrupt:
        running.stop("Ctrl-C")
    result = running.end("")
    ended = Ended(plan, result, judged(requirements, result), running.stopped, running.harm)
    leave(ended, options.out)
    return _conclude(ended, options.out)


def _make(folder: Path) -> None:
    """Makes the folder of the results, before there are any to lose."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LoadError(f"no results can be left in '{safe(folder)}': {error.strerror}; take another --out") from None


def leave(ended: Ended, folder: Path) -> None:
    """Writes the page, the figures as JSON, the latencies as an HdrHistogram log, and every message."""
    result = ended.result
    machine = f"{platform.node()}, {platform.platform()}, Python {platform.python_version()}"
    page = load_page(ended.picture, ended.verdicts, events=journal().recent(), machine=machine)
    (folder / "load.html").write_text(page, encoding="utf-8")
    (folder / "load.json").write_text(json.dumps(figures(ended), indent=1) + "\n", encoding="utf-8")
    (folder / "load.hlog").write_text(_hlog(result), encoding="ascii")
    if result.history is not None:
        result.history.save(folder / "load.npz")


def figures(ended: Ended) -> dict[str, Any]:
    """What was measured, for scripts; numbers are in seconds, per second, shares."""
    result = ended.result
    return {
        "name": result.name,
        "stopped": ended.stopped,
        "problems": list(result.problems),
        "counts": dict(result.counts),
        "errors": dict(result.errors),
        "verdicts": [{"word": verdict.word, "line": verdict.line} for verdict in ended.verdicts],
        "metrics": {
            name: [notes.numbers(measure.estimate(statistic)) for statistic in _statistics(name, measure)]
            for name, measure in result.measures.items()
            if measure.n
        },
    }


def _hlog(result: "LoadResult") -> str:
    """The latencies second by second."""
    epoch_s = time.time() - now_ns() / 1e9
    times = {name: measure.intervals for name, measure in result.measures.items() if isinstance(measure, Durations)}
    return "".join(write_log(times, epoch_s))


def _statistics(name: str, measure: object) -> Sequence[str]:
    return ("p50", "p95", "p99", "max") if isinstance(measure, Durations) else (METRICS[name],)


def _conclude(ended: Ended, folder: Path) -> int:
    """Prints what came of it; the word for all of it is the last thing that is seen."""
    result = ended.result
    for line in ended.picture.summary[1:]:
        print(safe(line, 400))
    for problem in result.problems:
        print(f"INVALID: {safe(problem, 400)}")
    if ended.failure and not ended.verdicts:
        print(f"FAIL {ended.failure}")
    elif result.errors:
        print(f"errors: {most(result.errors)}")
    for verdict in ended.verdicts:
        print(verdict.line)
    if ended.stopped:
        print(f"stopped early: {ended.stopped}")
    print(f"report: {folder / 'load.html'}")
    return NOT_PASSED if ended.failure or ended.stopped or result.problems else PASSED


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
