"""The HTTP side: health, metrics, version, and what a token's owner may ask and revoke."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from aiohttp import web

from reference_server import VERSION, queries
from reference_server.auth import AuthError, Identity, Tokens, bearer
from reference_server.bus import Bus
from reference_server.clock import Clock, iso
from reference_server.metrics import Metrics
from reference_server.migrate import MigrationError
from reference_server.sessions import Sessions
from reference_server.settings import Settings
from reference_server.store import RowError, Store, Unavailable

PAGE = 500
"""Rows of a list at most; ask again with `after`."""
BODY_LIMIT = 64 * 1024
PROBE_TIMEOUT = 1.0
"""Seconds that a dependency has to answer: whoever asks about health loses patience, too."""


class Api:
    """Everything on the HTTP port."""

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        store: Store,
        bus: Bus,
        sessions: Sessions,
        tokens: Tokens | None,
        metrics: Metrics,
        more: Sequence[web.RouteDef] = (),
    ) -> None:
        """Without `tokens` nobody can prove who he is, so the questions about a user's data are closed.

        `more` is what else is served, with the same plain refusals.
        """
        self._settings = settings
        self._clock = clock
        self._store = store
        self._bus = bus
        self._sessions = sessions
        self._tokens = tokens
        self._metrics = metrics
        self._more = more
        self._runner: web.AppRunner | None = None
        self.draining = False

    async def start(self) -> int:
        """Listen and return the port; raises OSError when it cannot be had."""
        app = web.Application(middlewares=[_plain_errors], client_max_size=BODY_LIMIT)
        app.add_routes(
            [
                web.get("/health/live", self._live),
                web.get("/health/ready", self._ready),
                web.get("/metrics", self._metrics_text),
                web.get("/version", self._version),
                web.get("/devices", self._devices),
                web.get("/messages", self._messages),
                web.get("/executions", self._executions),
                web.delete("/sessions/{id}", self._revoke_session),
                web.delete("/tokens/{jti}", self._revoke_token),
                *self._more,
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._settings.host, self._settings.http_port).start()
        port: int = self._runner.addresses[0][1]
        return port

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _live(self, _: web.Request) -> web.Response:
        return _health("pass", {})

    async def _ready(self, _: web.Request) -> web.Response:
        postgresql, migrations, redis = await asyncio.gather(
            self._check(self._store.ping, "fail"),
            self._check(self._migrated, "fail"),
            self._check(self._bus.ping, "warn"),
        )
        checks = {"postgresql": postgresql, "migrations": migrations, "redis": redis}
        statuses = {check["status"] for check in checks.values()}
        if self.draining:
            statuses.add("fail")
        status = next(s for s in ("fail", "warn", "pass") if s in statuses)
        return _health(status, checks, self._settings.defects)

    async def _check(self, probe: Callable[[], Awaitable[None]], otherwise: str) -> dict[str, Any]:
        start = time.perf_counter()
        try:
            async with asyncio.timeout(PROBE_TIMEOUT):
                await probe()
        except TimeoutError:
            return {"status": otherwise, "output": f"no answer within {PROBE_TIMEOUT:g} s"}
        except (Unavailable, RowError, MigrationError) as problem:
            return {"status": otherwise, "output": str(problem)}
        except Exception as problem:  # noqa: BLE001 - whatever a driver raises, the dependency is not ready
            return {"status": otherwise, "output": type(problem).__name__}
        return {"status": "pass", "observedValue": round((time.perf_counter() - start) * 1000, 3), "observedUnit": "ms"}

    async def _migrated(self) -> None:
        if names := await self._store.missing_migrations():
            raise MigrationError(f"not applied: {', '.join(names)}")

    async def _metrics_text(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self._metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def _version(self, _: web.Request) -> web.Response:
        return json_answer(
            {
                "name": "reference_server",
                "version": VERSION,
                "protocol": "CloudMessage/1",
                "testMode": self._settings.test_mode,
                "settings": self._settings.public(),
            }
        )

    async def _devices(self, request: web.Request) -> web.Response:
        identity = await self._identity(request)
        rows = await self._store.fetch(queries.DEVICES, identity.user_id, self._clock.now(), PAGE)
        return json_answer(
            [
                {
                    "id": r["id"],
                    "type": r["type"],
                    "platform": r["platform"],
                    "version": r["version"],
                    "capabilities": msgspec.Raw(r["capabilities"].encode()),
                    "online": r["online"],
                    "lastSeenAt": iso(r["last_seen_at"]),
                    "lastSeq": r["last_seq"],
                    "backlog": r["backlog"],
                }
                for r in rows
            ]
        )

    async def _messages(self, request: web.Request) -> web.Response:
        identity = await self._identity(request)
        device_id = request.query.get("deviceId", identity.device_id)
        after = request.query.get("after", "0")
        if not after.isdecimal() or len(after) > 18:
            raise web.HTTPBadRequest(text="after: expected a number of a delivery, 0 for all")
        rows = await self._store.fetch(queries.DELIVERIES_AFTER, identity.user_id, device_id, int(after), PAGE)
        return json_answer(
            [
                {
                    "seq": r["seq"],
                    "id": r["id"],
                    "type": r["type"],
                    "fromDeviceId": r["from_device_id"],
                    "toDeviceId": r["to_device_id"],
                    "userId": identity.user_id,
                    "payload": msgspec.Raw(r["payload"].encode()),
                    "timestamp": r["timestamp"],
                    "priority": r["priority"],
                    "requiresAck": r["requires_ack"],
                }
                for r in rows
            ]
        )

    async def _executions(self, request: web.Request) -> web.Response:
        identity = await self._identity(request)
        rows = await self._store.fetch(queries.EXECUTIONS, identity.user_id, PAGE)
        return json_answer(
            [
                {
                    "id": r["id"],
                    "scheduleId": r["schedule_id"],
                    "deviceId": r["device_id"],
                    "status": r["status"],
                    "dueAt": iso(r["due_at"]),
                    "startedAt": iso(r["started_at"]) if r["started_at"] else None,
                    "finishedAt": iso(r["finished_at"]) if r["finished_at"] else None,
                }
                for r in rows
            ]
        )

    async def _revoke_session(self, request: web.Request) -> web.Response:
        identity = await self._identity(request)
        if not await self._sessions.revoke(request.match_info["id"], identity.user_id):
            raise web.HTTPNotFound(text="no such session")
        return web.Response(status=204)

    async def _revoke_token(self, request: web.Request) -> web.Response:
        identity = await self._identity(request)
        if not await self._sessions.revoke_token(request.match_info["jti"], identity):
            raise web.HTTPNotFound(text="no such token")
        return web.Response(status=204)

    async def _identity(self, request: web.Request) -> Identity:
        if self._tokens is None:
            raise web.HTTPForbidden(text="the server runs in open mode: nobody can prove who they are")
        try:
            token = bearer(request.headers.get("Authorization"))
            if token is None:
                raise AuthError("a token is needed: Authorization: Bearer")
            identity = self._tokens.check(token)
            if await self._store.fetch(queries.IS_REVOKED, identity.token_id):
                raise AuthError("the token has been revoked")
            return identity
        except AuthError as problem:
            raise web.HTTPUnauthorized(text=str(problem), headers={"WWW-Authenticate": "Bearer"}) from None


def json_answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def _health(status: str, checks: dict[str, Any], defects: tuple[str, ...] = ()) -> web.Response:
    body = {"status": status, "version": VERSION, "checks": checks}
    if defects:
        body["defects"] = defects
    return web.Response(
        body=msgspec.json.encode(body), status=503 if status == "fail" else 200, content_type="application/health+json"
    )


@web.middleware
async def _plain_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Every refusal is JSON with one plain line; a database that is away is 503."""
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        response = json_answer({"error": refusal.text}, refusal.status)
        if "WWW-Authenticate" in refusal.headers:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response
    except Unavailable:
        return json_answer({"error": "the database cannot be reached"}, 503)
    except RowError:
        return json_answer({"error": "a value in the request cannot be used"}, 400)
