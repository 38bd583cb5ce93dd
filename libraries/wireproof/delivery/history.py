"""What happened to all messages, as columns: one shape for live ledgers, saved journals and load workers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from wireproof.delivery.columns import DEFAULTS, TABLES

Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]
Columns: TypeAlias = Mapping[str, Ints]


@dataclass(frozen=True, eq=False)
class History:
    """The tables of `columns.TABLES`, and the texts that their numbers stand for.

    Attributes:
        ids: the id of each message, by number; a list, or an array of texts or ASCII bytes.
        names: clients, recipients, kinds and what else has a name, by number; number 0 is no name.
        tables: the columns of each table; rows are in order of recording.
        run: the nonce in the ids of this run's tracked messages; empty if unknown.
    """

    ids: Any
    names: Sequence[str]
    tables: Mapping[str, Columns]
    run: str = ""

    def __getitem__(self, table: str) -> Columns:
        return self.tables[table]

    def id(self, message: int) -> str:
        """The id of a message."""
        found = self.ids[message]
        return found.decode("ascii") if isinstance(found, bytes) else str(found)

    @classmethod
    def from_rows(cls, rows: Mapping[str, bytes], ids: Sequence[str], names: Sequence[str], run: str) -> "History":
        """A history of tables written row after row, each value a 64-bit integer."""
        tables = {}
        for table, columns in TABLES.items():
            matrix = np.frombuffer(rows[table], np.int64).reshape(-1, len(columns))
            tables[table] = {name: np.ascontiguousarray(matrix[:, at]) for at, name in enumerate(columns)}
        return cls(ids, names, tables, run)

    @classmethod
    def from_columns(
        cls, tables: Mapping[str, Mapping[str, npt.ArrayLike]], ids: Any, names: Sequence[str], run: str = ""
    ) -> "History":
        """A history of columns that somebody else filled; missing tables are empty, missing columns hold their default.

        Args:
            tables: columns by table and name, as in `columns.TABLES`.
            ids: the ids of the messages, by number.
            names: the names, by number; the first is the empty one.
            run: the nonce in the ids of tracked messages.

        Raises:
            ValueError: a table or column is unknown, or a table's columns differ in length.
        """
        if not len(names) or names[0] != "":
            raise ValueError("name number 0 has to be the empty one")
        if unknown := sorted(tables.keys() - TABLES.keys()):
            raise ValueError(f"no table named {', '.join(unknown)}; there are {', '.join(TABLES)}")
        return cls(ids, names, {table: _filled(table, tables.get(table, {})) for table in TABLES}, run)

    def save(self, path: Path) -> None:
        """Writes it as a NumPy archive."""
        arrays = {
            f"{table}.{name}": _narrow(column)
            for table, columns in self.tables.items()
            for name, column in columns.items()
        }
        texts = {"ids": _texts(self.ids), "names": _texts(self.names), "run": np.array(self.run)}
        np.savez(path, allow_pickle=False, **arrays, **texts)

    @classmethod
    def load(cls, path: Path) -> "History":
        """Reads what `save` wrote.

        Raises:
            ValueError: the file is no such archive.
            OSError: it cannot be read.
        """
        with np.load(path, allow_pickle=False) as archive:
            if missing := {"ids", "names", "run"} - set(archive.files):
                raise ValueError(f"{path} is no delivery history: it has no {', '.join(sorted(missing))}")
            tables: dict[str, dict[str, npt.ArrayLike]] = {}
            for entry in archive.files:
                table, _, column = entry.partition(".")
                if column:
                    tables.setdefault(table, {})[column] = archive[entry]
            return cls.from_columns(tables, archive["ids"], archive["names"].tolist(), str(archive["run"]))


def _filled(table: str, given: Mapping[str, npt.ArrayLike]) -> Columns:
    known = {name: np.asarray(column, np.int64) for name, column in given.items()}
    if unknown := sorted(known.keys() - set(TABLES[table])):
        raise ValueError(f"table {table} has no column {', '.join(unknown)}; it has {', '.join(TABLES[table])}")
    lengths = {len(column) for column in known.values()}
    if len(lengths) > 1:
        raise ValueError(f"the columns of table {table} differ in length: {', '.join(map(str, sorted(lengths)))}")
    length = lengths.pop() if lengths else 0
    # A default costs one number, not a column of them.
    return {
        name: known[name] if name in known else np.broadcast_to(np.int64(DEFAULTS.get(name, 0)), (length,))
        for name in TABLES[table]
    }


def _narrow(column: Ints) -> npt.NDArray[Any]:
    """The same numbers in the smallest type that holds them."""
    if not len(column):
        return column
    lowest, highest = int(column.min()), int(column.max())
    fitting = (kind for kind in (np.int8, np.int32) if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max)
    return column.astype(next(fitting, np.int64))


def _texts(texts: Any) -> npt.NDArray[Any]:
    return texts if isinstance(texts, np.ndarray) else np.array(list(texts), dtype=np.str_)
