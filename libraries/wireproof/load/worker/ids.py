"""The ids of a load's messages: a nonce of the run, then a number that counts through one worker."""

from typing import Final

from wireproof.delivery.columns import ABSENT

DIGITS: Final = 12
PER_SHARD: Final = 10**9
"""Numbers of one worker; its place among the workers stands before them."""


class Ids:
    """Numbers as ids and back. The first number of worker `shard` is `shard * PER_SHARD`.

    Args:
        nonce: of the run.
    """

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce
        self.prefix = f"wp-{nonce}-"
        self._length = len(self.prefix) + DIGITS

    def text(self, number: int) -> str:
        return f"{self.prefix}{number:0{DIGITS}d}"

    def number(self, text: str) -> int:
        """The number of an id, or ABSENT for an id of somebody else."""
        digits = text[len(self.prefix) :]
        ours = len(text) == self._length and text.startswith(self.prefix) and digits.isascii() and digits.isdigit()
        return int(digits) if ours else ABSENT
