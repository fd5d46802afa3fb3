"""Files of another version are left as they are, and said to be that."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from sonca.errors import StorageError
from sonca.store.database import Database
from sonca.store.job_records import JobRecords


def of_version(path: Path, version: int) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE job (id TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    return path


def test_a_file_of_a_newer_version_names_it_and_the_next_step(tmp_path: Path) -> None:
    path = of_version(tmp_path / "jobs.sqlite3", 7)
    with pytest.raises(
        StorageError, match=r"version 7, this Sonca reads 1; install a Sonca as new"
    ):
        JobRecords(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (7,)


def test_a_file_of_an_older_version_names_the_next_step(tmp_path: Path) -> None:
    path = of_version(tmp_path / "a.sqlite3", 1)
    with pytest.raises(
        StorageError, match="version 1, this Sonca reads 2; use another data folder, or move"
    ):
        Database(path, schema="CREATE TABLE job (id TEXT);", version=2)


def test_a_file_that_is_no_table_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite3"
    path.write_bytes(b"no table" * 200)
    with pytest.raises(StorageError, match="not a database"):
        JobRecords(path)
