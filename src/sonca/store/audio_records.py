"""The records of stored audio, in SQLite. Knows no files: it says what there should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sonca.store.database import Database

_SCHEMA_VERSION = 1
_SCHEMA = """
    CREATE TABLE kept (
        id TEXT PRIMARY KEY,
        suffix TEXT NOT NULL,
        size INTEGER NOT NULL,
        created_at REAL NOT NULL,
        expires_at REAL NOT NULL,
        metadata TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX kept_by_expiry ON kept (expires_at, id);
"""


@dataclass(frozen=True, slots=True)
class AudioRecord:
    """A row: stored audio."""

    id: str
    suffix: str
    size: int
    """Bytes."""
    created_at: float
    """Seconds since the epoch."""
    expires_at: float
    metadata: str
    """JSON."""


class AudioRecords:
    """The table. Usable from several threads and processes; every change is durable at once."""

    def __init__(self, path: Path) -> None:
        self._database = Database(path, schema=_SCHEMA, version=_SCHEMA_VERSION)

    def insert(self, record: AudioRecord) -> None:
        self._database.run(
            "INSERT INTO kept (id, suffix, size, created_at, expires_at, metadata) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            record.id,
            record.suffix,
            record.size,
            record.created_at,
            record.expires_at,
            record.metadata,
        )

    def get(self, id: str) -> AudioRecord | None:
        rows = self._select("WHERE id = ?", id)
        return rows[0] if rows else None

    def delete(self, id: str) -> bool:
        """Deletes a record. Returns whether there was one."""
        return bool(self._database.run("DELETE FROM kept WHERE id = ? RETURNING id", id))

    def expired(self, now: float) -> Sequence[AudioRecord]:
        return self._select("WHERE expires_at <= ?", now)

    def soonest(self, limit: int) -> Sequence[AudioRecord]:
        """Returns the records that expire first."""
        return self._select("ORDER BY expires_at, id LIMIT ?", limit)

    def names(self) -> Sequence[tuple[str, str]]:
        """Returns the id and suffix of every record."""
        return [(id, suffix) for id, suffix in self._database.run("SELECT id, suffix FROM kept")]

    def totals(self) -> tuple[int, int]:
        """Returns how many records there are, and the bytes of their files."""
        ((count, size),) = self._database.run("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM kept")
        return count, size

    def close(self) -> None:
        self._database.close()

    def _select(self, where: str, *values: object) -> list[AudioRecord]:
        columns = "id, suffix, size, created_at, expires_at, metadata"
        return [
            AudioRecord(*row)
            for row in self._database.run(f"SELECT {columns} FROM kept {where}", *values)
        ]
