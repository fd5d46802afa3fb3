"""A SQLite file of which every change is on the disk at once: what tables of records share."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sonca.errors import StorageError, StorageFull

_BUSY_TIMEOUT_S = 10.0


class Database:
    """A file that several threads and processes may use; every change is durable when the call
    returns. All methods raise `StorageFull` or `StorageError` where the file cannot be used."""

    def __init__(self, path: Path, *, schema: str, version: int) -> None:
        """Opens the file, or makes it with the statements of `schema`. `StorageError` too if it
        has another version."""
        self._path = path
        self._lock = threading.Lock()
        with self._errors():
            self._connection = sqlite3.connect(
                path, _BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            with self._errors():
                self._prepare(schema, version)
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, schema: str, version: int) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        # FULL, or a power cut could bring back the record of a file that is gone.
        self._connection.execute("PRAGMA synchronous = FULL")
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found == 0:
            self._connection.executescript(
                f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;"
            )
        elif found != version:
            newer = "install a Sonca as new as the one that wrote it, " if found > version else ""
            raise StorageError(
                f"{self._path} has the format version {found}, this Sonca reads {version}; {newer}"
                "use another data folder, or move the file away"
            )

    def run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Runs one statement. Returns the rows that it gives."""
        with self._lock, self._errors():
            return self._connection.execute(statement, values).fetchall()

    def close(self) -> None:
        with self._lock, self._errors():
            self._connection.close()

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise StorageFull(
                    f"cannot write {self._path}: the disk is full; free some space"
                ) from error
            raise StorageError(f"cannot use {self._path}: {error}") from error
