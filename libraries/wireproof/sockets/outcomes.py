"""What opening and sending keywords return."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wireproof.wiretext import safe


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a client brought.

    Attributes:
        client: its name.
        connect_ms: from the begin of the TCP connection to the server's 101, milliseconds.
        subprotocol: the one agreed on, or "".
        local_address: `host:port` of this end.
        granted: what the server said at login, such as a session's id.
    """

    client: str
    connect_ms: float
    subprotocol: str = ""
    local_address: str = ""
    granted: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<{safe(self.client, 40)} open after {self.connect_ms:.1f} ms>"


@dataclass(frozen=True, slots=True)
class Sent:
    """One message that was sent: its id and kind in the dialect's terms, when, and its length in bytes."""

    client: str
    at_ns: int
    length: int
    id: str = ""
    kind: str = ""

    @property
    def at_ms(self) -> float:
        return self.at_ns / 1e6

    def __repr__(self) -> str:
        return f"<{safe(self.client, 40)} sent {safe(self.kind or 'message', 40)}, {self.length} bytes>"
