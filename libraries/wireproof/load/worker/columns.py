"""From the tallies of workers to the history that a delivery ledger judges."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from wireproof.delivery.columns import ABSENT
from wireproof.load.audience import audiences
from wireproof.load.plan import Plan
from wireproof.load.worker.ids import DIGITS, Ids
from wireproof.load.worker.tally import COLUMNS

if TYPE_CHECKING:
    from wireproof.delivery.history import History, Ints
    from wireproof.dialects import Traits
    from wireproof.load.worker.shared import Worker

_MESSAGES = frozenset({"sent", "verdicts", "received", "confirmed", "expected"})
"""Tables with a column of messages."""

_NAMES: Mapping[str, tuple[str, ...]] = {
    "sent": ("to", "kind"),
    "logins": ("identity", "epoch"),
}
"""Columns that hold numbers of names other than clients', which are the same for all workers."""


def history_of(plan: Plan, worker: "Worker", ids: Ids, traits: "Traits") -> "History":
    """What one worker saw; clients are numbered as in the plan, from 1."""
    import numpy as np

    from wireproof.delivery.history import History

    names = _Names(["", *(member.name for member in plan.members)])
    tally = worker.tally
    tables: dict[str, dict[str, Any]] = {table: {**tally.columns(table)} for table in COLUMNS}
    sent = tables["sent"]
    sender = sent["client"]
    count = len(sender)
    foreign = _foreign(tables, tally.first, count)
    for table in ("received", "verdicts", "confirmed"):
        tables[table]["message"] = _rows(tables[table]["message"], tally.first, count, foreign)
    to = np.array([0, *(names.of(member.to) for member in plan.members)], np.int64)
    digests = np.zeros(len(plan.members) + 1, np.int64)
    for client, connection in worker.connections.items():
        digests[client] = connection.digest
    sent |= {
        "message": np.arange(count),
        "to": to[sender],
        "kind": np.broadcast_to(np.int64(names.of(plan.traffic.kind)), (count,)),
        "digest": digests[sender],
        "acknowledged": np.broadcast_to(np.int64(worker.acknowledged), (count,)),
    }
    opened = _table(tally.connections, ("client", "connection", "at"))
    for table in ("sent", "received", "confirmed"):
        tables[table]["connection"] = connections_at(opened, tables[table])
    tables["expected"] = _expected(plan, sent)
    promises = _promises(traits, len(tally.connections))
    tables["connections"] = opened | promises
    logins = [
        (client, connection, names.of(identity), at, names.of(epoch), *rest)
        for client, connection, identity, at, epoch, *rest in tally.logins
    ]
    tables["logins"] = _table(logins, ("client", "connection", "identity", "at", "epoch", "last_seq", "recovered"))
    tables["closes"] = _table(tally.closes, ("client", "connection", "at"))
    tables["gaps"] = _table(tally.gaps, ("client", "connection", "first", "last"))
    numbers = np.concatenate([tally.first + np.arange(count), foreign])
    return History.from_columns(tables, texts_of(ids, numbers), names.texts, ids.nonce)


def connections_at(opened: Mapping[str, "Ints"], rows: Mapping[str, "Ints"]) -> "Ints":
    """On which of its client's connections each row was noted: the last one that was open by then.

    A client has one at a time, so the moment tells; nothing is written down for each message while the clock runs.
    """
    import numpy as np

    count = len(rows["client"])
    if opened["connection"].max(initial=1) == 1:
        return np.ones(count, np.int64)
    client, at = (np.concatenate([opened[name], rows[name]]) for name in ("client", "at"))
    is_row = np.arange(len(client)) >= len(opened["client"])
    order = np.lexsort((is_row, at, client))
    latest = np.maximum.accumulate(np.where(is_row[order], 0, np.arange(len(order))))
    found = np.empty(len(order), np.int64)
    found[order] = opened["connection"][order[latest]]
    return found[len(opened["client"]) :]


def texts_of(ids: Ids, numbers: "Ints") -> Any:
    """The ids of these numbers, as an array of ASCII bytes."""
    import numpy as np

    if not len(numbers):
        return np.empty(0, "S1")
    return np.char.add(ids.prefix.encode(), np.char.zfill(numbers.astype(f"S{DIGITS}"), DIGITS))


