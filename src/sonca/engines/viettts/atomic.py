"""A folder that appears whole or not at all."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sonca.errors import StorageError, StorageFull


@contextmanager
def written_whole(target: Path, needed: int) -> Iterator[Path]:
    """A draft to write in; it becomes `target` when all went well and vanishes otherwise.

    `needed` is about how many bytes will be written. An existing `target` is replaced at the
    very end. Raises `StorageFull` or `StorageError` for what the disk refuses.
    """
    draft: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if (free := shutil.disk_usage(target.parent).free) < needed:
            raise StorageFull(
                f"{target.name} needs about {needed >> 20} MB in {target.parent}, {free >> 20} MB "
                "are free; make room or choose another folder"
            )
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        yield draft
        draft.chmod(0o755)
        _replace(draft, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"the disk of {target.parent} is full; make room there") from error
        raise StorageError(f"cannot write {target}: {error}") from error
    finally:
        if draft is not None and draft.exists():
            shutil.rmtree(draft, ignore_errors=True)


def _replace(draft: Path, target: Path) -> None:
    """Put `draft` in the place of `target`, which may exist."""
    if not target.exists():
        draft.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    target.rename(old / "was")
    try:
        draft.rename(target)
    except OSError:
        (old / "was").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
