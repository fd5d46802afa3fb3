"""A file or a folder is written whole or not at all, whichever step of it fails."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from sonca import disk
from sonca.errors import StorageError, StorageFull


def tree(folder: Path) -> dict[str, bytes]:
    """Everything under `folder`, hidden names too."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def write_file(path: Path) -> None:
    disk.write(path, b"new")


def write_folder(path: Path) -> None:
    with disk.new_folder(path) as draft:
        (draft / "deep").mkdir()
        (draft / "deep" / "x").write_bytes(b"new")


WRITERS = [write_file, write_folder]
STEPS = [(disk, "sync"), (disk, "sync_folder"), (Path, "rename"), (disk, "_exchange")]


@pytest.mark.slow
@pytest.mark.parametrize("nth", [1, 2])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("raised", [OSError(errno.EIO, "broken"), KeyboardInterrupt()], ids=type)
@pytest.mark.parametrize("older", [False, True], ids=["fresh", "older"])
@pytest.mark.parametrize("exchanges", [True, False], ids=["exchange", "steps"])
@pytest.mark.parametrize("write", WRITERS)
def test_failing_at_every_step_leaves_the_old_or_the_new(
    write: Any,
    exchanges: bool,
    older: bool,
    raised: BaseException,
    where: Any,
    name: str,
    after: bool,
    nth: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "it"
    write(path)
    new = tree(tmp_path)
    old = dict.fromkeys(new, b"old") if older else {}
    for key in old:
        (tmp_path / key).write_bytes(b"old")
    if not older:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if not exchanges:
        monkeypatch.setattr(disk, "_exchange", lambda one, other: False)
    original, calls = getattr(where, name), 0

    def failing(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and after:
            original(*arguments)
        if calls == nth:
            raise raised
        return original(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(where, name, failing)
        try:
            write(path)
        except (StorageError, KeyboardInterrupt):
            assert tree(tmp_path) in (old, new)
        else:
            assert tree(tmp_path) == new
    assert not [entry.name for entry in tmp_path.iterdir() if entry != path]
    write(path)
    assert tree(tmp_path) == new


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EACCES])
def test_errors_become_ours(number: int) -> None:
    with pytest.raises(StorageError, match="cannot keep it: ") as caught, disk.errors("keep it"):
        raise OSError(number, os.strerror(number))
    assert isinstance(caught.value, StorageFull) == (number != errno.EACCES)
    assert isinstance(caught.value.__cause__, OSError)


def test_several_files_get_their_names_together(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    with (
        pytest.raises(StorageError, match="cannot write"),
        disk.new_files(*paths) as drafts,
    ):
        drafts[0].write_bytes(b"a")  # the other one is missing
    assert tree(tmp_path) == {}
    with disk.new_files(*paths) as drafts:
        for draft in drafts:
            draft.write_bytes(b"x")
        assert not [path for path in paths if path.exists()]
    assert tree(tmp_path) == {"a": b"x", "b": b"x"}


def test_a_sole_writer_writes_over_what_a_crash_left(tmp_path: Path) -> None:
    path = tmp_path / ("ế" * 83 + "aa.wav")  # the longest name there is
    disk._beside(path, ".part", fixed=True).write_bytes(b"left by a crash")
    disk.write(path, b"new", sole_writer=True)
    assert tree(tmp_path) == {path.name: b"new"}


@pytest.mark.parametrize("durable", [True, False])
def test_only_durable_files_are_synced(
    durable: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = []
    monkeypatch.setattr(os, "fsync", synced.append)
    disk.write(tmp_path / "deep" / "x", b"x", durable=durable, parents=True, mode=0o600)
    assert len(synced) == (2 if durable else 0)
    assert (tmp_path / "deep" / "x").stat().st_mode & 0o777 == 0o600


def test_too_little_room_is_known_before(tmp_path: Path) -> None:
    with (
        pytest.raises(StorageFull, match=r"are needed in .* make room"),
        disk.new_folder(tmp_path / "x", room=1 << 60),
    ):
        raise AssertionError("nothing is written")
    assert list(tmp_path.iterdir()) == []


def test_the_second_is_told_that_the_first_is_at_work(tmp_path: Path) -> None:
    with (
        disk.locked(tmp_path / ".lock"),
        pytest.raises(StorageError, match="wait for it"),
        disk.locked(tmp_path / ".lock", busy="wait for it"),
    ):
        raise AssertionError("two at once")
    with disk.locked(tmp_path / ".lock", busy="wait for it"):
        pass
