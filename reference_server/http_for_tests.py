"""What the HTTP side offers in test mode only: tokens for anybody, the clock, and a clean start between tests."""

import asyncio
import contextlib

import msgspec
from aiohttp import web

from reference_server.auth import Tokens
from reference_server.claims import Claims
from reference_server.clock import FARTHEST, Clock, iso
from reference_server.http import json_answer
from reference_server.store import Store, Unavailable
from reference_server.writer import Writer

PATIENCE = 10.0
"""Seconds that a reset waits for what is under way."""


class _TokenRequest(msgspec.Struct, rename="camel"):
    user_id: str
    device_id: str
    expires_in: float = 3600.0
    audience: str | None = None


class _ClockRequest(msgspec.Struct, forbid_unknown_fields=True):
    advance: float


class ApiForTests:
    """The requests below `/test`."""

    def __init__(self, clock: Clock, store: Store, claims: Claims, writer: Writer, tokens: Tokens | None) -> None:
        """Without `tokens` none are issued."""
        self._clock = clock
        self._store = store
        self._claims = claims
        self._writer = writer
        self._tokens = tokens

    def routes(self) -> list[web.RouteDef]:
        """What `Api` serves in test mode."""
        return [
            web.post("/test/tokens", self._issue_token),
            web.post("/test/clock", self._advance),
            web.post("/test/reset", self._reset),
        ]

    async def _issue_token(self, request: web.Request) -> web.Response:
        if self._tokens is None:
            raise web.HTTPConflict(text="the server runs in open mode: there are no tokens")
        try:
            wanted = msgspec.json.decode(await request.read(), type=_TokenRequest)
        except (msgspec.DecodeError, UnicodeDecodeError) as problem:
            raise web.HTTPUnprocessableEntity(text=str(problem)) from None
        options = {} if wanted.audience is None else {"audience": wanted.audience}
        issued = self._tokens.issue(wanted.user_id, wanted.device_id, wanted.expires_in, **options)
        return json_answer({"token": issued.token, "jti": issued.token_id, "expiresAt": iso(issued.expires_at)}, 201)

    async def _advance(self, request: web.Request) -> web.Response:
        """Move the clock, and do what an idle server would have done meanwhile.

        Connections that closed before this request closed before the step: their sessions age by it.
        """
        try:
            seconds = msgspec.json.decode(await request.read(), type=_ClockRequest).advance
            await self._writer.closings_stored()
            self._clock.advance(seconds)
        except (ValueError, RecursionError):
            raise web.HTTPUnprocessableEntity(
                text=f'expected {{"advance": seconds}}: a number from 0, at most {FARTHEST} in all'
            ) from None
        if seconds:
            await self._keep_house()
        return json_answer({"serverTime": iso(self._clock.now()), "ahead": self._clock.ahead})

    async def _reset(self, _: web.Request) -> web.Response:
        """After a fixture emptied the tables: nothing is on its way into them, and the clock shows the real time.

        Nothing is cached beyond the open connections. One whose device is gone learns it with its next message.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                await self._claims.settled()
                await self._writer.drain()
        except TimeoutError:
            raise web.HTTPServiceUnavailable(text="messages keep coming, or the database is away") from None
        if self._clock.ahead:
            self._clock.put_back()
            await self._keep_house()
        return web.Response(status=204)

    async def _keep_house(self) -> None:
        """Leases and expiry follow the clock at once; by themselves they do so within minutes."""
        with contextlib.suppress(Unavailable):
            await self._store.renew_leases()
            await self._store.purge()
