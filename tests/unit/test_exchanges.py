"""Exchanges with a server: they end in time, and lose nothing on the way."""

from collections.abc import Generator

import pytest

from wireproof.exchanges import bounded


def exchange() -> Generator[str, int, int]:
    first = yield "read"
    second = yield "write"
    return first + second


def test_an_exchange_in_time_is_as_without_a_bound() -> None:
    found = bounded(exchange(), 60, TimeoutError)
    assert next(found) == "read"
    assert found.send(1) == "write"
    with pytest.raises(StopIteration) as end:
        found.send(2)
    assert end.value.value == 3


def test_one_that_takes_longer_ends_with_the_error_of_its_caller() -> None:
    found = bounded(exchange(), -1, lambda: OSError("no answer within 2 s"))
    next(found)
    with pytest.raises(OSError, match="no answer within 2 s"):
        found.send(1)
