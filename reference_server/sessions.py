"""Registers devices and ends their sessions: the rules of `registration`, with database, delivery and bus."""

import secrets
from dataclasses import dataclass

from reference_server import logs, registration
from reference_server.auth import AuthError, Identity, Tokens
from reference_server.batch import Closed
from reference_server.bus import Bus
from reference_server.channel import Channel, Link
from reference_server.delivery import Delivery
from reference_server.protocol import CloseCode
from reference_server.registration import Registration, RegistrationError
from reference_server.settings import Settings
from reference_server.store import Admission, NewSession, RowError, Store
from reference_server.writer import Writer


@dataclass(frozen=True, slots=True)
class Session:
    """A registered connection."""

    user_id: str
    device_id: str
    session_id: str
    generation: int
    epoch: str
    channel: Channel
    resumed: bool
    recovered: bool


class Sessions:
    """Who is registered on this node."""

    def __init__(
        self, settings: Settings, tokens: Tokens | None, store: Store, delivery: Delivery, writer: Writer, bus: Bus
    ) -> None:
        """Without `tokens` everybody is who he says he is."""
        self._settings = settings
        self._tokens = tokens
        self._store = store
        self._delivery = delivery
        self._writer = writer
        self._bus = bus

    def identify(self, wanted: Registration, from_header: Identity | None) -> Identity | None:
        """The token's identity, None in open mode; raises AuthError when the token does not allow this registration."""
        if self._tokens is None:
            return None
        identity = from_header
        if wanted.auth_token is not None:
            identity = self._tokens.check(wanted.auth_token)
        if identity is None:
            raise AuthError("a token is needed: payload.authToken or the Authorization header")
        self._tokens.check_again(identity)
        registration.authorize(wanted, identity)
        return identity

    async def open(self, wanted: Registration, identity: Identity | None, link: Link) -> Session:
        """Commit a registration and take the device over; raises AuthError, RegistrationError, Unavailable.

        Older connections of the device are closed with 4001, here at once and on other nodes by a hint; whatever they
        still send is refused by their generation. A session that cannot be resumed is replaced without a word why.
        """
        key = (wanted.user_id, wanted.id)
        new = NewSession(
            secrets.token_hex(16),
            secrets.token_hex(8),
            identity.token_id if identity else None,
            identity.expires_at if identity else None,
        )
        await self._writer.closings_stored()
        channel = self._delivery.expect(key, link)
        try:
            admission = await self._store.register(wanted, new)
        except RowError:
            raise RegistrationError("payload: the database refuses a value of it") from None
        finally:
            self._delivery.dismiss(channel)
        if admission.outcome == "revoked":
            raise AuthError("the token has been revoked")
        if admission.outcome == "device_limit":
            raise RegistrationError(
                f"the user has {self._settings.max_devices_per_user} devices online, which is the limit"
            )
        recovered = self._recovers(wanted, admission)
        replaced = self._delivery.activate(channel, admission)
        if recovered:
            channel.recover(wanted.last_seq or 0)
        if replaced is not None:
            logs.info("replaced", userId=key[0], deviceId=key[1], generation=replaced.generation)
            replaced.link.close(CloseCode.REPLACED, "replaced by a newer connection of this device")
        if channel.revoked == admission.generation:
            link.close(CloseCode.REVOKED, "revoked")
        self._bus.replaced(*key, admission.generation)
        self._bus.presence(*key, online=True)
        return Session(
            *key,
            session_id=admission.session_id,
            generation=admission.generation,
            epoch=admission.epoch,
            channel=channel,
            resumed=admission.resumed,
            recovered=recovered,
        )

    def _recovers(self, wanted: Registration, admission: Admission) -> bool:
        return registration.recovers(wanted, admission.epoch, admission.last_seq, admission.kept)

    def close(self, session: Session) -> None:
        """The connection is gone: the device goes offline, unless a newer connection has taken it over."""
        self._delivery.detach(session.channel)
        self._writer.closed(Closed(session.user_id, session.device_id, session.generation, session.session_id))
        self._bus.presence(session.user_id, session.device_id, online=False)

    async def end(self, session: Session, reason: str) -> bool:
        """The session is over and cannot be resumed; False when it was not this connection's any more.

        Raises Unavailable.
        """
        return await self._store.end_session(session.session_id, session.generation, reason)

    async def revoke(self, session_id: str, user_id: str) -> bool:
        """End a session of a user and close its connection with 4002; False when the user has no such session."""
        ended = await self._store.revoke_session(session_id, user_id)
        if ended is not None:
            self._revoked(user_id, *ended)
        return ended is not None

    async def revoke_token(self, token_id: str, owner: Identity) -> bool:
        """Refuse a token from now on and close its connections; False when it is not known to be the owner's."""
        ended = await self._store.revoke_token(token_id, owner)
        for device_id, generation in ended or ():
            self._revoked(owner.user_id, device_id, generation)
        return ended is not None

    def _revoked(self, user_id: str, device_id: str, generation: int) -> None:
        self.on_revoked(user_id, device_id, generation)
        self._bus.revoked(user_id, device_id, generation)

    def on_connected(self) -> None:
        """Hints are heard again."""
        self._delivery.look_soon()

    def on_wake(self, user_id: str, device_id: str, seq: int) -> None:
        """Another node stored a delivery for a device that may be here."""
        channel = self._delivery.find((user_id, device_id))
        if channel is not None:
            self._delivery.announce(channel, seq)

    def on_replaced(self, user_id: str, device_id: str, generation: int) -> None:
        """A device registered on another node."""
        channel = self._delivery.find((user_id, device_id))
        if channel is not None and channel.generation < generation:
            channel.link.close(CloseCode.REPLACED, "replaced by a newer connection of this device")

    def on_revoked(self, user_id: str, device_id: str, generation: int) -> None:
        """A registration is over, here or on another node; one under way does not know its generation yet."""
        key = (user_id, device_id)
        channel = self._delivery.find(key)
        if channel is not None and channel.generation == generation:
            channel.link.close(CloseCode.REVOKED, "revoked")
        for channel in self._delivery.under_way(key):
            channel.revoked = generation
