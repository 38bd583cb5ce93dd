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


@dataclass(frozen=True, slots=True)
class TrafficReport:
    """What steady tracked traffic came to.

    Attributes:
        name: what it is called.
        rate: how many messages a second were due.
        sent: how many were sent.
        unsent: how many were due and could not be sent, because their client was not open or took no bytes.
        by_client: by sender, how many it sent.
        achieved_rate: how many messages a second were sent.
        late_p99_ms: how late after they were due 99 % of them were sent at most; None if none was.
    """

    name: str
    rate: float
    sent: int
    unsent: int
    by_client: Mapping[str, int]
    achieved_rate: float
    late_p99_ms: float | None

    def __repr__(self) -> str:
        late = "" if self.late_p99_ms is None else f", p99 {self.late_p99_ms:.1f} ms late"
        return f"<{safe(self.name, 40)}: {self.sent} sent ({self.achieved_rate:.1f}/s){late}, {self.unsent} unsent>"
