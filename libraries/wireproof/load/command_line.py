"""The options of `python -m wireproof load`, named as those of `Run Load`, and the order that they make up."""

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from wireproof.load.arguments import to_reconnect
from wireproof.load.errors import LoadError
from wireproof.load.order import RECONNECT, Order
from wireproof.quantities import Duration, Rate, Size
from wireproof.wiretext import hide, load_json, safe

T = TypeVar("T")

_VARIABLE = re.compile(r"%\{(\w+)\}")
_EXAMPLE = "for example: python -m wireproof load ws://127.0.0.1:3001/ --rate 1000/s --connections 100 --duration 30s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declares the options."""
    parser.epilog = _EXAMPLE
    parser.add_argument("url", help="ws://host:port/path or wss://…")
    what = parser.add_argument_group("how much")
    what.add_argument("--connections", type=int, metavar="N", help="how many clients connect (1)")
    what.add_argument(
        "--rate", type=_reads(Rate.parse), metavar="RATE", help="messages per second of all together: 1000/s"
    )
    what.add_argument("--duration", type=_reads(_seconds), metavar="TIME", help="how long: 30s")
    what.add_argument("--stages", default="", metavar="TEXT", help="a profile: 0/s..1000/s over 30s, 1000/s for 2min")
    what.add_argument("--closed", action="store_true", help="send when an answer has come, not when it is due")
    what.add_argument("--depth", type=int, default=1, metavar="N", help="messages under way of a closed loop (1)")
    what.add_argument(
        "--warmup", type=_reads(_seconds), default=0.0, metavar="TIME", help="not measured at the beginning"
    )
    what.add_argument(
        "--drain", type=_reads(_seconds), default=5.0, metavar="TIME", help="to wait for the last messages (5s)"
    )
    says = parser.add_argument_group("what is said")
    says.add_argument("--dialect", default="json", metavar="NAME", help="json, echo, cloudmessage, stomp, … (json)")
    says.add_argument(
        "--scenario",
        default="request reply",
        choices=["request reply", "pairs", "fan out", "push only"],
        help="who sends to whom",
    )
    says.add_argument("--send", type=_reads(load_json), metavar="JSON", help="what messages say; they get an id each")
    says.add_argument("--kind", default="", metavar="KIND", help="of which kind messages are")
    says.add_argument("--to", default="", metavar="TEXT", help="whom they are for; {n}, {peer}, … as in the login")
    says.add_argument("--id-at", default="", metavar="PATH", help="JSON path of a message's id ($.id)")
    says.add_argument("--size", type=_reads(Size.parse), metavar="SIZE", help="how long messages are made: 250 B")
    who = parser.add_argument_group("who connects")
    who.add_argument(
        "--login",
        type=_reads(_object),
        default={},
        metavar="JSON",
        help='a template: {"id": "device-{n}", "authToken": "%%{TOKEN}"}',
    )
    who.add_argument(
        "--header", action="append", default=[], type=_reads(_header), metavar="NAME:VALUE", help="of the upgrade"
    )
    who.add_argument(
        "--reconnect",
        type=_reads(to_reconnect),
        default=RECONNECT,
        metavar="FIRST..LIMIT",
        help="waits of a client whose connection ended, until it connects again; none: it stays away (100ms..5s)",
    )
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


def order_from(options: argparse.Namespace) -> Order:
    """What is asked for."""
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
        reconnect=options.reconnect,
        size=options.size.bytes if options.size else 0,
        headers=dict(options.header),
        tls=tls,
        spin=options.spin,
    )


def _reads(read: Callable[[str], T]) -> Callable[[str], T]:
    """An option's type that says why it cannot be read."""

    def option(text: str) -> T:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(safe(error, 300)) from None

    return option


def _seconds(text: str) -> float:
    return Duration.parse(text).seconds


def _object(text: str) -> dict[str, Any]:
    found = load_json(_with_secrets(text))
    if not isinstance(found, dict):
        raise LoadError(f'write a JSON object, for example {{"id": "device-{{n}}"}}, not {safe(text, 60)}')
    return found


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise LoadError(f"write a header as Name: value, not {safe(text, 60)}")
    return name.strip(), _with_secrets(value.strip())


def _with_secrets(text: str) -> str:
    """The text with what `%{NAME}` names: other users of the machine see command lines, and not the environment."""

    def value(found: re.Match[str]) -> str:
        secret = os.environ.get(found[1])
        if secret is None:
            raise LoadError(f"there is no environment variable {found[1]}: set it, or leave out %{{{found[1]}}}")
        hide(secret)
        return secret

    return _VARIABLE.sub(value, text)
