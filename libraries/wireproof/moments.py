"""Since when a keyword looks: marks, messages, or the start of what is running."""

from dataclasses import dataclass

from wireproof import scopes
from wireproof.journal import Mark
from wireproof.journal import current as journal
from wireproof.wiretext import safe


@dataclass(frozen=True, slots=True)
class Since:
    """A moment: a mark, a mark's name, a message (its arrival) or what `Send Message` returned (its sending)."""

    name: str = ""
    at_ns: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time and what to call it in a message."""

    at_ns: int
    words: str


def to_since(value: object) -> Since:
    """A mark's name, or anything that knows when it happened."""
    if isinstance(value, str):
        return Since(name=value)
    if isinstance(value, Since):
        return value
    at_ns = getattr(value, "at_ns", None)
    if not isinstance(at_ns, int):
        raise ValueError("write a mark's name, or give a mark, a message, or what a sending keyword returned")
    words = f"mark '{safe(value.name, 60)}'" if isinstance(value, Mark) else safe(repr(value), 100)
    return Since(at_ns=at_ns, words=words)


def moment(since: Since | None) -> Moment:
    """The moment that `since` names; without one the last mark of the running test, else the test's start.

    Outside a test the suite takes the test's place.

    Raises:
        ValueError: no mark of that name was set; the text lists those that were.
    """
    if since is None:
        scope = scopes.current()
        mark = journal().last_mark(scope.started_ns)
        if mark is None:
            return Moment(
                scope.started_ns, f"the start of {scope.kind if scope.kind == 'run' else f'the {scope.kind}'}"
            )
        return Moment(mark.at_ns, f"mark '{safe(mark.name, 60)}'")
    if since.name:
        mark = journal().find_mark(since.name)
        return Moment(mark.at_ns, f"mark '{safe(mark.name, 60)}'")
    return Moment(since.at_ns, since.words)
