"""Defects of storing: they change the server's own database for good, so it has to be one that is thrown away."""

from dataclasses import replace

from reference_server.app import Parts, StartError
from reference_server.batch import Submission
from reference_server.defects.defect import mixed
from reference_server.store import Store
from reference_server.writer import Writer


async def alter_store_batch(store: Store, old: str, new: str) -> None:
    """Put `new` in the place of `old` in the SQL function `store_batch`; done once it stays, also after a restart.

    Raises StartError when the function has no such part any more.
    """
    marked = f"{new} /* defect */"
    [(text,)] = await store.fetch("SELECT pg_get_functiondef('store_batch'::regproc)")
    if marked in text:
        return
    if old not in text:
        raise StartError(f"a defect no longer fits the function store_batch: it has no {old!r}")
    await store.fetch(text.replace(old, marked))


class _ForgetfulStore(Store):
    """Does not look for an id that it has, and takes it again."""

    async def open(self) -> None:
        await super().open()
        await self.fetch("ALTER TABLE messages DROP CONSTRAINT IF EXISTS messages_id_from_device_id_user_id_key")
        await self.fetch("CREATE INDEX IF NOT EXISTS messages_id ON messages (id, from_device_id, user_id)")
        await alter_store_batch(self, "m.id = i.id", "false")


class _ForgetfulWriter(Writer):
    """Takes the same id twice in one batch for two messages."""

    def _take(self) -> list[Submission]:
        items = []
        for item in super()._take():
            items += [item, *item.twins]
            item.twins = []
        return items


def forget_ids(parts: Parts) -> Parts:
    """An id that comes again is a new message."""
    return replace(parts, store=mixed(_ForgetfulStore, parts.store), writer=mixed(_ForgetfulWriter, parts.writer))


_WANTED = "AND (f.rule = 1 OR (f.rule = 2 AND {0}.supports_file_sync) OR (f.rule = 3 AND {0}.supports_notifications))"
_LAST_OF_SEVERAL = (
    "SELECT CASE WHEN count(*) > 1 THEN max(y.id) ELSE '' END FROM devices y WHERE y.user_id = f.user_id"  # noqa: S608
    f" AND y.id <> f.from_id AND y.last_seen_at > p_seen_after {_WANTED.format('y')}"
)


class _SkippingStore(Store):
    """A message to all leaves out one of its recipients when there are several."""

    async def open(self) -> None:
        await super().open()
        old = _WANTED.format("x")
        await alter_store_batch(self, old, f"{old} AND x.id <> ({_LAST_OF_SEVERAL})")


def skip_one(parts: Parts) -> Parts:
    """A message to several devices misses one of them."""
    return replace(parts, store=mixed(_SkippingStore, parts.store))


class _EchoingStore(Store):
    """A message to all goes to its sender, too."""

    async def open(self) -> None:
        await super().open()
        others = "f.rule BETWEEN 1 AND 3 AND x.user_id = f.user_id"
        await alter_store_batch(self, f"{others} AND x.id <> f.from_id", others)


def echo(parts: Parts) -> Parts:
    """A message to all comes back to its sender."""
    return replace(parts, store=mixed(_EchoingStore, parts.store))


_START_OVER = """
DO $$ BEGIN
    DELETE FROM deliveries d USING devices v
        WHERE v.user_id = d.user_id AND v.id = d.device_id AND (d.seq <= v.watermark OR v.exceptions @> d.seq);
    UPDATE devices v SET watermark = 0, exceptions = '{}', purged_seq = 0,
        last_seq = (SELECT count(*) FROM deliveries d WHERE d.user_id = v.user_id AND d.device_id = v.id),
        offered_seq = (SELECT count(*) FROM deliveries d
            WHERE d.user_id = v.user_id AND d.device_id = v.id AND d.seq <= v.offered_seq);
    -- by way of negative numbers, so that no new number meets an old one
    UPDATE deliveries d SET seq = -k.number FROM (
        SELECT user_id, device_id, seq, row_number() OVER (PARTITION BY user_id, device_id ORDER BY seq) AS number
        FROM deliveries
    ) k WHERE k.user_id = d.user_id AND k.device_id = d.device_id AND k.seq = d.seq;
    UPDATE deliveries SET seq = -seq;
END $$
"""


class _RestartingStore(Store):
    """Counts from 1 again after a start; what is unconfirmed is kept under new numbers, and the epoch stays."""

    async def open(self) -> None:
        await super().open()
        await self.fetch(_START_OVER)


def reset_numbers(parts: Parts) -> Parts:
    """After a restart the numbers of deliveries start over in the same epoch."""
    return replace(parts, store=mixed(_RestartingStore, parts.store))
