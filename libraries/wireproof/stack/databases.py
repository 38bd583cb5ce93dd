"""Databases of one PostgreSQL, made and removed through the URL of another of its databases."""

from urllib.parse import urlsplit, urlunsplit

from wireproof.stack.errors import StackError
from wireproof.wiretext import safe


def beside(url: str, name: str) -> str:
    """The URL of the database `name` in the PostgreSQL of `url`, password included."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def create(url: str, name: str) -> None:
    """Makes the database `name` in the PostgreSQL of `url`.

    Raises:
        StackError: PostgreSQL cannot be reached or refuses; its reason is given.
    """
    _execute(url, f'CREATE DATABASE "{name}"')


def drop(url: str, name: str) -> None:
    """Removes the database `name`, ending the sessions that use it; does nothing when there is none.

    Raises:
        StackError: PostgreSQL cannot be reached or refuses; its reason is given.
    """
    _execute(url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _execute(url: str, statement: str) -> None:
    import psycopg  # costs 150 ms

    try:
        with psycopg.connect(url, connect_timeout=5, autocommit=True) as connection:
            connection.execute(statement)
    except psycopg.Error as error:
        raise StackError(f"{statement} failed: {safe(str(error).splitlines()[0])}") from None
