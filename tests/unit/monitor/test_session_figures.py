"""What PostgreSQL says of its sessions, and what it may refuse to say."""

from typing import Any

import psycopg
import pytest

from wireproof.monitor import sessions


class Session:
    """One that answers with a row, or an error."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    def execute(self, _: object) -> "Session":
        if isinstance(self._answer, Exception):
            raise self._answer
        return self

    def fetchone(self) -> Any:
        return self._answer


def test_a_refusal_is_told_and_is_no_outage() -> None:
    refused = Session(psycopg.errors.InsufficientPrivilege("permission denied for view pg_stat_activity"))
    with pytest.raises(ValueError, match=r"^its figures were refused: permission denied for view pg_stat_activity$"):
        sessions.figures(refused)  # type: ignore[arg-type]


def test_a_database_without_figures_is_told() -> None:
    with pytest.raises(ValueError, match=r"^it has no figures of this database$"):
        sessions.figures(Session(None))  # type: ignore[arg-type]


def test_a_lost_session_is_an_outage() -> None:
    with pytest.raises(psycopg.OperationalError):
        sessions.figures(Session(psycopg.OperationalError("the connection is closed")))  # type: ignore[arg-type]
