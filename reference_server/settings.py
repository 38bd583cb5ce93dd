"""Every setting of the server, read once from the environment."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

PREFIX = "REFERENCE_SERVER_"
MINIMUM_SECRET_BYTES = 32
"""RFC 7518 section 3.2: a key for HS256 has at least the size of its hash."""


class SettingsError(ValueError):
    """A setting is missing or wrong; the message is one plain line that says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is in force; durations are seconds, sizes bytes. Defaults are those for production."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    host: str = "127.0.0.1"
    ws_port: int = 3001
    http_port: int = 3000
    auth_mode: str = "token"
    token_secret: str = field(default="", repr=False)
    test_mode: bool = False
    node: str = ""
    allowed_origins: tuple[str, ...] = ()
    redis_prefix: str = "cloud"
    permessage_deflate: bool = False
    heartbeat_interval: float = 5.0
    heartbeat_timeout: float = 30.0
    registration_timeout: float = 10.0
    message_timeout: float = 10.0
    database_timeout: float = 3.0
    session_timeout: float = 300.0
    retry_attempts: int = 3
    max_connections: int = 20_000
    max_devices_per_user: int = 20
    max_message_bytes: int = 1024 * 1024
    outbound_buffer_bytes: int = 4 * 1024 * 1024
    backlog_limit: int = 10_000
    rate_limit: float = 1_000.0
    bad_frame_limit: int = 100
    message_ttl: float = 86_400.0
    retention: float = 86_400.0
    device_ttl: float = 86_400.0
    shutdown_grace: float = 10.0
    defects: tuple[str, ...] = ()
    defect_seed: int = 1

    @property
    def lease(self) -> float:
        """How long a presence row stays valid without renewal: three missed renewals, never less than two seconds."""
        return max(3 * self.heartbeat_interval, 2.0)

    def public(self) -> dict[str, float | int | str | bool | tuple[str, ...]]:
        """What anyone may know: the limits and durations by their camelCase names, no address and no secret."""
        return {_camel(name): getattr(self, name) for name in _PUBLIC}


_PUBLIC = tuple(
    f.name
    for f in fields(Settings)
    if f.name
    not in {
        "database_url",
        "redis_url",
        "host",
        "ws_port",
        "http_port",
        "token_secret",
        "node",
        "allowed_origins",
        "redis_prefix",
    }
)
_SCHEMES = {
    "database_url": ("postgresql://", "postgres://"),
    "redis_url": ("redis://", "rediss://", "unix://"),
}
_ZERO_ALLOWED = frozenset({"retry_attempts", "ws_port", "http_port"})


def load(environment: Mapping[str, str] = os.environ, *, test_mode: bool = False) -> Settings:
    """Read the settings from variables named REFERENCE_SERVER_<NAME>; raises SettingsError with one plain line."""
    values: dict[str, Any] = {}
    for f in fields(Settings):
        text = environment.get(PREFIX + f.name.upper())
        if text is not None and text.strip():
            values[f.name] = _read(f.name, type(f.default) if f.name in _TYPED else str, text.strip())
    for name in _SCHEMES:
        _require_address(name, values.get(name, ""))
    values["test_mode"] = test_mode or values.get("test_mode", False)
    values.setdefault("node", secrets.token_hex(6))
    values.setdefault("token_secret", "")
    if path := environment.get(PREFIX + "TOKEN_SECRET_FILE"):
        values["token_secret"] = _secret_from(path)
    settings = Settings(**values)
    if "allowed_origins" not in values:
        settings = replace(settings, allowed_origins=_own_origins(settings.ws_port))
    _check(settings)
    return settings


def load_for_migration(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that migrating needs, the database's address alone; raises SettingsError with one plain line."""
    url = environment.get(f"{PREFIX}DATABASE_URL", "").strip()
    _require_address("database_url", url)
    return Settings(database_url=url, redis_url="", node="migrate")


def _require_address(name: str, url: str) -> None:
    variable, schemes = PREFIX + name.upper(), _SCHEMES[name]
    if not url:
        raise SettingsError(f"{variable} is not set: give the address as a URL")
    if not url.startswith(schemes):
        raise SettingsError(f"{variable} is no address: expected one that starts with {schemes[0]}")


def _own_origins(port: int) -> tuple[str, ...]:
    """The gateway's own address on this machine: what many client libraries send as Origin unless told otherwise."""
    return (f"http://127.0.0.1:{port}", f"http://localhost:{port}")


_TYPED = frozenset(f.name for f in fields(Settings) if f.name not in {"database_url", "redis_url"})


def _read(name: str, kind: type, text: str) -> Any:
    variable = PREFIX + name.upper()
    if kind is bool:
        if text.lower() not in {"0", "1", "true", "false"}:
            raise SettingsError(f"{variable} is {text!r}: expected 0 or 1")
        return text.lower() in {"1", "true"}
    if kind is tuple:
        # a comma before a digit belongs to the parameters of a defect: duplicate-delivery:0.001,2s
        return tuple(part.strip() for part in re.split(r",(?!\s*\d)", text) if part.strip())
    if kind is str:
        return text
    try:
        number = kind(text)
    except ValueError:
        expected = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{variable} is {text!r}: expected {expected}") from None
    low = 0 if name in _ZERO_ALLOWED else None
    if not (number > 0 or number == low) or number == float("inf"):
        raise SettingsError(f"{variable} is {text!r}: expected a number above zero")
    return number


def _secret_from(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise SettingsError(f"{PREFIX}TOKEN_SECRET_FILE cannot be read: {type(problem).__name__} for {path}") from None


def _check(settings: Settings) -> None:
    if settings.auth_mode not in {"token", "open"}:
        raise SettingsError(f"{PREFIX}AUTH_MODE is {settings.auth_mode!r}: expected token or open")
    if settings.auth_mode == "token" and not settings.token_secret:
        raise SettingsError(
            f"no secret for tokens: set {PREFIX}TOKEN_SECRET_FILE, or {PREFIX}AUTH_MODE=open for local play"
        )
    if settings.token_secret and len(settings.token_secret.encode()) < MINIMUM_SECRET_BYTES:
        raise SettingsError(f"the secret for tokens is too short: HS256 needs at least {MINIMUM_SECRET_BYTES} bytes")
    if settings.defects and not settings.test_mode:
        raise SettingsError(f"defects are for tests only: add --test-mode, or {PREFIX}TEST_MODE=1")
    for name in ("ws_port", "http_port"):
        if getattr(settings, name) > 65_535:
            raise SettingsError(f"{PREFIX}{name.upper()} is {getattr(settings, name)}: expected a port up to 65535")


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
