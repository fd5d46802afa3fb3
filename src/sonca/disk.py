"""Durable writes: a file or a folder appears under its name whole and on the disk, or not at all.

It is written as a draft, a hidden entry beside its place, then synced, renamed, and the rename is
synced: that survives `kill -9` and power cuts at every step. `StorageFull` and `StorageError` are
what the system's errors become. Knows nothing of what the files mean.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from sonca.errors import StorageError, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PREFIX, _DRAFT, _REPLACED, _REMOVED = ".sonca-", ".part", ".old", ".gone"
_LEFT_OVER_AFTER_S = 3600.0
"""A draft of this age is no longer being written, by any process."""
_HERE, _EXCHANGE = -100, 2
"""Linux's AT_FDCWD and RENAME_EXCHANGE."""


# Errors


def storage_error(error: Exception, doing: str, hint: str = "free some space") -> StorageError:
    """Returns our error for one of the system's. `doing` is what failed, as in "keep the audio";
    `hint` is what to do about a full disk."""
    reason = getattr(error, "strerror", None) or str(error)
    if getattr(error, "errno", None) in _FULL:
        return StorageFull(f"cannot {doing}: {reason}; {hint}")
    return StorageError(f"cannot {doing}: {reason}")


@contextlib.contextmanager
def errors(doing: str) -> Iterator[None]:
    """Turns an `OSError` of the block into a `storage_error`."""
    try:
        yield
    except OSError as error:
        raise storage_error(error, doing) from error


def free_bytes(place: Path) -> int:
    """Returns how much is free where `place` is, or would be."""
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free


def check_room(place: Path, needed: int, hint: str) -> None:
    """Raises `StorageFull` if `place` has not `needed` bytes free. `hint` is what to do but to
    make room."""
    free = free_bytes(place)
    if needed > free:
        raise StorageFull(
            f"{needed:,} bytes are needed in {place} and {free:,} are free; make room, or {hint}"
        )


# Files


def write(
    path: Path,
    data: bytes,
    *,
    durable: bool = True,
    sole_writer: bool = False,
    parents: bool = False,
    mode: int = 0o666,
) -> None:
    """Writes `data` to `path`, whole or not at all. `parents` makes missing folders, `mode` is
    the file's before the umask; the rest is as for `new_files`."""
    with new_files(path, durable=durable, sole_writer=sole_writer) as (draft,):
        if parents:
            path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, mode), "wb") as file:
            file.write(data)


@contextlib.contextmanager
def new_files(
    *paths: Path, durable: bool = True, sole_writer: bool = False
) -> Iterator[tuple[Path, ...]]:
    """Gives a draft to write for each of `paths`. They take their names in this order when the
    block ends well, and are removed when it does not. An `OSError` of the block becomes ours.

    `durable=False` leaves out the syncs, for what may be lost in a power cut or be found empty
    after it. `sole_writer` says that nobody else writes these paths meanwhile: a draft has the
    same name each time then, so what a crash left is written over.
    """
    drafts = tuple(_beside(path, _DRAFT, fixed=sole_writer) for path in paths)
    try:
        with errors(f"write {paths[-1]}"):
            yield drafts
            publish(*zip(drafts, paths, strict=True), durable=durable)
    except BaseException:
        for draft in drafts:
            remove(draft)
        raise


def draft_of(path: Path) -> Path:
    """Returns where to write what is to become `path`: for those whose file is not written within
    one block. `publish` and `remove` do the rest."""
    return _beside(path, _DRAFT, fixed=False)


def publish(*files: tuple[Path, Path], durable: bool = True) -> None:
    """Gives drafts their names, as (draft, name): files that are closed or flushed, or folders.
    Nothing is renamed before all drafts are on the disk. Raises `OSError`."""
    if durable:
        for draft, _ in files:
            _sync_tree(draft)
    for draft, path in files:
        draft.rename(path)
    if durable:
        for folder in {path.parent: None for _, path in files}:
            sync_folder(folder)


def sync(path: Path) -> None:
    """Brings a file that is closed or flushed to the disk. Raises `OSError`."""
    _sync(path, 0)


def sync_folder(path: Path) -> None:
    """Brings a folder's names to the disk. Raises `OSError`."""
    _sync(path, os.O_DIRECTORY)


