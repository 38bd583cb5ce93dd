"""A client: a named connection with an inbox that outlives it."""

import contextlib
import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from wireproof.dialects import Draft, Message, Outgoing, create
from wireproof.history import History
from wireproof.journal import current as journal
from wireproof.journal import now_ns
from wireproof.quantities import Backoff
from wireproof.sockets.closure import ABNORMAL, Closure
from wireproof.sockets.connection import SEND_TIMEOUT_S, dial
from wireproof.sockets.errors import CancelledError, ClosedError, RefusedError, SocketsError
from wireproof.sockets.frames import close_payload
from wireproof.sockets.options import DEFAULT_TIMEOUT_S, Options, target_of
from wireproof.sockets.outcomes import Opened, Sent
from wireproof.sockets.patience import Patience, back_off
from wireproof.sockets.record import ConnectionRecord
from wireproof.sockets.session import Session
from wireproof.wiretext import holds_secret, refuse_secret_literal, reveal, safe

State = Literal["opening", "open", "closing", "closed"]

DEFAULT_BACKOFF = Backoff(0.1, 5.0)
"""Between the attempts of `Reconnect Client`, unless the author says otherwise."""

DEFAULT_DIALECT = "json"

_JOIN_S = 2.0


class Client:
    """A connection that can be opened again, its history, and one reader's thread.

    Args:
        name: how the author calls it.
        options: everything it is opened with, defaults already in.
        opened_by: the test or suite, in words.
    """

    def __init__(self, name: str, options: Options, opened_by: str) -> None:
        self.name = name
        self.options = options
        self.opened_by = opened_by
        self.inbox: History[Message] = History()
        self.closures: History[Closure] = History()
        self.state: State = "closed"
        self.ending: Closure | None = None
        self._arrivals = itertools.count(1)
        self._connections = itertools.count(1)
        self._session: Session | None = None
        self._reader: threading.Thread | None = None
        self._stop = threading.Event()

    @property
    def timeout_s(self) -> float:
        return self.options.timeout_s or DEFAULT_TIMEOUT_S

    def deafness(self, from_ns: int) -> Closure | None:
        """Why its silence from a moment on proves nothing: it is not connected, or was not all the time."""
        ended = self.closures.snapshot(from_ns if self.state == "open" else 0)
        return self.ending or (ended[-1] if ended else None)

    # -- opening -----------------------------------------------------------------------------------------------------

    def open(self, cancelled: threading.Event | None = None) -> Opened:
        """Connects and logs in.

        Raises:
            RefusedError: it did not come about.
        """
        return self._open(Patience(self.timeout_s, cancelled))

    def reconnect(
        self, options: Options, backoff: Backoff, timeout_s: float, cancelled: threading.Event | None = None
    ) -> Opened:
        """Closes what is open, then tries until it is open again or the server says no for good; keeps the inbox.

        Raises:
            RefusedError: of the last attempt that had its time.
        """
        patience = Patience(timeout_s, cancelled)
        self.end(patience=Patience(min(timeout_s, SEND_TIMEOUT_S), cancelled))
        self.options = options
        attempt = 1
        reason: RefusedError | None = None
        while True:
            journal().record("reconnect", self.name, attempt=attempt)
            try:
                return self._open(patience.at_most(self.timeout_s))
            except RefusedError as refusal:
                # An attempt that the end of patience cut short knows less than the one before it.
                reason = refusal if reason is None or refusal.final or not patience.is_over else reason
                if refusal.final or not back_off(backoff, attempt, patience):
                    raise reason from None
            attempt += 1

    def _open(self, patience: Patience) -> Opened:
        self._stop = threading.Event()
        self.state = "opening"
        try:
            session = self._dial(patience)
        except BaseException:
            self.state = "closed"
            raise
        self.ending = None
        self.inbox.reopen()
        self._session = session
        self._reader = threading.Thread(
            target=self._live, args=(session, patience, self._stop), name=f"wireproof-reader-{self.name}", daemon=True
        )
        self._reader.start()
        try:
            session.wait_for_login(patience)
        except BaseException as error:
            if isinstance(error, RefusedError):
                self._record_refusal(error)
            self.abort()
            raise
        opening = session.connection.opening
        return Opened(
            client=self.name,
            connect_ms=(opening.opened_ns - opening.started_ns) / 1e6,
            subprotocol=opening.subprotocol,
            local_address=opening.local_address,
            granted=session.granted,
        )

    def _dial(self, patience: Patience) -> Session:
        """The stages tcp, tls and http; the login is the session's."""
        options = self.options
        refuse_secret_literal(options.login)
        dialect = create(options.dialect or DEFAULT_DIALECT, self.name, self._arrivals, options.dialect_options)
        login = None if options.log_in is False else dialect.login(reveal(options.login or {}))
        target = target_of(options.over(Options(subprotocols=dialect.subprotocols)))
        journal().record("connect", self.name, url=target.shown)
        try:
            connection = dial(target, patience, self.name)
        except RefusedError as refusal:
            self._record_refusal(refusal)
            raise
        connection.answers_pings = options.answer_pings is not False
        opening = connection.opening
        record = ConnectionRecord(self.name, next(self._connections), dialect.traits)
        record.connected(
            opening.opened_ns,
            dialect.name,
            local_address=opening.local_address,
            subprotocol=opening.subprotocol,
            started_ns=opening.started_ns,
        )
        return Session(record, connection, dialect, login, self.inbox.append, self._logged_in)

    def _record_refusal(self, refusal: RefusedError) -> None:
        journal().record(
            "refused", self.name, stage=refusal.stage, reason=refusal.reason, status=refusal.status, code=refusal.code
        )

    # -- the reader's thread -----------------------------------------------------------------------------------------

    def _live(self, session: Session, patience: Patience, stop: threading.Event) -> None:
        """Reads one session after the other: after a loss the next one, if the author asked for that."""
        attempts = 0
        returning = False
        while True:
            closure = session.run(patience)
            if session.refusal is None:
                attempts = 0
            returning = self._returns(session, closure, returning, stop)
            self._record_end(session, closure, returning)
            session.finish(closure)
            if not returning:
                return
            found, attempts = self._return(attempts, stop)
            if found is None:
                return
            session = self._session = found
            patience = Patience(self.timeout_s, stop)

    def _returns(self, session: Session, closure: Closure, returning: bool, stop: threading.Event) -> bool:
        if self.options.reconnect is None or stop.is_set():
            return False
        if session.refusal is not None:
            return returning and not session.refusal.final
        return closure.may_come_back

    def _return(self, attempts: int, stop: threading.Event) -> tuple[Session | None, int]:
        """The next connection, with the number of attempts since the last login; None if it is not to be."""
        backoff = self.options.reconnect or DEFAULT_BACKOFF
        while True:
            attempts += 1
            try:
                back_off(backoff, attempts, Patience(None, stop))
                journal().record("reconnect", self.name, attempt=attempts)
                return self._dial(Patience(self.timeout_s, stop)), attempts
            except CancelledError:
                self._end(Closure(now_ns(), "client", ABNORMAL, "closed while reconnecting"))
                return None, attempts
            except SocketsError as error:
                if not isinstance(error, RefusedError) or error.final:
                    self._end(Closure(now_ns(), "network", ABNORMAL, f"gave up reconnecting: {error}"))
                    return None, attempts

    def _logged_in(self) -> None:
        if self.state == "opening":
            self.state = "open"

    def _record_end(self, session: Session, closure: Closure, returning: bool) -> None:
        session.record.closed(closure.at_ns, by=closure.by, code=closure.code, reason=closure.reason)
        if returning:
            self.state = "opening"
        else:
            self._end(closure)
        self.closures.append(closure)

    def _end(self, closure: Closure) -> None:
        self.ending = closure
        self.state = "closed"
        self.inbox.end(closure.phrase)

    # -- sending -----------------------------------------------------------------------------------------------------

    def encode(self, draft: Draft) -> Outgoing:
        """A message of the client's dialect, secrets in it unwrapped and then confidential."""
        refuse_secret_literal([draft.body, draft.to, draft.fields, draft.id])
        outgoing = self._writable("send").dialect.encode(
            replace(draft, body=reveal(draft.body), fields=reveal(draft.fields))
        )
        if holds_secret([draft.body, draft.fields]):
            return replace(outgoing, confidential=True)
        return outgoing

    def send(self, outgoing: Outgoing, *, intended_ns: int = 0) -> Sent:
        """Sends one message.

        Args:
            outgoing: what to send.
            intended_ns: when it was due, where a rate says that.

        Raises:
            ClosedError: the client is not open, or its connection broke just now.
        """
        session = self._writable("send")
        at_ns = self._try_to_send(lambda: session.send(outgoing, intended_ns=intended_ns), len(outgoing.payload))
        return Sent(self.name, at_ns, len(outgoing.payload), outgoing.id, outgoing.kind)

    def send_raw(self, data: bytes) -> Sent:
        """Sends bytes below framing, also while closing; raises ClosedError."""
        session = self._writable("send", also="closing")
        at_ns = self._try_to_send(lambda: session.send_raw(data), len(data))
        return Sent(self.name, at_ns, len(data))

    def is_reply(self, sent: Outgoing, message: Message) -> bool:
        """Whether `message` answers `sent`, in the terms of the client's dialect."""
        return self._session is not None and self._session.dialect.is_reply(sent, message)

    def _try_to_send(self, send: Callable[[], int], length: int) -> int:
        try:
            return send()
        except TimeoutError:
            raise ClosedError(
                f"{self.name}: the server did not read {length} bytes within {SEND_TIMEOUT_S:g} s"
            ) from None
        except OSError as error:
            raise ClosedError(f"{self.name} could not send: {safe(error.strerror or error).lower()}") from None

    def _writable(self, what: str, also: State = "open") -> Session:
        session = self._session
        if session is not None and self.state in ("open", also):
            return session
        if self.ending is not None:
            ago = (now_ns() - self.ending.at_ns) / 1e9
            raise ClosedError(f"{self.name} cannot {what}: it {self.ending.phrase} {ago:.2f} s ago; open it again")
        raise ClosedError(f"{self.name} cannot {what}: it is {self.state}")

    # -- ending ------------------------------------------------------------------------------------------------------

    def close(self, code: int, reason: str, timeout_s: float, cancelled: threading.Event | None = None) -> None:
        """The close handshake; nothing to do on a closed client.

        Raises:
            SocketsError: the server did not answer in time; the connection is then reset.
            ValueError: the code or the reason may not be sent.
        """
        refuse_secret_literal(reason)
        close_payload(code, reason)
        if not self.end(code, reason, Patience(timeout_s, cancelled)):
            raise SocketsError(
                f"{self.name}: the server did not answer the close frame within {timeout_s:g} s; it was reset"
            )

    def end(self, code: int = 1000, reason: str = "", patience: Patience | None = None) -> bool:
        """Closes, whatever the state; False if the server did not answer and the connection was reset instead."""
        self._stop.set()
        session = self._session
        if session is None or self._reader is None:
            return True
        try:
            if self.state in ("open", "closing"):
                self.state = "closing"
                with contextlib.suppress(OSError):
                    session.start_closing(code, reason)
            if self._reader_ends(patience or Patience(SEND_TIMEOUT_S)):
                return True
        except BaseException:
            self.abort()
            raise
        self.abort()
        return False

    def abort(self) -> None:
        """Resets the connection (RST), without a close frame."""
        self._stop.set()
        if self._session is not None:
            self._session.abort()
        self._reader_ends(Patience(_JOIN_S))

    def _reader_ends(self, patience: Patience) -> bool:
        reader = self._reader
        with contextlib.suppress(TimeoutError):
            while reader is not None and reader.is_alive():
                reader.join(patience.slice_s())
        return reader is None or not reader.is_alive()
