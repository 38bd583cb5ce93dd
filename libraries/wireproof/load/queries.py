"""Queries beside a load: the class for scenario `user` that asks PostgreSQL what a file of named queries says.

    -- name: message by id
    -- values: SELECT id FROM messages ORDER BY key DESC LIMIT 500
    SELECT * FROM messages WHERE id = %(id)s;

A query takes its values, by name, from a row of its `values`; which row is chosen anew each time.
"""

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wireproof.load.user import User
from wireproof.wiretext import safe

if TYPE_CHECKING:
    from psycopg import AsyncConnection

METRIC = "query.time"

_HEADER = re.compile(r"^--\s*(name|values)\s*:\s*(.+?)\s*$", re.MULTILINE)

_COMMENT = re.compile(r"^--.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a file.

    Attributes:
        name: how it is called.
        text: what is asked.
        values: the query whose rows hold its values; empty where it needs none.
    """

    name: str
    text: str
    values: str = ""


def read_queries(text: str) -> tuple[Query, ...]:
    """The queries of a file.

    Raises:
        ValueError: there is none, or one has no name or no text.
    """
    found = []
    parts = re.split(r"(?m)^(?=--\s*name\s*:)", text)
    for part in parts:
        headers = dict(_HEADER.findall(part))
        body = _HEADER.sub("", part).strip().rstrip(";").strip()
        if "name" not in headers:
            if _COMMENT.sub("", body).strip():
                raise ValueError(f"a query without a name: write `-- name: what it is` above {safe(body, 60)}")
            continue
        if not body:
            raise ValueError(f"the query '{safe(headers['name'])}' has no text")
        found.append(Query(headers["name"], body, headers.get("values", "")))
    if not found:
        raise ValueError("there is no query: write `-- name: what it is`, and the query below it")
    return tuple(found)


def queries_of(path: str) -> tuple[Query, ...]:
    """The queries of the file at a path.

    Raises:
        ValueError: they cannot be read.
        OSError: there is no such file.
    """
    return read_queries(Path(path).read_text(encoding="utf-8"))


class Queries(User):
    """Asks one query after another on the client's own connection, and on a new one where that has ended.

    Settings are `dsn` and `file`.
    """

    async def connect(self) -> None:
        """Connects to the database."""
        self._queries = queries_of(self.settings["file"])
        self._random = random.Random(self.number)  # noqa: S311 - chooses rows
        self._rows: dict[str, list[Mapping[str, Any]]] = {}
        self._next = self.number
        self._connection = await self._connected()

    async def _connected(self) -> "AsyncConnection[Any]":
        import psycopg

        return await psycopg.AsyncConnection.connect(
            self.settings["dsn"], autocommit=True, row_factory=psycopg.rows.dict_row
        )

    async def step(self) -> None:
        """Asks the next query; its time counts from when it was due."""
        import psycopg

        query = self._queries[self._next % len(self._queries)]
        self._next += 1
        try:
            if self._connection.closed:
                self._connection = await self._connected()
            values = await self._values(query)
            cursor = await self._connection.execute(query.text, values)
            await cursor.fetchall()
        except psycopg.Error as error:
            self.fail(f"{query.name}: {error.sqlstate or type(error).__name__}")
        self.record(METRIC, self.due_ns)

    async def _values(self, query: Query) -> Mapping[str, Any] | None:
        if not query.values:
            return None
        if not self._rows.get(query.name):
            cursor = await self._connection.execute(query.values)
            self._rows[query.name] = await cursor.fetchall()
        if not self._rows[query.name]:
            self.fail(f"{query.name}: no row has values for it")
        return self._random.choice(self._rows[query.name])

    async def close(self) -> None:
        """Closes the connection."""
        await self._connection.close()
