"""Tokens: who may register as which device. HS256 JSON Web Tokens with the claims sub, device, aud, exp and jti."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from reference_server.clock import Clock

AUDIENCE = "cloudmessage"
"""The `aud` claim of every token for this service."""


class AuthError(Exception):
    """The token does not allow this; the text says why without repeating any of it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a valid token says."""

    user_id: str
    device_id: str
    token_id: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token as the test mode hands it out."""

    token: str
    token_id: str
    expires_at: datetime


class Tokens:
    """Issues and checks tokens with one secret; expiry follows the server's clock."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self._secret = secret
        self._clock = clock

    def check(self, token: str) -> Identity:
        """The identity behind a token; raises AuthError."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                audience=AUDIENCE,
                options={
                    "require": ["sub", "aud", "exp", "jti"],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except jwt.InvalidAudienceError:
            raise AuthError("the token is for another service") from None
        except jwt.PyJWTError:
            raise AuthError("the token is not valid") from None
        expires, device = claims["exp"], claims.get("device")
        if (
            not isinstance(expires, int | float)
            or not isinstance(device, str)
            or not claims["sub"]
            or not claims["jti"]
        ):
            raise AuthError("the token is not valid")
        expires_at = datetime.fromtimestamp(min(expires, 253402300799), UTC)
        identity = Identity(claims["sub"], device, claims["jti"], expires_at)
        self.check_again(identity)
        return identity

    def check_again(self, identity: Identity) -> None:
        """Whether an identity still holds that was checked a while ago; raises AuthError."""
        if identity.expires_at <= self._clock.now():
            raise AuthError("the token has expired")

    def issue(self, user_id: str, device_id: str, expires_in: float = 3600, audience: str = AUDIENCE) -> IssuedToken:
        """A new token; `expires_in` is seconds from now and may be negative, to make one that has expired."""
        token_id = secrets.token_hex(16)
        expires = self._clock.wall() + expires_in
        claims = {"sub": user_id, "device": device_id, "aud": audience, "exp": expires, "jti": token_id}
        token = jwt.encode(claims, self._secret, algorithm="HS256")
        return IssuedToken(token, token_id, datetime.fromtimestamp(expires, UTC))


def bearer(header: str | None) -> str | None:
    """The token of an Authorization header, None without one; raises AuthError when it is of another kind."""
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise AuthError("expected Authorization: Bearer and a token")
    return token.strip()
