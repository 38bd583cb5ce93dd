"""A client of any protocol: what authors subclass when no dialect speaks theirs."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

Note = Callable[[str, int, int], None]
"""Called with a metric, and two moments: from when, until when."""


class StepFailedError(Exception):
    """A step came to no good end, because of what is tested; the text says why, the same each time."""


class User:
    """One client of a load of scenario `user`; name the class by its import path.

    A load calls `connect` once, `step` each time a step is due, and `close` at the end. A step is done when `step`
    returns; its time counts from when it was due and is the load's `delivery.time`. Steps of one client come one after
    another. What a step raises for `OSError`, a time-out or `fail` is the server's failure and is counted; anything
    else is a mistake of the class, and the load proves nothing.

        class Quotes(User):
            async def connect(self):
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.settings["port"])

            async def step(self):
                with self.measure("quote.time"):
                    self.writer.write(b"quote\\n")
                    if not await self.reader.readline():
                        self.fail("no quote")

    Attributes:
        name: the client's name.
        login: its credentials.
        settings: what the load was given for its class.
        number: the how manieth client it is, from 0.
        due_ns: when the step that runs was due, on the monotonic clock.
    """

    def __init__(
        self, name: str, number: int, login: Mapping[str, Any], settings: Mapping[str, Any], note: Note
    ) -> None:
        self.name, self.number, self.login, self.settings = name, number, login, settings
        self.due_ns = 0
        self._note = note

    async def connect(self) -> None:
        """Opens what the steps need."""

    async def step(self) -> None:
        """Does what is measured."""
        raise NotImplementedError(f"{type(self).__name__} has no step: write `async def step(self)`")

    async def close(self) -> None:
        """Closes what `connect` opened."""

    def record(self, metric: str, since_ns: int, until_ns: int | None = None) -> None:
        """Records a duration, until now unless it ended before: `self.record("query.time", self.due_ns)`."""
        self._note(metric, since_ns, time.monotonic_ns() if until_ns is None else until_ns)

    @contextmanager
    def measure(self, metric: str) -> Iterator[None]:
        """Records how long the block takes, if it ends well."""
        since_ns = time.monotonic_ns()
        yield
        self.record(metric, since_ns)

    def fail(self, reason: str) -> NoReturn:
        """Ends the step: what is tested did not do what it should. Reasons are counted, so give few different ones."""
        raise StepFailedError(reason)