def remove(path: Path) -> None:
    """Removes a file if it is there. One that cannot be removed is left for a later sweep."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, *, busy: str | None = None) -> Iterator[None]:
    """Lets only one process at a time into the block, by a lock on the file `path`, which the
    system takes back when its holder dies. The others wait, or get a `StorageError` that says
    `busy`."""
    with errors(f"use {path}"):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
        except OSError as error:
            raise StorageError(busy or f"cannot lock {path}: {error.strerror}") from error
        yield
    finally:
        os.close(descriptor)


# Folders


@contextlib.contextmanager
def new_folder(
    path: Path, *, doing: str = "", room: int = 0, sole_writer: bool = False, mode: int = 0o777
) -> Iterator[Path]:
    """Makes a draft to fill. It takes the place of `path` when the block ends well, and is
    removed when it does not; an older folder of that name stays until then.

    An `OSError` of the block becomes ours, with `doing` as for `errors`; so does a lack of
    `room` bytes at the start. `sole_writer` is as for `new_files`.
    """
    draft = _beside(path, _DRAFT, fixed=sole_writer)
    try:
        with errors(doing or f"write {path}"):
            path.parent.mkdir(parents=True, exist_ok=True)
            check_room(path.parent, room, "choose another folder")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(mode)
            yield draft
            _put_in_place(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def recover_folder(path: Path) -> None:
    """Brings back the older folder, if `new_folder` was killed when it was about to replace it on
    a file system that cannot exchange two. Only the sole writer may ask."""
    old = _beside(path, _REPLACED, fixed=True)
    if old.is_dir() and not path.exists():
        with contextlib.suppress(OSError):
            old.rename(path)


def remove_folder(path: Path) -> None:
    """Removes a folder so that nobody finds half of it. Raises `OSError`."""
    doomed = _beside(path, _REMOVED, fixed=False)
    try:
        path.rename(doomed)
        sync_folder(path.parent)
    finally:
        shutil.rmtree(doomed, ignore_errors=True)


def remove_left_overs(folder: Path) -> None:
    """Removes the folders that a crash left in `folder`. Drafts stay for an hour: somebody may
    be writing them."""
    for path in folder.glob(f"{_PREFIX}*"):
        doomed = path.suffix == _REMOVED
        if path.suffix == _DRAFT:
            with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                doomed = time.time() - path.stat().st_mtime > _LEFT_OVER_AFTER_S
        if doomed:
            shutil.rmtree(path, ignore_errors=True)


def _put_in_place(draft: Path, path: Path) -> None:
    new = not path.exists()
    try:
        _sync_tree(draft)
        if new:
            draft.rename(path)
        elif not _exchange(draft, path):
            _replace_in_steps(draft, path)
        sync_folder(path.parent)
    except BaseException:
        # Whole or not at all: the rename may have happened.
        if new:
            with contextlib.suppress(OSError):
                path.rename(draft)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Lets two folders change places in one step, so that there is no moment at which one of them
    is missing; False where the system cannot do that."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    rename = getattr(libc, "renameat2", None)
    if rename is None:
        return False
    if rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(number, os.strerror(number), str(one))


def _replace_in_steps(draft: Path, path: Path) -> None:
    """Replaces a folder where two cannot be exchanged. Killed between the steps, it leaves what
    `recover_folder` mends."""
    old = _beside(path, _REPLACED, fixed=True)
    shutil.rmtree(old, ignore_errors=True)
    try:
        path.rename(old)
        draft.rename(path)
        sync_folder(path.parent)
    finally:
        recover_folder(path)
        if path.exists():
            shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path, suffix: str, *, fixed: bool) -> Path:
    """Returns a hidden name in the folder of `path`, of a length that every file system has: the
    same each time, or a new one."""
    token = blake2b(os.fsencode(path.name), digest_size=8).digest() if fixed else os.urandom(8)
    return path.with_name(f"{_PREFIX}{token.hex()}{suffix}")


def _sync_tree(path: Path) -> None:
    """Brings a file, or a folder with all that is in it, to the disk."""
    if not path.is_dir():
        sync(path)
        return
    for folder, _, names in os.walk(path, topdown=False):
        for name in names:
            sync(Path(folder, name))
        sync_folder(Path(folder))


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
