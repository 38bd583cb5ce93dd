"""What every check says when it fails."""

from typing import ClassVar

from wireproof.wiretext import safe


def fail(text: str, msg: str) -> AssertionError:
    """A failed check's error: one line, the author's words first."""
    words = safe(msg, 500)
    # Robot takes a message that starts with *HTML* as markup; the author's words may hold a peer's.
    words = f"'{words}'" if words.startswith("*") else words
    return AssertionError(f"{words}: {text}" if words else text)


class CheckFailedError(Exception):
    """A check that is made when a test or suite ends: it fails what it judges, where other clean-ups only warn."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True
