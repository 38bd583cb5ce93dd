"""Which messages a frame fault is for."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wireproof.dialects import Dialect, Message
from wireproof.faults.errors import FaultError
from wireproof.matching import Matcher
from wireproof.quantities import Fraction

Kind = Callable[[Dialect, Message], bool]
"""What a message has to be in its dialect's terms: an acknowledgement, a delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What an author says about which messages are meant, and of those how many.

    Attributes:
        matcher: what the dialect has to read in a message; without parts also what it cannot read is meant.
        is_kind: what a message has to be beyond that.
        skip: so many of them pass first.
        every: after that, each so-manieth is taken.
        share: of those, such a part at random.
        count: at most so many are taken; 0 for no limit.
        seed: of the random part.
    """

    matcher: Matcher = field(default_factory=Matcher)
    is_kind: Kind | None = None
    skip: int = 0
    every: int = 1
    share: float = 1.0
    count: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("skip", 0), ("every", 1), ("count", 0)):
            value = getattr(self, name)
            if value < least:
                raise FaultError(f"{name} is {least} or more, not {value}")
        if not 0 < self.share <= 1:
            raise FaultError(f"share is more than 0 % and at most 100 %, not {Fraction(self.share)}")


class Chooser:
    """Takes messages as a `Choice` says, counted over everything that it is asked about."""

    def __init__(self, choice: Choice) -> None:
        self._choice = choice
        self._asks = choice.matcher != Matcher() or choice.is_kind is not None
        self._random = random.Random(choice.seed)  # noqa: S311 - repeatable, not secret
        self._met = 0
        self._taken = 0

    def takes(self, dialect: Dialect, messages: Sequence[Message]) -> bool:
        """Whether the one frame or message is meant in which the dialect read these messages."""
        choice = self._choice
        if self._asks and not any(self._fits(dialect, message) for message in messages):
            return False
        self._met += 1
        if choice.count and self._taken == choice.count:
            return False
        nth = self._met - choice.skip
        if nth < 1 or nth % choice.every or (choice.share < 1 and self._random.random() >= choice.share):
            return False
        self._taken += 1
        return True

    def _fits(self, dialect: Dialect, message: Message) -> bool:
        is_kind = self._choice.is_kind
        return (is_kind is None or is_kind(dialect, message)) and self._choice.matcher.matches(message)
