"""What may follow the name of a defect: shares, counts and times. Pure, no I/O."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")


class Chance:
    """Hits a share of the cases; the same ones whenever it is made from the same seed."""

    def __init__(self, share: float, seed: str = "") -> None:
        self.share = share
        self._random = Random(seed)  # noqa: S311 - no secret

    def seeded(self, seed: str) -> "Chance":
        """The same share with other cases."""
        return Chance(self.share, seed)

    def hits(self) -> bool:
        """Whether this case is one of them."""
        return self._random.random() < self.share

    def pick(self, candidates: Sequence[T]) -> T:
        """One of several."""
        return self._random.choice(candidates)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One value after the colon.

    `read` raises ValueError for a text that `expected` does not describe.
    """

    name: str
    default: str
    expected: str
    read: Callable[[str], Any]


def _chance(text: str) -> Chance:
    share = float(text)
    if not 0 < share <= 1:
        raise ValueError(text)
    return Chance(share)


def _count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise ValueError(text)
    return int(text)


def _time(text: str) -> float:
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s)", text)
    if match is None:
        raise ValueError(text)
    return float(match[1]) / (1000 if match[2] == "ms" else 1)


def share(default: str) -> Parameter:
    """How many of the cases it hits."""
    return Parameter("share", default, "a share above 0 and at most 1, for example 0.001", _chance)


def count(default: str) -> Parameter:
    """A number of messages."""
    return Parameter("count", default, "a whole number above 0, for example 100", _count)


def time(name: str, default: str) -> Parameter:
    """Seconds."""
    return Parameter(name, default, "a time, for example 2s or 250ms", _time)
