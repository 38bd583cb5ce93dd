"""What can go wrong between a keyword and the wire, each as one plain line.

SocketsError            anything a test author can act on
├── RefusedError        a connection did not come about; knows at which stage
└── ClosedError         a client that should be open is not
"""

from typing import ClassVar, Literal

Stage = Literal["tcp", "tls", "http", "login"]


class SocketsError(Exception):
    """A keyword could not do what it was asked; the text says what to do."""

    ROBOT_SUPPRESS_NAME: ClassVar[bool] = True


class ClosedError(SocketsError):
    """The client's connection is not open."""


class RefusedError(SocketsError):
    """A connection did not come about.

    Attributes:
        stage: how far it came: tcp (also the proxy), tls, http (the upgrade) or login (the dialect's conversation).
        reason: what was said or found, safe to show.
        status: the HTTP status, where the server or the proxy gave one.
        code: the close code, where the peer refused by closing.
        final: trying again cannot help: the peer decided.
    """

    def __init__(
        self, stage: Stage, reason: str, *, status: int | None = None, code: int | None = None, final: bool = False
    ) -> None:
        super().__init__(f"refused at stage {stage}: {reason}")
        self.stage: Stage = stage
        self.reason = reason
        self.status = status
        self.code = code
        self.final = final


class CancelledError(SocketsError):
    """Somebody called off what was under way, such as the end of the keyword that asked for it."""
