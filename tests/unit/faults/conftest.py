"""What the tests of the faults room share."""

from collections import Counter

import pytest
from line import Line


@pytest.fixture
def line(monkeypatch) -> Line:
    return Line(monkeypatch)


class Feeling(Counter[str]):
    """Counts what a stage was felt by."""

    def __call__(self, count: int) -> None:
        self["times"] += 1
        self["bytes"] += count


@pytest.fixture
def felt() -> Feeling:
    return Feeling()
