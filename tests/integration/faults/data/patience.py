"""Waiting for what has to come; a hang is ended by the time-out of the tests."""

import time
from collections.abc import Callable

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
