"""How many messages a second reach the tables when nobody sends them: the bare storing path.

`python -m bench.storing CORE SECONDS`, with PostgreSQL's URL as a line on standard input. Batches of 200, each one
transaction of plain statements that take everything for granted: messages, deliveries, the devices' last numbers and
what they have confirmed. Nothing looks for repeated ids, locks devices or counts their backlogs.
"""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any

import asyncpg
import psutil
import uvloop

from bench.envelopes import Envelopes
from reference_server.protocol import Envelope, parse

BATCH, DEVICES, WARM_UP_S = 200, 100, 1.0
NODE = "bench"
_REGISTER = """
    INSERT INTO devices (user_id, id, type, platform, version, capabilities, supports_file_sync, supports_notifications,
        epoch, created_at, last_seen_at, active_at)
    SELECT u, d, 'desktop', 'bench', '1', '{}', true, true, 'e', now(), now(), now()
    FROM unnest($1::text[], $2::text[]) AS k(u, d)
"""
_RAISE = """
    UPDATE devices d SET last_seq = k.n FROM unnest($1::text[], $2::text[], $3::bigint[]) AS k(u, v, n)
    WHERE d.user_id = k.u AND d.id = k.v
"""
_CONFIRM = _RAISE.replace("last_seq", "watermark")
_MESSAGE = (
    "key id user_id from_device_id to_device_id type payload timestamp priority requires_ack node stored_at routed_at"
    " status delivered_at"
)
_DELIVERY = "user_id device_id seq message_key stored_at"


def batches(devices: list[Envelopes]) -> Iterator[list[Envelope]]:
    """Messages as the server reads them, of each device in turn to its partner."""
    numbers = count()
    while True:
        yield [parse(devices[n % DEVICES].message(n)) for n in (next(numbers) for _ in range(BATCH))]


async def store(connection: Any, letters: list[Envelope], done: int) -> None:
    """Everything that a batch leaves in the tables, after `done` others."""
    now, each = datetime.now(UTC), BATCH // DEVICES
    messages, deliveries = [], []
    for key, m in enumerate(letters, done * BATCH):
        content = (m.to_device_id, m.type, bytes(m.payload).decode(), m.timestamp, m.priority, m.requires_ack)
        messages.append((key, m.id, m.user_id, m.from_device_id, *content, NODE, now, now, "delivered", now))
        deliveries.append((m.user_id, m.to_device_id, key // DEVICES + 1, key, now))
    senders = letters[:DEVICES]
    who = [m.user_id for m in senders], [m.from_device_id for m in senders]
    async with connection.transaction():
        await connection.execute(_CONFIRM, *who, [done * each] * DEVICES)
        await connection.copy_records_to_table("messages", records=messages, columns=_MESSAGE.split())
        await connection.copy_records_to_table("deliveries", records=deliveries, columns=_DELIVERY.split())
        await connection.execute(_RAISE, *who, [(done + 1) * each] * DEVICES)


async def main() -> None:
    core, seconds, url = int(sys.argv[1]), float(sys.argv[2]), sys.stdin.readline().strip()
    psutil.Process().cpu_affinity([core])
    devices = [Envelopes("storing", number) for number in range(DEVICES)]
    # of a server's node, so that the triggers pass over the rows as they do over the server's
    connection = await asyncpg.connect(url, server_settings={"wireproof.node": NODE})
    await connection.execute(_REGISTER, [d.user for d in devices], [d.device for d in devices])
    start = time.perf_counter()
    counted_from, counted_since = 0, start
    for done, letters in enumerate(batches(devices)):
        now = time.perf_counter()
        if not counted_from and now - start > WARM_UP_S:
            counted_from, counted_since = done, now
        if now - start > WARM_UP_S + seconds:
            print((done - counted_from) * BATCH / (now - counted_since), flush=True)
            return
        await store(connection, letters, done)


if __name__ == "__main__":
    uvloop.run(main())
