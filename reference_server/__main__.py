"""`python -m reference_server [serve|migrate] [--test-mode]`: the settings come from the environment."""

import argparse
import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any

from reference_server import logs
from reference_server.app import App, StartError, migrate
from reference_server.clock import Clock
from reference_server.defects import parts_with
from reference_server.settings import PREFIX, Settings, SettingsError, load, load_for_migration
from reference_server.store import Store, Unavailable


def main() -> int:
    """The exit status: 0 after a clean end, 1 when the server cannot start, 2 for wrong settings."""
    parser = argparse.ArgumentParser(
        prog="python -m reference_server",
        description="Coordination service for devices over WebSockets.",
        epilog="Settings are environment variables named REFERENCE_SERVER_<NAME>; see reference_server/PROTOCOL.md.",
    )
    parser.add_argument(
        "command", nargs="?", choices=("serve", "migrate"), default="serve", help="serve migrates first"
    )
    parser.add_argument("--test-mode", action="store_true", help="hand out tokens over HTTP; for tests only")
    parser.add_argument(
        "--defect",
        action="append",
        default=[],
        metavar="NAME[:PARAMETERS]",
        help="be wrong in this way, to see what tests catch; needs --test-mode; may be given several times",
    )
    parser.add_argument("--defect-seed", metavar="N", help="where the chances of defects start; 1 unless given")
    arguments = parser.parse_args()
    logs.set_up()
    try:
        if arguments.command == "migrate":
            _run(_migrate(load_for_migration()))
        else:
            settings = load(_environment(arguments), test_mode=arguments.test_mode)
            _run(App(settings, parts_with(settings.defects, settings.defect_seed)).run())
    except SettingsError as problem:
        print(f"reference_server: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    except (StartError, Unavailable) as problem:
        print(f"reference_server: {problem}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _environment(arguments: argparse.Namespace) -> dict[str, str]:
    """The environment, with the options in the place of its variables."""
    options = {"DEFECTS": ",".join(arguments.defect), "DEFECT_SEED": arguments.defect_seed}
    return {**os.environ, **{f"{PREFIX}{name}": value for name, value in options.items() if value}}


async def _migrate(settings: Settings) -> None:
    for name in await migrate(Store(settings, Clock())):
        logs.info("migrated", migration=name)


def _run(work: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)


if __name__ == "__main__":
    sys.exit(main())
