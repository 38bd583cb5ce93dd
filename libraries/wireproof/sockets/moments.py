"""Since when a keyword looks: marks, messages, or the start of what is running."""

from dataclasses import dataclass

from wireproof import scopes
from wireproof.journal import current as journal
from wireproof.sockets.arguments import Since
from wireproof.wiretext import safe


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time and what to call it in a message."""

    at_ns: int
    words: str


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
