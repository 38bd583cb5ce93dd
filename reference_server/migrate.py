"""Applies the numbered SQL files of `migrations/`, each once, in one transaction, under an advisory lock."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x776972657072  # "wirepr": any number that nothing else locks
_TABLE = """CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY, name text NOT NULL, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now()
)"""
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """The database and the files disagree; one plain line that says what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, name, text and the sha256 of its bytes."""

    version: int
    name: str
    sql: str
    sha256: str


def read(folder: Path = FOLDER) -> list[Migration]:
    """The migrations of a folder in order; raises MigrationError for a bad name, a double or a missing number."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"migration {path.name} has a wrong name: expected NNNN_words.sql")
        content = path.read_bytes()
        found.append(Migration(int(match[1]), path.name, content.decode(), hashlib.sha256(content).hexdigest()))
    for expected, migration in enumerate(found, 1):
        if migration.version != expected:
            raise MigrationError(
                f"migration {migration.name} should have number {expected:04d}: numbers go up by one, each once"
            )
    return found


def pending(files: Sequence[Migration], applied: Mapping[int, tuple[str, str]]) -> list[Migration]:
    """What is still to do; `applied` maps a number to (name, sha256).

    Raises MigrationError when a file was edited after it was applied, or is gone.
    """
    by_version = {migration.version: migration for migration in files}
    for version, (name, sha256) in sorted(applied.items()):
        migration = by_version.get(version)
        if migration is None:
            raise MigrationError(
                f"migration {name} was applied but its file is gone: this server is older than the database"
            )
        if migration.sha256 != sha256:
            raise MigrationError(
                f"migration {migration.name} was edited after it was applied: restore it and add a new one"
            )
    return [migration for migration in files if migration.version not in applied]


async def apply(connection: Any, files: Sequence[Migration]) -> list[str]:
    """Bring the database of a connection up to date; returns the names applied now. Other nodes wait for it."""
    await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
    try:
        await connection.execute(_TABLE)
        applied = await _applied(connection)
        todo = pending(files, applied)
        for migration in todo:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (version, name, sha256) VALUES ($1, $2, $3)",
                    migration.version,
                    migration.name,
                    migration.sha256,
                )
        return [migration.name for migration in todo]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def missing(connection: Any, files: Sequence[Migration]) -> list[str]:
    """The names not applied yet; raises MigrationError like `pending`."""
    return [migration.name for migration in pending(files, await _applied(connection))]


async def _applied(connection: Any) -> dict[int, tuple[str, str]]:
    rows = await connection.fetch("SELECT version, name, sha256 FROM schema_migrations")
    return {row["version"]: (row["name"], row["sha256"]) for row in rows}
