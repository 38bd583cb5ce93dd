"""`where`: an author's own keyword as a part of a matcher."""

from collections.abc import Callable

from robot.api.types import KeywordName
from robot.libraries.BuiltIn import BuiltIn

from wireproof.dialects import Message
from wireproof.wiretext import safe


def predicate(name: str) -> Callable[[Message], bool] | None:
    """What runs the keyword `name` with a message: it says yes by passing, unless it returns something false.

    It runs in the main thread, where the wait is, as Robot demands.

    Raises:
        ValueError: there is no such keyword; it would say no to every message.
    """
    if not name:
        return None
    try:
        BuiltIn().keyword_should_exist(KeywordName(name))
    except AssertionError as error:
        raise ValueError(f"where: {safe(error)}") from None

    def says_yes(message: Message) -> bool:
        status, value = BuiltIn().run_keyword_and_ignore_error(name, message)
        return status == "PASS" and (value is None or bool(value))

    says_yes.__name__ = name
    return says_yes
