"""Killed anywhere, failing anywhere: no half file is served, no record is without its file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sonca import disk
from sonca.errors import StorageError, StorageFull
from sonca.store import AudioStore, AudioWriter, audio_writer
from sonca.store.audio_records import AudioRecords
from tests import killed

QUOTA_BYTES = 300_000
STEPS = {
    "put": ["create", "sync", "publish", "sync_folder", "insert", "remove"],
    "delete": ["delete", "remove"],
}
"""Every step by which audio comes and goes."""
PLACES: dict[str, Any] = {
    "create": audio_writer,
    "insert": AudioRecords,
    "delete": AudioRecords,
    "write": AudioWriter,
}
"""Where they are, if not in `disk`."""


def check(root: Path) -> dict[str, bytes]:
    """Open the store as the next process does; everything in it must be whole. What is kept."""
    database = AudioRecords(root / "audio.sqlite3")
    names = database.names()
    database.close()
    # Before any sweep: no record without its file, no file that differs from its record.
    for id, suffix in names:
        assert (root / "files" / (id + suffix)).is_file()
    store = AudioStore(root, quota_bytes=QUOTA_BYTES)
    found = {}
    for id, _ in names:
        kept, file = store.open(id)
        with file:
            found[id] = file.read()
        assert hashlib.sha256(found[id]).hexdigest() == kept.metadata["sha"]
        assert len(found[id]) == kept.size
    # Opening swept: nothing lies there that is not recorded.
    assert {path.name for path in (root / "files").iterdir()} == {id + s for id, s in names}
    assert store.stats().size <= QUOTA_BYTES
    store.close()
    return found


def put(store: AudioStore, data: bytes) -> str:
    with store.writer(suffix=".wav", expires_in_s=3600) as writer:
        for start in range(0, len(data), 10_000):
            writer.write(data[start : start + 10_000])
        return writer.commit(sha(data)).id


def put_and_delete(say: Callable[[str], None], root: Path, seed: int) -> None:
    """Keeps audio and lets it go, for ever."""
    chance = random.Random(seed)
    store = AudioStore(root, quota_bytes=QUOTA_BYTES)
    ids: list[str] = []
    while True:
        data = chance.randbytes(chance.randrange(1, 60_000))
        ids.append(put(store, data))
        say(ids[-1])
        if len(ids) > 3:
            store.delete(ids.pop(0))


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random(20)
    for seed in range(12):
        end = killed.run(put_and_delete, tmp_path, seed, dies_at=chance.randrange(200, 5000))
        assert end.was_killed
        kept = check(tmp_path)
        # What was promised last is there: its deletion comes three later.
        assert all(id in kept for id in end.said[-3:])


def put_and_die(
    say: Callable[[str], None], root: Path, what: str, name: str, *, after: bool
) -> None:
    """Keeps one audio and dies at a step of keeping another, or of deleting it."""
    store = AudioStore(root, quota_bytes=QUOTA_BYTES)
    first = put(store, os.urandom(30_000))
    say(first)
    place = PLACES.get(name, disk)
    original = getattr(place, name)

    def dying(*arguments: Any) -> None:
        if after:
            original(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(place, name, dying)
    if what == "delete":
        store.delete(first)
    else:
        put(store, os.urandom(30_000))


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("what", "name"), [(what, name) for what, names in STEPS.items() for name in names]
)
@pytest.mark.slow
def test_killed_at_every_step(what: str, name: str, after: bool, tmp_path: Path) -> None:
    end = killed.run(put_and_die, tmp_path, what, name, after=after)
    assert end.was_killed
    (first,) = end.said
    kept = check(tmp_path)
    recorded = (name, after) == ("insert", True) or name == "remove"
    if what == "put":
        assert first in kept
        assert len(kept) == (2 if recorded else 1)
    else:
        assert (first in kept) == ((name, after) == ("delete", False))


ERRORS: list[tuple[BaseException, type[BaseException]]] = [
    (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), StorageFull),
    (OSError(errno.EIO, os.strerror(errno.EIO)), StorageError),
    (KeyboardInterrupt(), KeyboardInterrupt),
]


@pytest.mark.parametrize(("raised", "expected"), ERRORS, ids=["full", "broken", "interrupt"])
@pytest.mark.parametrize(
    ("name", "after"),
    [(name, False) for name in STEPS["put"][:-1]]
    + [(name, True) for name in STEPS["put"][1:-1]]
    + [("write", False), ("write", True)],
)
def test_failing_at_every_step(
    name: str,
    after: bool,
    raised: BaseException,
    expected: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = AudioStore(tmp_path, quota_bytes=QUOTA_BYTES)
    first = store.put(b"first", suffix=".wav", metadata=sha(b"first"), expires_in_s=60)
    where = PLACES.get(name, disk)
    if name in {"insert", "write"} and isinstance(raised, OSError):
        raised = expected("as these raise it")  # the system's errors are ours already

    original = getattr(where, name)

    def failing(*arguments: Any) -> Any:
        if after:
            original(*arguments)
        raise raised

    with monkeypatch.context() as patched:
        patched.setattr(where, name, failing)
        with pytest.raises(expected):
            store.put(b"second", suffix=".wav", metadata=sha(b"second"), expires_in_s=60)
    assert [path.name for path in (tmp_path / "files").iterdir()] == [first.path.name]
    assert store.stats().files == 1
    assert store.stats().unfinished == 0
    # And it goes on working.
    store.put(b"third", suffix=".wav", metadata=sha(b"third"), expires_in_s=60)
    store.close()
    assert sorted(check(tmp_path).values()) == [b"first", b"third"]


def sha(data: bytes) -> dict[str, str]:
    return {"sha": hashlib.sha256(data).hexdigest()}


def test_a_removal_that_fails_is_made_up_for_by_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = AudioStore(tmp_path, quota_bytes=QUOTA_BYTES)
    kept = store.put(b"x", suffix=".wav", metadata={}, expires_in_s=60)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "unlink", fails)
        store.delete(kept.id)
    assert kept.path.exists()
    assert store.sweep() == 1
    assert not kept.path.exists()
    store.close()


def fails(*_: object, **__: object) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def full_disk(tmp_path: Path, size: str) -> Callable[[], None] | None:
    """Mount a small disk at `tmp_path`; how to take it away, or None where that is not allowed."""
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(tmp_path)]
    try:
        done = subprocess.run(mount, capture_output=True, timeout=30, check=False)
    except OSError:
        return None
    if done.returncode:
        return None
    return lambda: subprocess.run(["umount", "-l", str(tmp_path)], check=True, timeout=30) and None


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    take_away = full_disk(tmp_path, "1m")
    if take_away is None:
        pytest.skip("mounting a small disk needs root")
    try:
        store = AudioStore(tmp_path, quota_bytes=1 << 30)
        first = store.put(bytes(300_000), suffix=".wav", metadata={"sha": ""}, expires_in_s=60)
        with pytest.raises(StorageFull):
            store.put(bytes(900_000), suffix=".wav", metadata={}, expires_in_s=60)
        assert [path.name for path in first.path.parent.iterdir()] == [first.path.name]
        # Filled to the last byte, so that it is the database that cannot write.
        with (tmp_path / "ballast").open("wb", buffering=0) as ballast:
            for size in (4096, 1):
                while True:
                    try:
                        ballast.write(bytes(size))
                    except OSError:
                        break
        with pytest.raises(StorageFull):
            for _ in range(2000):
                store.put(b"", suffix=".wav", metadata={"x": "y" * 2000}, expires_in_s=60)
        names = {id + suffix for id, suffix in store._records.names()}
        assert {path.name for path in first.path.parent.iterdir()} == names
        assert store.get(first.id) == first
        (tmp_path / "ballast").unlink()
        store.put(b"again", suffix=".wav", metadata={}, expires_in_s=60)
        store.close()
    finally:
        take_away()


def test_json_in_the_records_is_plain(tmp_path: Path) -> None:
    """Other tools can read what is kept."""
    store = AudioStore(tmp_path, quota_bytes=QUOTA_BYTES)
    kept = store.put(b"x", suffix=".wav", metadata={"text": "tiếng Việt"}, expires_in_s=60)
    record = store._records.get(kept.id)
    assert record is not None
    assert json.loads(record.metadata) == {"text": "tiếng Việt"}
    store.close()
