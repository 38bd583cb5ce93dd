"""What the driver raises, in the words of the store."""

import asyncpg
import pytest

from reference_server.store import Collision, RowError, Unavailable, _translated


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (asyncpg.InternalClientError("cannot switch to state 2"), Unavailable),
        (asyncpg.ConnectionDoesNotExistError("connection was closed"), Unavailable),
        (asyncpg.InterfaceError("pool is closing"), Unavailable),
        (ConnectionRefusedError(), Unavailable),
        (TimeoutError(), Unavailable),
        (asyncpg.DiskFullError("no space"), Unavailable),
        (asyncpg.DeadlockDetectedError("deadlock"), Collision),
        (asyncpg.UniqueViolationError("double"), Collision),
        (asyncpg.CharacterNotInRepertoireError("NUL"), RowError),
    ],
)
def test_every_failure_of_the_driver_is_one_of_three(problem: Exception, expected: type[Exception]):
    with pytest.raises((Unavailable, RowError)) as caught, _translated():
        raise problem
    assert caught.type is expected
