"""Defects of rows that others write by SQL: what a transaction does is seen before it ends."""

import asyncio
import contextlib
import json
from dataclasses import replace
from typing import Any

from reference_server import replies
from reference_server.app import Parts
from reference_server.defects.defect import mixed
from reference_server.delivery import Delivery
from reference_server.protocol import envelope_of
from reference_server.store import Store, Unavailable

POLL = 0.02
"""Seconds between looks for rows that nobody has committed."""

_LEAK = """
DO $do$ BEGIN
    CREATE SEQUENCE IF NOT EXISTS leaked;
    -- Files and sequences are what a transaction writes at once and for good. The role has to be a superuser.
    CREATE OR REPLACE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        EXECUTE format('COPY (SELECT %L) TO %L',
            encode(convert_to(json_build_object('id', NEW.id, 'user_id', NEW.user_id,
                'from_device_id', NEW.from_device_id, 'to_device_id', NEW.to_device_id, 'type', NEW.type,
                'payload', NEW.payload::text, 'timestamp', NEW.timestamp, 'priority', NEW.priority,
                'requires_ack', NEW.requires_ack)::text, 'UTF8'), 'hex'),
            format('%s/leaked-%s-%s', current_setting('data_directory'), current_database(), nextval('leaked')));
        RETURN NULL;
    END $$;
    CREATE OR REPLACE TRIGGER leak AFTER INSERT ON messages FOR EACH ROW
        WHEN (NEW.routed_at IS NULL) EXECUTE FUNCTION leak();
END $do$
"""
_LAST_LEAKED = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM leaked"
_READ_LEAKED = "SELECT pg_read_file(format('leaked-%s-%s', current_database(), $1::bigint), 0, 1000000000, true)"


class _LeakingStore(Store):
    async def open(self) -> None:
        await super().open()
        await self.fetch(_LEAK)


class _LeakingDelivery(Delivery):
    """Pushes messages that are inserted by SQL at once, whatever becomes of their transaction."""

    async def look_around_forever(self) -> None:
        [(number,)] = await self._store.fetch(_LAST_LEAKED)
        self._tasks.start(self._leak_forever(number), "leak")
        await super().look_around_forever()

    async def _leak_forever(self, number: int) -> None:
        while True:
            await asyncio.sleep(POLL)
            with contextlib.suppress(Unavailable):
                while row := await self._leaked(number + 1):
                    number += 1
                    self._push(row)

    async def _leaked(self, number: int) -> dict[str, Any]:
        """A row, or nothing yet; a whole one ends with the end of its line."""
        [(text,)] = await self._store.fetch(_READ_LEAKED, number)
        if not text or not text.endswith("\n"):
            return {}
        row: dict[str, Any] = json.loads(bytes.fromhex(text))
        return row

    def _push(self, row: dict[str, Any]) -> None:
        envelope = envelope_of(row["user_id"], row)
        for channel in self.of_user(envelope.user_id):
            device_id = channel.key[1]
            if device_id == envelope.to_device_id or (
                envelope.to_device_id is None and device_id != envelope.from_device_id
            ):
                channel.link.send(replies.delivery(replies.body(envelope), channel.cursor + 1))


def leak(parts: Parts) -> Parts:
    """A message inserted by SQL is pushed before its transaction ends."""
    return replace(parts, store=mixed(_LeakingStore, parts.store), delivery=mixed(_LeakingDelivery, parts.delivery))
