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
from wireproof.load import limits, local, order, profile
from wireproof.load.conditions import Condition
from wireproof.load.errors import LoadError
from wireproof.load.metrics import METRICS
from wireproof.load.order import Order
from wireproof.load.progress import ProgressLine, is_terminal
from wireproof.load.running import Running
from wireproof.load.telling import Ended, judged
from wireproof.measures.durations import Durations
from wireproof.measures.interval_log import write_log
from wireproof.quantities import Duration, Rate, Size
from wireproof.report.load_report import load_page
from wireproof.timing import notes, thresholds
from wireproof.wiretext import load_json, safe

if TYPE_CHECKING:
    from wireproof.load.outcome import LoadResult

PASSED, NOT_PASSED, USAGE = 0, 1, 2
"""Exit codes."""

_EXAMPLE = "for example: python -m wireproof load ws://127.0.0.1:3001/ --rate 1000/s --connections 100 --duration 30s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options; they are named as those of `Run Load`."""
    parser.epilog = _EXAMPLE
    parser.add_argument("url", help="ws://host:port/path or wss://…")
    what = parser.add_argument_group("how much")
    what.add_argument("--connections", type=int, metavar="N", help="how many clients connect (1)")
    what.add_argument("--rate", type=Rate.parse, metavar="RATE", help="messages per second of all together: 1000/s")
    what.add_argument("--duration", type=_seconds, metavar="TIME", help="how long: 30s")
    what.add_argument("--stages", default="", metavar="TEXT", help="a profile: 0/s..1000/s over 30s, 1000/s for 2min")
    what.add_argument("--closed", action="store_true", help="send when an answer has come, not when it is due")
    what.add_argument("--depth", type=int, default=1, metavar="N", help="messages under way of a closed loop (1)")
    what.add_argument("--warmup", type=_seconds, default=0.0, metavar="TIME", help="not measured at the beginning")
    what.add_argument("--drain", type=_seconds, default=5.0, metavar="TIME", help="to wait for the last messages (5s)")
    says = parser.add_argument_group("what is said")
    says.add_argument("--dialect", default="json", metavar="NAME", help="json, echo, cloudmessage, stomp, … (json)")
    says.add_argument(
        "--scenario",
        default="request reply",
        choices=["request reply", "pairs", "fan out", "push only"],
        help="who sends to whom",
    )
    says.add_argument("--send", type=_json, metavar="JSON", help="what messages say; they get an id each")
    says.add_argument("--kind", default="", metavar="KIND", help="of which kind messages are")
    says.add_argument("--to", default="", metavar="TEXT", help="whom they are for; {n}, {peer}, … as in the login")
    says.add_argument("--id-at", default="", metavar="PATH", help="JSON path of a message's id ($.id)")
    says.add_argument("--size", type=Size.parse, metavar="SIZE", help="how long messages are made: 250 B")
    who = parser.add_argument_group("who connects")
    who.add_argument("--login", type=_object, default={}, metavar="JSON", help='a template: {"id": "device-{n}"}')
    who.add_argument("--header", action="append", default=[], type=_header, metavar="NAME:VALUE", help="of the upgrade")
    who.add_argument("--ca", default="", metavar="FILE", help="PEM file of the authority to trust")
    who.add_argument("--insecure", action="store_true", help="accept every certificate")
    judge = parser.add_argument_group("what has to come of it")
    judge.add_argument("--threshold", action="append", default=[], metavar="TEXT", help="delivery.p95 < 50 ms")
    judge.add_argument(
        "--stop-when", action="append", default=[], metavar="TEXT", help="server.error_rate > 5 %% for 10s"
    )
    how = parser.add_argument_group("how")
    how.add_argument("--name", default="load", help="what it is called (load)")
    how.add_argument("--workers", type=int, default=0, metavar="N", help="processes (one per core)")
    how.add_argument("--spin", action="store_true", help="burn a core of each worker to send within microseconds")
    how.add_argument("--out", type=Path, default=Path("results/load"), metavar="DIR", help="of page and figures")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs a load.

    Returns:
        0 when all thresholds are met, 1 when one is not or nothing was proved, 2 for what cannot be asked.
    """
    try:
        requirements = thresholds.parse(options.threshold, METRICS)
        conditions = [Condition.parse(text) for text in options.stop_when]
        plan = order.plan_of(options.name, _order(options))
        limits.prepare(order.needs_of(plan))
        print(f"{safe(plan.endpoint.url)}: {profile.shown(plan.profile)}")
        engine = local.start(plan)
    except ValueError as error:
        print(f"python -m wireproof load: {safe(error, 500)}", file=sys.stderr)
        return USAGE
    line = ProgressLine(_write, terminal=is_terminal(sys.stdout), name=plan.name, duration_s=plan.profile.duration_s)
    running = Running(plan, engine, line, conditions, requirements)
    try:
        running.wait()
    except KeyboardInterrupt:
        running.stop("Ctrl-C")
    result = running.end("")
    ended = Ended(plan, result, judged(requirements, result), running.stopped, running.harm)
    leave(ended, options.out)
    return _conclude(ended, options.out)


def leave(ended: Ended, folder: Path) -> None:
    """Writes the page, the figures as JSON, the latencies as an HdrHistogram log, and every message."""
    folder.mkdir(parents=True, exist_ok=True)
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
    for verdict in ended.verdicts:
        print(verdict.line)
    if ended.stopped:
        print(f"stopped early: {ended.stopped}")
    print(f"report: {folder / 'load.html'}")
    return NOT_PASSED if ended.failure or ended.stopped or result.problems else PASSED


def _order(options: argparse.Namespace) -> Order:
    given = vars(options)
    same = ("url", "rate", "stages", "scenario", "send", "kind", "to", "id_at", "dialect", "login", "depth", "workers")
    tls = {name: value for name, value in (("ca", options.ca), ("verify", not options.insecure)) if value is not True}
    return Order(
        **{name: given[name] for name in same},
        connections=options.connections if options.connections is not None or options.stages else 1,
        duration_s=options.duration,
        model="closed" if options.closed else "open",
        warmup_s=options.warmup,
        drain_s=options.drain,
        size=options.size.bytes if options.size else 0,
        headers=dict(options.header),
        tls=tls,
        spin=options.spin,
    )


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


# -- options ---------------------------------------------------------------------------------------------------------


def _seconds(text: str) -> float:
    return Duration.parse(text).seconds


def _json(text: str) -> Any:
    return load_json(text)


def _object(text: str) -> dict[str, Any]:
    found = load_json(text)
    if not isinstance(found, dict):
        raise LoadError(f'write a JSON object, for example {{"id": "device-{{n}}"}}, not {safe(text, 60)}')
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise LoadError(f"write a header as Name: value, not {safe(text, 60)}")
    return name.strip(), value.strip()
