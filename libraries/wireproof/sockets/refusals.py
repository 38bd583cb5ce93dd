"""Judging that a connection does not come about."""

from dataclasses import dataclass

from wireproof.journal import now_ns
from wireproof.sockets.client import Client
from wireproof.sockets.errors import RefusedError, Stage
from wireproof.sockets.options import DEFAULT_TIMEOUT_S, Options
from wireproof.sockets.patience import Patience
from wireproof.wiretext import safe

_GOODBYE_S = 1.0


@dataclass(frozen=True, slots=True)
class Expected:
    """The refusal an author expects; what is None or "" may be anything."""

    stage: Stage | None = None
    status: int | None = None
    code: int | None = None
    reason: str = ""

    def __str__(self) -> str:
        parts = {"at stage": self.stage, "with status": self.status, "with close code": self.code}
        said = [f"{words} {value}" for words, value in parts.items() if value is not None]
        if self.reason:
            said.append(f"saying '{safe(self.reason)}'")
        return " ".join(["refusal", *said])

    def met_by(self, refusal: RefusedError) -> bool:
        return (
            self.stage in (None, refusal.stage)
            and self.status in (None, refusal.status)
            and self.code in (None, refusal.code)
            and self.reason in refusal.reason
        )


def verdict(options: Options, expected: Expected) -> str:
    """A failure's line; "" if a connection with `options` is refused as expected.

    Raises:
        SocketsError: the connection cannot even be tried.
        ValueError: the dialect's login lacks something.
    """
    deadline_ns = now_ns() + int((options.timeout_s or DEFAULT_TIMEOUT_S) * 1e9)
    client = Client("connection", options, "")
    url = safe(options.url)
    try:
        refusal = _refusal(client, deadline_ns)
    except BaseException:
        # Robot's time-out must not wait for the courtesies of a close handshake.
        client.abort()
        raise
    client.end(patience=Patience(_GOODBYE_S))
    if refusal is None:
        return f"connection to {url} was accepted, expected {expected} within {options.timeout_s:g} s"
    if expected.met_by(refusal):
        return ""
    got = [f"{words} {value}" for words, value in (("status", refusal.status), ("close code", refusal.code)) if value]
    detail = f" ({', '.join(got)})" if got else ""
    return f"connection to {url} was refused at stage {refusal.stage}{detail}: {refusal.reason}; expected {expected}"


def _refusal(client: Client, deadline_ns: int) -> RefusedError | None:
    try:
        client.open()
    except RefusedError as refusal:
        return refusal
    # Some servers upgrade first and close at once; that refuses as well.
    for closure in client.closures.follow(0, deadline_ns):
        return RefusedError("login", f"it {closure.phrase}", code=closure.code)
    return None
