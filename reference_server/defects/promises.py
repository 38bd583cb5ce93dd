"""Defects of acknowledging: the sender hears that a message is stored before that is so, or though it is not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from reference_server import queries, replies
from reference_server.app import Parts
from reference_server.batch import Batch, Submission
from reference_server.defects.defect import mixed
from reference_server.protocol import ErrorCode
from reference_server.store import Store
from reference_server.writer import Writer


class _TwoStepStore(Store):
    """Has the rows of a batch a moment before their commit."""

    before_commit: Callable[[Batch, list[Any]], None]

    async def store_batch(self, batch: Batch) -> list[Any]:
        s = self._settings
        seen_after = batch.at - timedelta(seconds=s.device_ttl)
        async with self._connection() as connection, connection.transaction():
            rows: list[Any] = await connection.fetch(
                queries.STORE_BATCH, batch.at, s.node, seen_after, s.backlog_limit, *batch.columns()
            )
            self.before_commit(batch, rows)
        return rows


class _HastyWriter(Writer):
    """Acknowledges what is stored inside the transaction that is still to be committed."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        cast(_TwoStepStore, self._store).before_commit = self._promise

    def _promise(self, batch: Batch, rows: list[Any]) -> None:
        at, now = replies.stamp(batch.at), self._clock.monotonic()
        for ordinal, outcome, _, _, online, _, skipped in rows:
            item = batch.messages[ordinal - 1]
            if outcome == "stored" and not item.answered:
                self._metrics.messages_stored_total += 1
                self._metrics.observe_store(now - item.received_at)
                self._accept(item, at if online else None, skipped)

    def _refuse(self, item: Submission, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        if not item.answered:
            super()._refuse(item, code, reason, retry_after_ms)


def hurry(parts: Parts) -> Parts:
    """The acknowledgement comes before the commit."""
    return replace(parts, store=mixed(_TwoStepStore, parts.store), writer=mixed(_HastyWriter, parts.writer))


_FAILURES = frozenset({ErrorCode.UNAVAILABLE, ErrorCode.INVALID_MESSAGE})
"""Refusals that stand for an error of the database; the others are its answers."""


class _SwallowingWriter(Writer):
    """Takes a message for stored when the database raises an error."""

    def _refuse(self, item: Submission, code: ErrorCode, reason: str, retry_after_ms: int | None = None) -> None:
        if code in _FAILURES:
            self._accept(item, self._clock.stamp(), None)
        else:
            super()._refuse(item, code, reason, retry_after_ms)


def swallow(parts: Parts) -> Parts:
    """A message whose insert fails is acknowledged."""
    return replace(parts, writer=mixed(_SwallowingWriter, parts.writer))
