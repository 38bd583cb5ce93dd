"""A client of any protocol: what authors subclass when no dialect speaks theirs."""

import importlib
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, NoReturn

from wireproof.load.metrics import METRICS, rate_of
from wireproof.wiretext import safe

_METRIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\.time")

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
            metrics = ("quote.time",)

            async def connect(self):
                self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.settings["port"])

            async def step(self):
                with self.measure("quote.time"):
                    self.writer.write(b"quote\\n")
                    if not await self.reader.readline():
                        self.fail("no quote")

    Attributes:
        metrics: what its instances record, each `<name>.time`, so that thresholds may be set for it and for
            `<name>.rate`, how many there were per second.
        name: the client's name.
        login: its credentials.
        settings: what the load was given for its class.
        number: the how manieth client it is, from 0.
        due_ns: when the step that runs was due, on the monotonic clock.
    """

    metrics: ClassVar[Sequence[str]] = ()

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


def user_class(path: str) -> type[User]:
    """The class of an import path.

    Raises:
        ValueError: there is none, it is no `User`, or its metrics cannot be.
    """
    module_name, dot, class_name = path.rpartition(".")
    if not dot:
        raise ValueError(f"'{safe(path)}' is no import path of a class: write package.module.ClassName")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except Exception as error:  # noqa: BLE001 - the author's module may raise anything while it is imported
        raise ValueError(f"the user class '{safe(path)}' cannot be imported: {safe(error)}") from None
    if not (isinstance(found, type) and issubclass(found, User)):
        raise ValueError(f"'{safe(path)}' is not a subclass of wireproof.load.User")
    own_metrics(found)
    return found


def own_metrics(user: type[User]) -> dict[str, str]:
    """The metrics that a class declares, with the statistic that is meant where a threshold names none.

    Raises:
        ValueError: one is no name of a time, or a load measures something else by it.
    """
    for name in [user.metrics] if isinstance(user.metrics, str) else user.metrics:
        if isinstance(user.metrics, str) or not _METRIC.fullmatch(str(name)):
            raise ValueError(
                f"'{safe(name, 60)}' cannot be a metric of {user.__name__}: write names such as "
                'metrics = ("quote.time",)'
            )
        if taken := {name, rate_of(name)} & METRICS.keys():
            raise ValueError(
                f"every load has its own {min(taken)}: call the metric {name} of {user.__name__} something else"
            )
    own = dict.fromkeys(user.metrics, METRICS["delivery.time"])
    return own | {rate_of(name): METRICS["delivery.rate"] for name in user.metrics}
