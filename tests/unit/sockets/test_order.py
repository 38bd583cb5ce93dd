"""The order of messages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wireproof.dialects import Message
from wireproof.sockets.order import disorder


def having(*values: Any) -> list[Message]:
    return [Message(at_ns=index, index=index, json={"n": value}) for index, value in enumerate(values, start=1)]


@given(st.lists(st.integers(), min_size=1, unique=True))
def test_rising_numbers_are_in_order(values: list[int]) -> None:
    assert disorder(having(*sorted(values)), "$.n") == ""


@given(st.integers(), st.integers(1, 20), st.integers(1, 9), st.integers())
def test_one_missing_breaks_the_steps_alone(first: int, count: int, step: int, gone: int) -> None:
    values = [first + step * number for number in range(count + 2)]
    assert disorder(having(*values), "$.n", step) == ""
    del values[1 + gone % count]
    assert disorder(having(*values), "$.n") == ""
    assert "expected" in disorder(having(*values), "$.n", step)


@pytest.mark.parametrize(
    ("values", "step", "told"),
    [
        ((), None, "no message came, so there is no order by $.n"),
        ((1, 3, 2), None, "out of order by $.n: #3 has 2 after 3 in #2"),
        ((1, 1), None, "out of order by $.n: #2 has 1 after 1 in #1"),
        ((1, 2, 4), 1, "out of order by $.n: #3 has 4 after 2 in #2, expected 3"),
        (("b", "a"), None, "out of order by $.n: #2 has 'a' after 'b' in #1"),
        (("a", 2), None, "out of order by $.n: #2 has 2 after 'a' in #1, and a text and a number have no order"),
        (("a", "b"), 1, "out of order by $.n: #2 has 'b' after 'a' in #1, and texts have no steps: leave out step"),
        ((None,), None, "message #1 has no number or text at $.n"),
        ((True,), None, "message #1 has no number or text at $.n"),
    ],
)
def test_breaks(values: tuple[Any, ...], step: int | None, told: str) -> None:
    assert disorder(having(*values), "$.n", step) == told


def test_nothing_at_the_path() -> None:
    assert disorder(having(1), "$.m") == "message #1 has no number or text at $.m"


def test_a_bad_path() -> None:
    with pytest.raises(ValueError, match="is no JSON path"):
        disorder(having(1), "$[")