def merged(parts: Sequence["History"]) -> "History":
    """One history of those of all workers of a load."""
    import numpy as np

    from wireproof.delivery.columns import TABLES
    from wireproof.delivery.history import History

    if len(parts) == 1:
        return parts[0]
    names, ids = _Names([""]), np.concatenate([part.ids for part in parts])
    # A message that reached a client of another worker is in both: under the number that its own worker gave it.
    unique, number_of = np.unique(ids, return_inverse=True)
    starts = np.cumsum([0, *(len(part.ids) for part in parts)])
    tables: dict[str, dict[str, list[Any]]] = {table: {name: [] for name in TABLES[table]} for table in TABLES}
    for part, start in zip(parts, starts, strict=False):
        name_of = np.array([names.of(str(text)) for text in part.names], np.int64)
        # At its end, for the place -1, is what stands for no message.
        message_of = np.append(number_of[start : start + len(part.ids)], ABSENT)
        for table, columns in part.tables.items():
            for name, column in columns.items():
                tables[table][name].append(_renumbered(table, name, column, message_of, name_of))
    whole = {
        table: {name: np.concatenate(parts) for name, parts in columns.items()} for table, columns in tables.items()
    }
    return History.from_columns(whole, unique, names.texts, parts[0].run)


def _renumbered(table: str, name: str, column: "Ints", message_of: "Ints", name_of: "Ints") -> "Ints":
    """A column of one worker with the numbers of all."""
    if name == "message" and table in _MESSAGES:
        return message_of[column]
    return name_of[column] if name in ("client", "sender", *_NAMES.get(table, ())) else column


class _Names:
    """Texts and their numbers."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)
        self._numbers = {text: number for number, text in enumerate(texts)}

    def of(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return self._numbers[text]


def _foreign(tables: Mapping[str, Mapping[str, "Ints"]], first: int, count: int) -> "Ints":
    """Numbers of messages that this worker saw and did not send."""
    import numpy as np

    seen = np.concatenate([tables[table]["message"] for table in ("received", "verdicts", "confirmed")])
    return np.unique(seen[((seen < first) | (seen >= first + count)) & (seen != ABSENT)])


def _rows(numbers: "Ints", first: int, count: int, foreign: "Ints") -> "Ints":
    """The places of messages among this worker's ids."""
    import numpy as np

    ours = (numbers >= first) & (numbers < first + count)
    rows = np.where(ours, numbers - first, count + np.searchsorted(foreign, numbers))
    return np.where(numbers == ABSENT, ABSENT, rows)


def _expected(plan: Plan, sent: Mapping[str, "Ints"]) -> dict[str, "Ints"]:
    """The audience of each message that was sent."""
    import numpy as np

    of_client = audiences(plan)
    sizes = np.array([len(audience) for audience in of_client], np.int64)
    flat = np.array([client for audience in of_client for client in audience], np.int64)
    starts = np.cumsum(sizes) - sizes
    sender = sent["client"]
    repeats = sizes[sender]
    within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return {
        "message": np.repeat(sent["message"], repeats),
        "client": flat[np.repeat(starts[sender], repeats) + within] if len(flat) else flat,
        "sender": np.repeat(sender, repeats),
        "at": np.repeat(sent["at"], repeats),
    }


def _table(rows: Sequence[tuple[int, ...]], columns: Sequence[str]) -> dict[str, Any]:
    import numpy as np

    matrix = np.array(rows, np.int64).reshape(-1, len(columns))
    return {name: matrix[:, place] for place, name in enumerate(columns)}


def _promises(traits: "Traits", count: int) -> dict[str, Any]:
    import numpy as np

    values = {
        "marks_redelivery": int(traits.marks_redelivery),
        "counts_flows": int(traits.counts_flows),
        "redelivery_ns": int(traits.redelivery_s * 1e9),
    }
    return {name: np.broadcast_to(np.int64(value), (count,)) for name, value in values.items()}
