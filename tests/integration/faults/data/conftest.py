"""A database of the stack with one table, and somebody who uses it while faults are on."""

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from wireproof import scopes
from wireproof.faults.active import ActiveFaults
from wireproof.faults.postgres.database import Database, database_of
from wireproof.stack import databases
from wireproof.stack.embedded import EmbeddedStack


@pytest.fixture
def database(stack: EmbeddedStack) -> Iterator[Database]:
    """An own database with a table `notes`."""
    name = f"faults-{secrets.token_hex(4)}"
    databases.create(stack.postgres.url, name)
    found = database_of(name)
    with found.session() as session:
        session.execute("CREATE TABLE notes (id int PRIMARY KEY, text text)")
    yield found
    databases.drop(stack.postgres.url, name)


@pytest.fixture
def active(database: Database) -> Iterator[ActiveFaults]:
    """The faults of a test; whatever is on is healed at its end, before the database goes."""
    scope = scopes.enter("test", "a test")
    found = ActiveFaults()
    yield found
    found.heal_all()
    scopes.leave(scope)


Connect = Callable[..., "psycopg.Connection"]


@pytest.fixture
def connect(database: Database) -> Iterator[Connect]:
    """Connects as the system under test does: `connect("name of the application")`."""
    opened = []

    def connect(name: str = "app", **options: object) -> psycopg.Connection:
        connection = psycopg.connect(database.url, application_name=name, autocommit=True, **options)
        opened.append(connection)
        return connection

    yield connect
    for connection in opened:
        connection.close()


@pytest.fixture
def background() -> Iterator[ThreadPoolExecutor]:
    """Does things while the test looks on."""
    with ThreadPoolExecutor() as pool:
        yield pool
