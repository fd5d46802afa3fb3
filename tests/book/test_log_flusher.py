"""What is said reaches the disk, also when the disk fails for a while."""

from __future__ import annotations

import errno
import os
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sonca.book.build import log_flusher
from sonca.book.build.journal import ChapterLog, UtteranceRecord
from sonca.book.build.log_flusher import LogFlusher
from sonca.errors import StorageError

SAID = UtteranceRecord(0, (0, 1), 8000, 0.0, (), 0.0, 0, None)
WAIT_S = 20.0


class Disk:
    """An `os.fsync` that fails on demand, and counts."""

    def __init__(self) -> None:
        self.broken = threading.Event()
        self.asked = threading.Semaphore(0)
        self.kept = threading.Semaphore(0)

    def fsync(self, file: int) -> None:
        if file < 0:
            raise ValueError("file descriptor cannot be a negative integer (-1)")
        self.asked.release()
        if self.broken.is_set():
            raise OSError(errno.EIO, "I/O error")
        self.kept.release()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "fsync", disk.fsync)
    monkeypatch.setattr(log_flusher, "_EVERY_S", 0.01)
    return disk


def written(path: Path) -> ChapterLog:
    log = ChapterLog(path)
    log.append(SAID, np.zeros(10, np.float32))
    return log


def test_a_sync_that_failed_is_tried_again(tmp_path: Path, disk: Disk) -> None:
    log = written(tmp_path / "a.log")
    disk.broken.set()
    with pytest.raises(StorageError, match="I/O error"):
        log.sync()
    disk.broken.clear()
    log.sync()
    assert disk.kept.acquire(blocking=False)
    log.sync()
    assert not disk.kept.acquire(blocking=False), "nothing was added since"
    log.close()


def test_a_closed_log_has_nothing_to_sync(tmp_path: Path, disk: Disk) -> None:
    log = written(tmp_path / "a.log")
    log.close()
    log.sync()
    assert not disk.asked.acquire(blocking=False)


def test_a_log_that_is_closed_meanwhile_does_not_end_the_syncing_of_others(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(LogFlusher()) as logs:
        closed = written(tmp_path / "a.log")
        closed.close()  # as `remove` does, after the thread took its copy of the set
        logs.add(closed)
        other = written(tmp_path / "b.log")
        logs.add(other)
        for _ in range(3):
            assert disk.kept.acquire(timeout=WAIT_S)
            other.append(SAID, np.zeros(10, np.float32))
    assert not caplog.records


def test_a_disk_that_refuses_is_reported_once_until_it_is_well(
    tmp_path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    disk.broken.set()
    with closing(LogFlusher()) as logs:
        log = written(tmp_path / "a.log")
        logs.add(log)
        for _ in range(4):
            assert disk.asked.acquire(timeout=WAIT_S)
        disk.broken.clear()
        assert disk.kept.acquire(timeout=WAIT_S)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "I/O error" in caplog.text


def test_what_ends_the_syncing_is_logged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def defect(self: ChapterLog) -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr(log_flusher, "_EVERY_S", 0.01)
    with monkeypatch.context() as patch, pytest.raises(RuntimeError), closing(LogFlusher()) as logs:
        patch.setattr(ChapterLog, "sync", defect)
        logs.add(written(tmp_path / "a.log"))
        logs._thread.join(WAIT_S)
    assert "the thread sonca-book-sync ended" in caplog.text
