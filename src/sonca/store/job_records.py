"""Records of long work, in SQLite: what was asked for, where it is, when it goes.

What holds at every moment: a job that was accepted is in the table, and one that was being done
when the process died is waiting again once the table is opened by the next. Knows nothing of
books, voices or HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sonca.store.database import Database

State = Literal["queued", "running", "done", "failed", "cancelled", "unreadable"]
"""What this version writes; ``unreadable`` is a job that waits for a version which can read it. A
row of a newer version may have another."""
ACTIVE: tuple[State, ...] = ("queued", "running")

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


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A row: a job."""

    id: str
    owner: str
    """Whose it is; empty where there are no keys."""
    state: str
    """A `State`, or whatever another version wrote."""
    created_at: float
    """Seconds since the epoch."""
    expires_at: float | None
    """None while it is not ended, and then for one that is kept until it is deleted."""
    options: str
    """JSON: what was asked for."""
    result: str
    """JSON: what came of it; an empty object before its end."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will be done for it; true too in a state that nobody knows."""
        return self.state not in ACTIVE


class JobRecords:
    """The table. Usable from several threads; every change is durable when the call returns."""

    def __init__(self, path: Path) -> None:
        """Opens or makes it. Jobs that were being done when the last process ended, or that it
        could not read, wait again. Raises `StorageError` if it cannot be used."""
        self._database = Database(path, schema=_SCHEMA, version=_SCHEMA_VERSION)
        self._database.run(
            "UPDATE job SET state = 'queued' WHERE state IN ('running', 'unreadable')"
        )

    def add(self, record: JobRecord) -> None:
        """Adds a job."""
        marks = ", ".join("?" * 7)
        self._database.run(
            f"INSERT INTO job ({_COLUMNS}) VALUES ({marks})",
            record.id,
            record.owner,
            record.state,
            record.created_at,
            record.expires_at,
            record.options,
            record.result,
        )

    def get(self, id: str) -> JobRecord | None:
        rows = self._select("WHERE id = ?", id)
        return rows[0] if rows else None

    def of(self, owner: str) -> Sequence[JobRecord]:
        """Returns an owner's jobs, the newest first."""
        return self._select("WHERE owner = ? ORDER BY created_at DESC, id", owner)

    def counts(self, owner: str) -> tuple[int, int]:
        """Returns how many of an owner's jobs are not ended, and how many there are."""
        ((active, kept),) = self._database.run(
            "SELECT COUNT(*) FILTER (WHERE state IN (?, ?)), COUNT(*) FROM job WHERE owner = ?",
            *ACTIVE,
            owner,
        )
        return active, kept

    def take(self) -> JobRecord | None:
        """Takes the next job to do, now `running`: the oldest of the owner with fewest running."""
        rows = self._database.run(
            f"UPDATE job SET state = 'running' WHERE id = (SELECT id FROM job AS waiting "
            "WHERE state = 'queued' ORDER BY (SELECT COUNT(*) FROM job AS busy WHERE "
            "busy.state = 'running' AND busy.owner = waiting.owner), created_at, id LIMIT 1) "
            f"RETURNING {_COLUMNS}"
        )
        return JobRecord(*rows[0]) if rows else None

    def requeue(self, id: str) -> None:
        """Lets a running job wait again."""
        self._database.run("UPDATE job SET state = 'queued' WHERE id = ? AND state = 'running'", id)

    def set_aside(self, id: str) -> None:
        """Lets a running job wait for the next start: this version cannot read it."""
        self._database.run(
            "UPDATE job SET state = 'unreadable' WHERE id = ? AND state = 'running'", id
        )

    def end(self, id: str, state: State, result: str, expires_at: float | None) -> bool:
        """Records how a running job ended. Returns False if it is gone. `expires_at` None keeps it
        until it is deleted."""
        return bool(
            self._database.run(
                "UPDATE job SET state = ?, result = ?, expires_at = ? "
                "WHERE id = ? AND state = 'running' RETURNING id",
                state,
                result,
                expires_at,
                id,
            )
        )

    def delete(self, id: str) -> bool:
        """Deletes a job. Returns whether there was one."""
        return bool(self._database.run("DELETE FROM job WHERE id = ? RETURNING id", id))

    def expired(self, now: float) -> Sequence[JobRecord]:
        return self._select("WHERE expires_at <= ?", now)

    def all(self) -> Sequence[JobRecord]:
        return self._select("")

    def ids(self) -> set[str]:
        """Returns the ids of all jobs."""
        return {id for (id,) in self._database.run("SELECT id FROM job")}

    def close(self) -> None:
        self._database.close()

    def _select(self, where: str, *values: object) -> list[JobRecord]:
        return [
            JobRecord(*row)
            for row in self._database.run(f"SELECT {_COLUMNS} FROM job {where}", *values)
        ]
