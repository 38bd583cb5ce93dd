"""How a connection ended, as a value and in words."""

from dataclasses import dataclass
from typing import Literal

from wireproof.wiretext import safe

NO_CODE, ABNORMAL = 1005, 1006
"""Codes that stand for a close frame without a code, and for no close frame at all (RFC 6455, section 7.4.1)."""

_TRY_AGAIN = frozenset({1001, 1011, 1012, 1013, 1014, ABNORMAL})
"""Going away, internal error, restart, overload, bad gateway, loss: the server did not say no for good."""


@dataclass(frozen=True, slots=True)
class Closure:
    """The end of a connection.

    Attributes:
        at_ns: when, on the journal's clock.
        by: the server, the client (a keyword, or because the server broke the protocol), or the network.
        code: the close code; 1005 for a close frame without one, 1006 without a close frame.
        reason: the close reason, or what broke, as it was said; show it with `safe` only.
        meaning: what the protocol means by the code.
    """

    at_ns: int
    by: Literal["server", "client", "network"]
    code: int
    reason: str = ""
    meaning: str = ""

    @property
    def at_ms(self) -> float:
        return self.at_ns / 1e6

    @property
    def may_come_back(self) -> bool:
        """Whether connecting again makes sense: everything but the server's, or our own, considered no."""
        return self.by != "client" and self.code in _TRY_AGAIN

    @property
    def phrase(self) -> str:
        """What happened, to follow the client's name."""
        reason = safe(self.reason)
        if self.by == "network":
            return f"lost its connection ({reason})"
        if self.by == "server":
            meaning = f", {safe(self.meaning)}" if self.meaning else ""
            said = f"{self.code} '{reason}'" if reason else f"{self.code}{meaning}"
            return f"was closed by the server ({said})"
        said = f"{self.code}: {reason}" if reason else f"{self.code}"
        return f"was closed from this side ({said})"

    def __repr__(self) -> str:
        return f"<{self.phrase}>"
