"""The steps by which a file comes to be, and goes, on a disk that may fail at each of them.

A file is written under a temporary name and locked (`flock`) for as long as its writer lives:
the system gives the lock back when a process dies, however it dies. So a file without a record
whose lock can be had is nobody's, in this process or another, and may be removed.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from sonca.errors import StorageError, StorageFull

_FULL = {errno.ENOSPC, errno.EDQUOT}
_HERE = -100
_EXCHANGE = 2
"""Linux's AT_FDCWD and RENAME_EXCHANGE."""


@contextlib.contextmanager
def errors(doing: str) -> Iterator[None]:
    """Turns the system's errors into ours: `doing` is what failed, as in "keep the audio"."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in _FULL:
            raise StorageFull(f"cannot {doing}: {reason}; free some space") from error
        raise StorageError(f"cannot {doing}: {reason}") from error


def create(path: Path) -> BinaryIO:
    """A new file, open for writing and locked. Nobody else may read it."""
    while True:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # A sweep may have found it between the two calls, and taken it for nobody's.
            if os.fstat(descriptor).st_nlink:
                return os.fdopen(descriptor, "wb")
        except BaseException:
            os.close(descriptor)
            remove(path)
            raise
        os.close(descriptor)


def sync(file: BinaryIO) -> None:
    """Everything written to `file` is on the disk when this returns."""
    file.flush()
    os.fsync(file.fileno())


def publish(temporary: Path, final: Path) -> None:
    """Give a file its name, on the disk when this returns."""
    temporary.rename(final)
    sync_folder(final.parent)


def exchange(one: Path, other: Path) -> bool:
    """Let two files or folders of a file system change places in one step, so that there is no
    moment at which one of them is missing; False where the system cannot do that."""
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


def sync_folder(folder: Path) -> None:
    """The folder's names are on the disk when this returns."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Remove a file if it is there. One that cannot be removed is left for a later sweep."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def remove_if_orphan(path: Path, is_kept: Callable[[], bool]) -> bool:
    """Remove a file that has no writer, unless `is_kept` says that it has a record."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:  # gone meanwhile
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Asked only now: a writer makes the record before it lets go of the lock.
        if is_kept():
            return False
        path.unlink(missing_ok=True)
        return True
    except OSError:  # still being written
        return False
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Only one process at a time gets past here, by a lock on the file `path`."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
