"""The records of kept audio, in SQLite. Knows no files: it says what there should be."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.errors import StorageError, StorageFull

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
_BUSY_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Record:
    """One row."""

    id: str
    suffix: str
    size: int
    """Bytes."""
    created_at: float
    """Seconds since the epoch."""
    expires_at: float
    metadata: str
    """JSON."""


class Records:
    """The table. Usable from several threads and processes; every change is durable at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        with self._errors():
            self._database = sqlite3.connect(
                *(path, _BUSY_TIMEOUT_S), isolation_level=None, check_same_thread=False
            )
        try:
            with self._errors():
                self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        # FULL, or a power cut could bring back the record of a file that is gone.
        self._database.execute("PRAGMA synchronous = FULL")
        (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if version == 0:
            self._database.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
            )
        elif version != _SCHEMA_VERSION:
            raise StorageError(
                f"{self._path} has version {version}, this Sonca reads {_SCHEMA_VERSION}; "
                "use another data folder or remove the file"
            )

    def insert(self, record: Record) -> None:
        self._run(
            "INSERT INTO kept (id, suffix, size, created_at, expires_at, metadata) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            *(record.id, record.suffix, record.size),
            *(record.created_at, record.expires_at, record.metadata),
        )

    def get(self, id: str) -> Record | None:
        rows = self._select("WHERE id = ?", id)
        return rows[0] if rows else None

    def delete(self, id: str) -> bool:
        """Whether there was one."""
        return bool(self._run("DELETE FROM kept WHERE id = ? RETURNING id", id))

    def expired(self, now: float) -> Sequence[Record]:
        return self._select("WHERE expires_at <= ?", now)

    def soonest(self, limit: int) -> Sequence[Record]:
        """The records that expire first."""
        return self._select("ORDER BY expires_at, id LIMIT ?", limit)

    def names(self) -> Sequence[tuple[str, str]]:
        """The id and suffix of every record."""
        return [(id, suffix) for id, suffix in self._run("SELECT id, suffix FROM kept")]

    def totals(self) -> tuple[int, int]:
        """How many records there are, and the bytes of their files."""
        ((count, size),) = self._run("SELECT COUNT(*), COALESCE(SUM(size), 0) FROM kept")
        return count, size

    def close(self) -> None:
        with self._lock, self._errors():
            self._database.close()

    def _select(self, where: str, *values: object) -> list[Record]:
        columns = "id, suffix, size, created_at, expires_at, metadata"
        return [Record(*row) for row in self._run(f"SELECT {columns} FROM kept {where}", *values)]

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock, self._errors():
            return self._database.execute(statement, values).fetchall()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise StorageFull(f"cannot write {self._path}: the disk is full") from error
            raise StorageError(f"cannot use {self._path}: {error}") from error
