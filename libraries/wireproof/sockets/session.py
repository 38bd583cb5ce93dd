"""One connection of a client, as its reader's thread lives it: log in, take what comes, answer, beat, end."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from wireproof.dialects import CLOSE, Dialect, Frame, Login, LoginRefused, Message, Outgoing
from wireproof.journal import now_ns
from wireproof.sockets.closure import ABNORMAL, NO_CODE, Closure
from wireproof.sockets.connection import NOT_READING, SEND_TIMEOUT_S, Connection, close_code
from wireproof.sockets.errors import CancelledError, RefusedError
from wireproof.sockets.frames import ProtocolError, RawFrame, close_payload
from wireproof.sockets.patience import Patience, reader_patience
from wireproof.sockets.record import ConnectionRecord
from wireproof.wiretext import safe

_LINGER_S = 1.0
_INTERNAL_ERROR = 1011

_Asked = TypeVar("_Asked", Frame, Message)
_Answer = TypeVar("_Answer")


class Session:
    """A connection, its dialect, and the conversation that opens it.

    Args:
        record: of this connection, for the journal.
        connection: fresh from `dial`.
        dialect: this connection's own.
        login: the dialect's login, or None.
        take: called with each message, in the reader's thread.
        opened: called when logged in, in the reader's thread.
    """

    def __init__(
        self,
        record: ConnectionRecord,
        connection: Connection,
        dialect: Dialect,
        login: Login | None,
        take: Callable[[Message], None],
        opened: Callable[[], None],
    ) -> None:
        self.connection = connection
        self.dialect = dialect
        self.granted: Mapping[str, Any] = {}
        self.record = record
        self._login = login
        self._take = take
        self._opened = opened
        self._decided = threading.Event()
        self._refusal: RefusedError | None = None
        self._closing: tuple[int, str] | None = None
        self._last_sent_ns = now_ns()

    @property
    def refusal(self) -> RefusedError | None:
        """Why the peer did not let the client in; None while undecided too."""
        return self._refusal

    def wait_for_login(self, patience: Patience) -> None:
        """Blocks until the peer has decided.

        Raises:
            RefusedError: it refused, closed, or did not decide in time.
        """
        try:
            while not self._decided.wait(patience.slice_s()):
                pass
        except TimeoutError:
            raise RefusedError("login", "the server did not finish the login in time") from None
        if self._refusal is not None:
            raise self._refusal

    def send(self, outgoing: Outgoing, *, control: bool = False, intended_ns: int = 0) -> int:
        """Sends a message and returns when, on the journal's clock; callable from any thread.

        Args:
            outgoing: what to send.
            control: the protocol asks for it, not the author.
            intended_ns: when it was due, where a rate says that.

        Raises:
            OSError: the connection broke.
            TimeoutError: the peer does not read.
        """
        at_ns = now_ns()
        self._write(RawFrame(outgoing.opcode, outgoing.payload))
        self.record.sent(outgoing, at_ns, control=control, intended_ns=intended_ns)
        return at_ns

    def send_raw(self, data: bytes) -> int:
        """Sends bytes below framing."""
        at_ns = now_ns()
        self.connection.wire.write(data, Patience(SEND_TIMEOUT_S))
        self._last_sent_ns = at_ns
        self.record.sent_raw(data, at_ns)
        return at_ns

    def start_closing(self, code: int, reason: str) -> None:
        """Sends the close frame, once; the reader ends when the peer has answered it."""
        payload = close_payload(code, reason)
        if self._closing is not None:
            return
        self._closing = (code, reason)
        self._write(RawFrame(CLOSE, payload))

    def abort(self) -> None:
        """Resets the connection without a close frame; the reader ends at once."""
        self._closing = (ABNORMAL, "aborted")
        self.connection.wire.reset()

    def run(self, patience: Patience) -> Closure:
        """Reads until the connection ends; `finish` has to follow.

        Args:
            patience: for the login.
        """
        closure = self._read_until_closed(patience)
        self._decide_at(closure)
        return closure

    def finish(self, closure: Closure) -> None:
        """The last courtesy of the close handshake, the server closes TCP first; then frees the connection."""
        if closure.code != ABNORMAL:
            self.connection.wait_for_end(reader_patience(_LINGER_S))
        self.connection.wire.close()

    def _read_until_closed(self, patience: Patience) -> Closure:
        try:
            if self._login is None:
                self._grant({})
            else:
                self._advance(self._login, None)
            while True:
                frame = self._next_frame(patience)
                if frame.opcode == CLOSE:
                    return self._answer_close(frame)
                self._feed(frame)
        except ProtocolError as error:
            if error.frame is not None:
                # The dialect may not be able to read it, or end the login by it: the broken rule is what is told.
                with contextlib.suppress(ProtocolError, RefusedError, OSError):
                    self._feed(error.frame)
            return self._give_up(error.code, error.problem)
        except RefusedError as refusal:
            return self._leave_refused(refusal)
        except EOFError:
            return self._lost(self.connection.wire.given_up or "the server ended it without a close frame")
        except TimeoutError:
            return self._lost(NOT_READING)
        except OSError as error:
            return self._lost(safe(error.strerror or error))

    def _next_frame(self, login: Patience) -> Frame:
        """The next message or close frame, heartbeats sent in time."""
        while True:
            if not self._decided.is_set():
                try:
                    return self.connection.receive(login)
                except TimeoutError:
                    raise RefusedError("login", "the server did not finish the login in time") from None
                except CancelledError:
                    raise RefusedError("login", "called off") from None
            beat = self.dialect.heartbeat
            if beat is None:
                return self.connection.receive(reader_patience())
            idle_s = beat.interval_s - (now_ns() - self._last_sent_ns) / 1e9
            try:
                return self.connection.receive(reader_patience(idle_s))
            except TimeoutError:
                if (now_ns() - self._last_sent_ns) / 1e9 >= beat.interval_s:
                    self.send(beat.outgoing, control=True)

    def _feed(self, frame: Frame) -> None:
        confidential = not self._decided.is_set()
        for message in self._ask_dialect(self.dialect.feed, frame):
            outcome = self._ask_dialect(self.dialect.outcome, message)
            self.record.received(message, outcome, confidential=confidential)
            self._take(message)
            if self._login is not None and not self._decided.is_set():
                self._advance(self._login, message)
            self._send_all(self._ask_dialect(self.dialect.answers, message))

    def _advance(self, login: Login, message: Message | None) -> None:
        try:
            outgoing = next(login) if message is None else login.send(message)
        except StopIteration as end:
            self._grant(end.value or {})
        except LoginRefused as no:
            raise RefusedError("login", safe(no.reason), code=no.code, final=True) from None
        except Exception as error:  # noqa: BLE001 - a dialect is the author's code; whatever it raises must be told
            raise RefusedError("login", self._failure(error), final=True) from None
        else:
            self._send_all(outgoing)

    def _grant(self, granted: Mapping[str, Any]) -> None:
        self.granted = granted
        self.record.logged_in(now_ns(), self.dialect.identity, self.dialect.recovery)
        self._opened()
        self._decided.set()

    def _send_all(self, outgoing: Iterable[Outgoing]) -> None:
        for one in outgoing:
            self.send(one, control=True)

    def _ask_dialect(self, ask: Callable[[_Asked], _Answer], about: _Asked) -> _Answer:
        try:
            return ask(about)
        except Exception as error:  # noqa: BLE001 - a dialect is the author's code; whatever it raises must be told
            raise ProtocolError(_INTERNAL_ERROR, self._failure(error)) from None

    def _failure(self, error: Exception) -> str:
        return f"the dialect '{safe(self.dialect.name)}' failed: {type(error).__name__}: {safe(error)}"

    def _write(self, frame: RawFrame) -> None:
        self.connection.send(frame)
        self._last_sent_ns = now_ns()

    def _answer_close(self, frame: Frame) -> Closure:
        code, reason = close_code(frame)
        if self._closing is not None:
            return Closure(frame.at_ns, "client", *self._closing)
        with contextlib.suppress(OSError):
            self._write(RawFrame(CLOSE, b"" if code == NO_CODE else frame.payload))
        return Closure(frame.at_ns, "server", code, reason, self.dialect.close_reasons.get(code, ""))

    def _give_up(self, code: int, problem: str) -> Closure:
        with contextlib.suppress(OSError):
            self._write(RawFrame(CLOSE, close_payload(code, "")))
        return Closure(now_ns(), "client", code, problem)

    def _lost(self, why: str) -> Closure:
        if self._closing is not None:
            return Closure(now_ns(), "client", ABNORMAL, self._closing[1])
        return Closure(now_ns(), "network", ABNORMAL, why)

    def _leave_refused(self, refusal: RefusedError) -> Closure:
        """A refusal is often followed by a close frame, which brings the code."""
        closure = self._give_up_politely(refusal)
        code = refusal.code if refusal.code is not None else closure.code if closure.by == "server" else None
        reason = refusal.reason
        if closure.by == "server" and closure.reason and closure.reason not in reason:
            reason = f"{reason}; closed with {closure.code} '{safe(closure.reason, 125)}'"
        self._refusal = RefusedError("login", reason, code=code, final=refusal.final)
        return closure

    def _give_up_politely(self, refusal: RefusedError) -> Closure:
        patience = Patience(_LINGER_S)
        try:
            while refusal.final:
                frame = self.connection.receive(patience)
                if frame.opcode == CLOSE:
                    return self._answer_close(frame)
        except ProtocolError as error:
            return self._give_up(error.code, error.problem)
        except (OSError, EOFError):
            pass
        return self._give_up(1000, refusal.reason)

    def _decide_at(self, closure: Closure) -> None:
        if not self._decided.is_set() and self._refusal is None:
            final = not closure.may_come_back
            self._refusal = RefusedError("login", f"it {closure.phrase}", code=closure.code, final=final)
        self._decided.set()
