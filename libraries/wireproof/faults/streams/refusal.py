"""How new connections are refused: what an author may ask for, and the gate that does it."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from wireproof.faults.errors import FaultError
from wireproof.faults.fault import Fault
from wireproof.faults.links.gate import Gate
from wireproof.faults.links.target import Target
from wireproof.faults.streams.gates import AnsweringGate, WaitingGate
from wireproof.quantities import Duration

Mode = Literal["refuse", "reset", "close", "silence", "slow", "status", "wrong accept"]

_HTTP = ("websocket", "http")
_WRONG_ACCEPT = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What happens to connections that should not come about.

    Attributes:
        mode: how they are refused.
        status, retry_after_s: the answer, for mode status.
        delay_s: for mode slow.
        except_every: every n-th is let through, none for 0.
    """

    mode: Mode
    status: int | None = None
    retry_after_s: int | None = None
    delay_s: float | None = None
    except_every: int = 0

    @property
    def name(self) -> str:
        """What the fault is, in words."""
        words = {
            "refuse": "connections refused",
            "reset": "connections reset at once",
            "close": "connections closed at once",
            "silence": "silence after connecting",
            "slow": f"connecting {Duration(self.delay_s or 0)} slower",
            "status": f"upgrade answered with {self.status}",
            "wrong accept": "upgrade answered with a wrong Sec-WebSocket-Accept",
        }[self.mode]
        return f"{words}, but for one in {self.except_every}" if self.except_every else words

    def check(self, link: str, target: Target) -> None:
        """Refuses what cannot be done, or not on this link.

        Raises:
            FaultError: it says what to write instead.
        """
        for mode, option, value in (
            ("status", "status", self.status),
            ("status", "retry_after", self.retry_after_s),
            ("slow", "delay", self.delay_s),
        ):
            if value is not None and self.mode != mode:
                raise FaultError(f"{option} is for mode={mode}, not for mode={self.mode}: leave it out")
        if self.mode == "slow" and self.delay_s is None:
            raise FaultError("mode=slow needs a delay, such as delay=500ms")
        if self.mode == "status" and (self.status not in set(HTTPStatus) or not 400 <= self.status <= 599):
            raise FaultError("mode=status needs the status of an error, from 400 to 599, such as status=503")
        if self.except_every < 0 or self.except_every == 1:
            raise FaultError(f"except_every is {self.except_every}: 3 lets every third connection through, 0 none")
        if self.mode == "refuse" and self.except_every:
            raise FaultError("while nobody listens no connection comes through: choose mode=reset with except_every")
        if self.mode in ("status", "wrong accept") and (target.protocol not in _HTTP or target.secure):
            what = f"{target.protocol} inside TLS" if target.secure else target.protocol
            raise FaultError(f"mode={self.mode} needs a link to ws:// or http://, and '{link}' carries {what}")

    def gate(self, fault: Fault) -> Gate:
        """What stands before the connections; not for mode refuse, where nothing does."""
        if self.mode in ("silence", "slow"):
            return WaitingGate(fault, self.delay_s, self.except_every)
        if self.mode == "status":
            return AnsweringGate(fault, _response(self.status or 0, self.retry_after_s), self.except_every)
        if self.mode == "wrong accept":
            return AnsweringGate(fault, _WRONG_ACCEPT, self.except_every)
        return AnsweringGate(fault, "close" if self.mode == "close" else "reset", self.except_every)


def _response(status: int, retry_after_s: int | None) -> bytes:
    retry = f"Retry-After: {retry_after_s}\r\n" if retry_after_s is not None else ""
    phrase = HTTPStatus(status).phrase
    return f"HTTP/1.1 {status} {phrase}\r\n{retry}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()
