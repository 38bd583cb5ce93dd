"""Waiting for what has to come; a hang is ended by the time-out of the tests."""

import time
from collections.abc import Callable
from contextlib import suppress

import psycopg


def until(condition: Callable[[], object]) -> None:
    """Looks until it is so."""
    while not condition():
        time.sleep(0.01)


def is_refused(do: Callable[[], object]) -> bool:
    """Whether PostgreSQL refuses, or ends the connection."""
    try:
        do()
    except psycopg.Error:
        return True
    return False


def use_until_it_ends(connect: Callable[[], psycopg.Connection]) -> None:
    """Uses a new session until PostgreSQL ends it, be it while it comes about."""
    with suppress(psycopg.OperationalError), connect() as session:
        while True:
            session.execute("SELECT 1")
