"""Structured log: one JSON object per line on stderr, with ids, without message bodies and without secrets."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("reference_server")
WEBSOCKETS_LOGGER = logging.getLogger("reference_server.websockets")


class JsonLines(logging.Formatter):
    """One line of JSON per record; of an exception only type and place, its text may hold what a client sent."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        line.update(getattr(record, "ids", {}))
        if record.exc_info and record.exc_info[1] is not None:
            problem = record.exc_info[1]
            line["exception"] = type(problem).__name__
            line["at"] = [
                f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in traceback.extract_tb(problem.__traceback__)
            ][-5:]
        return json.dumps(line, ensure_ascii=True)


def set_up() -> None:
    """Send this program's log to stderr; the WebSocket library stays at WARNING, at DEBUG it logs paths and headers."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(logging.INFO)
    WEBSOCKETS_LOGGER.setLevel(logging.WARNING)


def info(event: str, **ids: object) -> None:
    """Note something expected."""
    LOGGER.info(event, extra={"ids": ids})


def warning(event: str, **ids: object) -> None:
    """Note something that hinders but heals."""
    LOGGER.warning(event, extra={"ids": ids})


def error(event: str, problem: BaseException | None = None, **ids: object) -> None:
    """Note a fault of the server itself."""
    LOGGER.error(event, extra={"ids": ids}, exc_info=problem)
