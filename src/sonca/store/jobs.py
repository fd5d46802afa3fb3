"""Records of long work, in SQLite: what was asked for, where it is, when it goes.

What holds at every moment: a job that was accepted is in the table, and one that was being done
when the process died is waiting again once the table is opened by the next. Knows nothing of
books, voices or HTTP.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from sonca.errors import StorageError, StorageFull

State = Literal["queued", "running", "done", "failed", "cancelled"]
ENDED: tuple[State, ...] = ("done", "failed", "cancelled")

_SCHEMA_VERSION = 1
_SCHEMA = """
    CREATE TABLE job (
        id TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at REAL NOT NULL,
        expires_at REAL,
        options TEXT NOT NULL,
        result TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX job_by_state ON job (state, created_at);
    CREATE INDEX job_by_owner ON job (owner, created_at);
"""
_COLUMNS = "id, owner, state, created_at, expires_at, options, result"
_BUSY_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One row."""

    id: str
    owner: str
    """Whose it is; empty where there are no keys."""
    state: State
    created_at: float
    """Seconds since the epoch."""
    expires_at: float | None
    """None while it is not ended."""
    options: str
    """JSON: what was asked for."""
    result: str
    """JSON: what came of it; an empty object before its end."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class JobRecords:
    """The table. Usable from several threads; every change is durable when the call returns."""

    def __init__(self, path: Path) -> None:
        """Opens or makes it. Jobs that were being done when the last process ended wait again.
        `StorageError` if it cannot be used."""
        self._path = path
        self._lock = threading.Lock()
        with self._errors():
            self._database = sqlite3.connect(
                path, _BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self._errors():
                self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
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
        self._database.execute("UPDATE job SET state = 'queued' WHERE state = 'running'")

    def add(self, record: JobRecord) -> None:
        """Add a job."""
        marks = ", ".join("?" * 7)
        self._run(
            f"INSERT INTO job ({_COLUMNS}) VALUES ({marks})",
            *(record.id, record.owner, record.state, record.created_at),
            *(record.expires_at, record.options, record.result),
        )

    def get(self, id: str) -> JobRecord | None:
        rows = self._select("WHERE id = ?", id)
        return rows[0] if rows else None

    def of(self, owner: str) -> Sequence[JobRecord]:
        """An owner's jobs, the newest first."""
        return self._select("WHERE owner = ? ORDER BY created_at DESC, id", owner)

    def take(self) -> JobRecord | None:
        """The next job to do, now `running`: of the owner who has fewest running, the oldest."""
        rows = self._run(
            f"UPDATE job SET state = 'running' WHERE id = (SELECT id FROM job AS waiting "
            "WHERE state = 'queued' ORDER BY (SELECT COUNT(*) FROM job AS busy WHERE "
            "busy.state = 'running' AND busy.owner = waiting.owner), created_at, id LIMIT 1) "
            f"RETURNING {_COLUMNS}"
        )
        return _record(rows[0]) if rows else None

    def requeue(self, id: str) -> None:
        """Let a running job wait again."""
        self._run("UPDATE job SET state = 'queued' WHERE id = ? AND state = 'running'", id)

    def end(self, id: str, state: State, result: str, expires_at: float) -> bool:
        """Say how a running job ended; False if it is gone."""
        return bool(
            self._run(
                "UPDATE job SET state = ?, result = ?, expires_at = ? "
                "WHERE id = ? AND state = 'running' RETURNING id",
                *(state, result, expires_at, id),
            )
        )

    def delete(self, id: str) -> bool:
        """Whether there was one."""
        return bool(self._run("DELETE FROM job WHERE id = ? RETURNING id", id))

    def expired(self, now: float) -> Sequence[JobRecord]:
        return self._select("WHERE expires_at <= ?", now)

    def ids(self) -> set[str]:
        """The ids of all jobs."""
        return {id for (id,) in self._run("SELECT id FROM job")}

    def close(self) -> None:
        with self._lock, self._errors():
            self._database.close()

    def _select(self, where: str, *values: object) -> list[JobRecord]:
        return [_record(row) for row in self._run(f"SELECT {_COLUMNS} FROM job {where}", *values)]

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


def _record(row: tuple[Any, ...]) -> JobRecord:
    assert row[2] in get_args(State)
    return JobRecord(*row)
