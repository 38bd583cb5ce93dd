"""One connection as the application sees it: unregistered, registering, registered, closed. It knows no sockets."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from reference_server import confirmations, logs, registration, replies, router
from reference_server.auth import AuthError, Identity
from reference_server.batch import Submission
from reference_server.channel import ReadableLink
from reference_server.clock import Clock
from reference_server.delivery import Delivery
from reference_server.limits import InFlight, TokenBucket, Window
from reference_server.metrics import Metrics
from reference_server.protocol import CloseCode, Envelope, ErrorCode, InvalidMessage, parse
from reference_server.registration import Registration, RegistrationError
from reference_server.sessions import Session, Sessions
from reference_server.settings import Settings
from reference_server.store import Unavailable
from reference_server.tasks import Tasks
from reference_server.writer import RETRY_AFTER_MS, Writer

BURST_SECONDS = 2.0
BAD_FRAME_WINDOW = 10.0
IN_FLIGHT_MESSAGES = 2_000
IN_FLIGHT_BYTES = 8 * 1024 * 1024
"""What one connection may have waiting for the database before the server stops reading from it."""


@dataclass(frozen=True, slots=True)
class Services:
    """What every connection shares."""

    settings: Settings
    clock: Clock
    sessions: Sessions
    delivery: Delivery
    writer: Writer
    metrics: Metrics
    tasks: Tasks


class Peer:
    """Reads what one client sends and answers it."""

    def __init__(
        self, services: Services, link: ReadableLink, identity: Identity | None, suggested: dict[str, str]
    ) -> None:
        """`identity` is the Authorization header's; `suggested` is the query string's and grants nothing."""
        self._services = services
        self._link = link
        self._identity = identity
        now = services.clock.monotonic()
        self._rate = TokenBucket(services.settings.rate_limit, BURST_SECONDS, now)
        self._bad_frames = Window(services.settings.bad_frame_limit, BAD_FRAME_WINDOW, now)
        self._addressee = replies.Addressee(suggested.get("userId", ""), suggested.get("id", ""))
        self._suggested = suggested
        self._held: list[bytes] = []
        self._handle: Callable[[bytes], None] = self._before_registration
        self._in_flight = InFlight(IN_FLIGHT_MESSAGES, IN_FLIGHT_BYTES)
        self._deadline: asyncio.TimerHandle | None = None
        self._gone = False
        self.session: Session | None = None

    @property
    def generation(self) -> int:
        """The generation of this connection's registration."""
        return self.session.generation if self.session is not None else 0

    def challenge(self) -> None:
        """Open the conversation."""
        now = self._services.clock.stamp()
        self._link.send(self._addressee.message(b"device_register", replies.challenge(now, self._suggested), now))
        self._expect_registration()

    def receive(self, data: bytes) -> None:
        """Handle one whole message."""
        self._handle(data)

    def unreadable(self, problem: InvalidMessage) -> None:
        """Refuse something that is no message; too many of them end the connection."""
        self._services.metrics.messages_unreadable_total += 1
        self._error(ErrorCode.INVALID_MESSAGE, str(problem), problem.message_id)
        self._count_bad_frame()

    def gone(self) -> None:
        """The connection is closed, or about to be; what is still under way is answered to nobody."""
        if self._gone:
            return
        self._gone = True
        self._handle = self._ignore
        self._held.clear()
        self._stop_expecting()
        if self.session is not None:
            self._services.metrics.registered_devices -= 1
            self._services.sessions.close(self.session)

    def accepted(self, item: Submission, delivered_at: bytes | None, skipped: Sequence[str] | None) -> None:
        """A message of this client is stored."""
        self._landed(item)
        if item.envelope.requires_ack:
            self._reply(b"ack", replies.accepted(item.envelope.id, delivered_at, skipped))

    def refused(self, item: Submission, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        """A message of this client is not stored, or nobody knows."""
        self._landed(item)
        self._refuse(item.envelope, code, reason, retry_after_ms)

    def _before_registration(self, data: bytes) -> None:
        try:
            envelope = parse(data)
        except InvalidMessage as problem:
            self.unreadable(problem)
            return
        if envelope.type != "device_register":
            self._error(ErrorCode.AUTH_REQUIRED, "this connection is not registered", envelope.id)
            self._count_bad_frame()
            return
        try:
            wanted = registration.read(envelope)
            identity = self._services.sessions.identify(wanted, self._identity)
        except RegistrationError as problem:
            self._fail_registration(ErrorCode.REGISTRATION_FAILED, str(problem), envelope.id)
        except AuthError as problem:
            self._fail_registration(ErrorCode.AUTH_FAILED, str(problem), envelope.id)
        else:
            self._stop_expecting()
            self._handle = self._held.append
            self._link.pause()
            self._start(self._register(envelope, wanted, identity), "register")

    def _expect_registration(self) -> None:
        """From now on the client has registrationTimeout; what the server itself takes is not on its account."""
        self._deadline = asyncio.get_running_loop().call_later(
            self._services.settings.registration_timeout, self._link.close, CloseCode.POLICY, "no registration in time"
        )

    def _stop_expecting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Work of this connection alone: a fault in it ends the connection."""
        self._services.tasks.start(
            work, name, failed=partial(self._link.close, CloseCode.INTERNAL_ERROR, "internal error")
        )

    async def _register(self, envelope: Envelope, wanted: Registration, identity: Identity | None) -> None:
        try:
            session = await self._services.sessions.open(wanted, identity, self._link)
        except RegistrationError as problem:
            self._fail_registration(ErrorCode.REGISTRATION_FAILED, str(problem), envelope.id)
        except AuthError as problem:
            self._fail_registration(ErrorCode.AUTH_FAILED, str(problem), envelope.id)
        except Unavailable:
            self._error(ErrorCode.UNAVAILABLE, "the database cannot be reached", envelope.id, RETRY_AFTER_MS)
            if not self._gone:
                self._expect_registration()
                self._go_on(self._before_registration)
        else:
            self._registered_as(session)

    def _registered_as(self, session: Session) -> None:
        if self._gone:
            self._services.sessions.close(session)
            return
        self.session = session
        self._services.metrics.registered_devices += 1
        self._addressee = session.channel.addressee
        now = self._services.clock.stamp()
        answer = replies.registered(
            session.session_id, session.epoch, now, resumed=session.resumed, recovered=session.recovered
        )
        self._link.send(self._addressee.message(b"ack", answer, now))
        logs.info("registered", userId=session.user_id, deviceId=session.device_id, sessionId=session.session_id)
        self._services.delivery.start(session.channel)
        self._go_on(partial(self._registered, session))

    def _fail_registration(self, code: ErrorCode, reason: str, original_id: str) -> None:
        logs.info("registration refused", code=code)
        self._error(code, reason, original_id)
        self._link.close(CloseCode.POLICY, "registration refused")

    def _go_on(self, handle: Callable[[bytes], None]) -> None:
        """Handle what came while the registration was under way, then read on."""
        if self._gone:
            return
        self._handle = handle
        held, self._held = self._held, []
        for data in held:
            self._handle(data)
        if not self._in_flight.full:
            self._link.resume()

    def _registered(self, session: Session, data: bytes) -> None:
        try:
            envelope = parse(data)
        except InvalidMessage as problem:
            self.unreadable(problem)
            return
        if envelope.from_device_id != session.device_id or envelope.user_id != session.user_id:
            self._refuse(envelope, ErrorCode.FORBIDDEN, "fromDeviceId and userId must be those of this connection")
            return
        rule = router.audience(envelope)
        if rule is None:
            self._not_for_others(session, envelope)
            return
        services = self._services
        now = services.clock.monotonic()
        services.metrics.messages_received_total += 1
        if wait := self._rate.take(now):
            reason = f"more than {services.settings.rate_limit:g} messages per second"
            self._refuse(envelope, ErrorCode.RATE_LIMITED, reason, int(wait * 1000) + 1)
        elif rule is router.Rule.NOBODY:
            self._refuse(envelope, ErrorCode.DEVICE_NOT_FOUND, f"toDeviceId: a {envelope.type} needs one")
        else:
            session.channel.active_at = now
            size = len(data)
            if self._in_flight.add(size):
                self._link.pause()
            services.writer.submit(Submission(self, envelope, rule, size, now))

    def _not_for_others(self, session: Session, envelope: Envelope) -> None:
        kind = envelope.type
        if kind == "ack":
            self._confirm(session, envelope)
        elif kind == "heartbeat":
            self._reply(b"heartbeat", replies.heartbeat(envelope.id))
        elif kind == "device_unregister":
            self._handle = self._ignore
            self._start(self._unregister(session, envelope), "unregister")
        elif kind == "device_register":
            self._refuse(envelope, ErrorCode.REGISTRATION_FAILED, "this connection is registered already")
        else:
            self._refuse(envelope, ErrorCode.FORBIDDEN, f"type: {kind} is sent by the server only")

    def _confirm(self, session: Session, envelope: Envelope) -> None:
        try:
            confirmation = confirmations.read(envelope)
        except InvalidMessage as problem:
            self.unreadable(problem)
            return
        if not self._services.delivery.confirm(session.channel, confirmation.original_message_id, confirmation.seq):
            self.unreadable(InvalidMessage("payload", "no such delivery to this device", envelope.id))

    async def _unregister(self, session: Session, envelope: Envelope) -> None:
        try:
            ended = await self._services.sessions.end(session, "unregistered")
        except Unavailable:
            self._refuse(envelope, ErrorCode.UNAVAILABLE, "the database cannot be reached", RETRY_AFTER_MS)
            self._handle = self._ignore if self._gone else partial(self._registered, session)
            return
        if not ended:
            self._refuse(envelope, ErrorCode.SESSION_EXPIRED, "the session is no longer that of this connection")
            return
        if envelope.requires_ack:
            payload = {"originalMessageId": envelope.id, "status": "success"}
            self._reply(b"ack", msgspec.json.encode(payload))
        self._link.close(CloseCode.NORMAL, "unregistered")

    def _landed(self, item: Submission) -> None:
        if self._in_flight.remove(item.size):
            self._link.resume()

    def _refuse(self, envelope: Envelope, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        """Answer a readable message that is not accepted: a failed ack when it asked for one, else an error.

        One whose sender was replaced, or whose device is gone, is the last of its connection.
        """
        self._services.metrics.messages_refused_total += 1
        if envelope.requires_ack:
            self._reply(b"ack", replies.failed(envelope.id, code, reason, retry_after_ms))
        else:
            self._error(code, reason, envelope.id, retry_after_ms)
        if code is ErrorCode.SESSION_EXPIRED:
            self._link.close(CloseCode.REPLACED, reason)

    def _error(self, code: ErrorCode, reason: str, original_id: str = "", retry_after_ms: int | None = None) -> None:
        self._reply(b"error", replies.error(code, reason, original_id, retry_after_ms))

    def _reply(self, kind: bytes, payload: bytes) -> None:
        if not self._gone:
            self._link.send(self._addressee.message(kind, payload, self._services.clock.stamp()))

    def _count_bad_frame(self) -> None:
        if self._bad_frames.exceeded(self._services.clock.monotonic()):
            self._link.close(CloseCode.POLICY, "too many messages that cannot be read")

    def _ignore(self, data: bytes) -> None:
        """After the end nothing counts any more."""
