"""Reads the parts of ZIP files (EPUB, DOCX) by name, and believes nothing about their sizes."""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from pathlib import Path
from urllib.parse import unquote

from sonca.book import limits
from sonca.book.sources import salvage
from sonca.errors import InvalidRequest

_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)
"""What reading a damaged file raises; `NotImplementedError` is a `RuntimeError`."""


class Archive:
    """A ZIP file whose parts are read into memory one at a time; nothing is unpacked to disk. To be
    closed.

    Names are looked up inside the file only, so a `..` leads nowhere.
    """

    def __init__(self, path: Path, what: str) -> None:
        """`what` names the format in errors. Raises `InvalidRequest` if it cannot be opened."""
        self._what = what
        self._path = path
        self._read = 0
        self.mended: list[str] = []
        """What was damaged, and is read as far as it goes."""
        self._zip: zipfile.ZipFile | None = None
        try:
            self._zip = zipfile.ZipFile(path)
            entries = self._zip.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            entries = salvage.entries(path) if isinstance(error, zipfile.BadZipFile) else []
            if not entries:
                raise self.damaged(str(error)) from error
            self.mended.append("the file is cut off or damaged; what is left of it is read")
        if len(entries) > limits.MAX_ENTRIES:
            self.close()
            raise self.damaged(f"{len(entries):,} parts, the limit is {limits.MAX_ENTRIES:,}")
        self._entries = {entry.filename: entry for entry in entries}
        self._loose = {_loose(name): name for name in reversed(self._entries)}

    def damaged(self, why: str) -> InvalidRequest:
        """Returns the error for a file that cannot be read."""
        return InvalidRequest(f"the {self._what} cannot be read: {why}", field="file")

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    @property
    def names(self) -> list[str]:
        """The names of its parts."""
        return list(self._entries)

    def actual(self, name: str) -> str:
        """Returns the part that `name` means, whatever its case and slashes; `name` if none."""
        return name if name in self._entries else self._loose.get(_loose(name), name)

    def read(self, name: str, *, limit: int = limits.MAX_TEXT_BYTES) -> bytes:
        """Returns the part `name`. Raises `InvalidRequest` if it is missing, damaged, locked or too
        large."""
        entry = self._entries.get(name)
        if entry is None:
            raise self.damaged(f"it has no part {name[:200]!r}")
        if entry.flag_bits & 1:
            raise self.damaged(f"{name[:200]!r} is encrypted; give a copy without a password")
        data = self._unpacked(name, entry, limit)
        self._check(name, entry, len(data), limit)
        return data

    def _unpacked(self, name: str, entry: zipfile.ZipInfo, limit: int) -> bytes:
        if self._zip is None:
            return salvage.read(self._path, entry, limit)
        try:
            with self._zip.open(entry) as file:
                return file.read(limit + 1)  # stops there, whatever the header says
        except _DAMAGE as error:
            data = salvage.read(self._path, entry, limit)
            if not data.strip():
                raise self.damaged(f"{name[:200]!r} is damaged ({error})") from error
            self.mended.append(f"{name[:100]} is damaged, and is read as far as it goes")
            return data

    def _check(self, name: str, entry: zipfile.ZipInfo, size: int, limit: int) -> None:
        self._read += size
        packed = max(entry.compress_size, 1)
        if size > limit:
            raise self.damaged(f"{name[:200]!r} unpacks to over {limit:,} bytes")
        if size > limits.RATIO_FREE_BYTES and size / packed > limits.MAX_RATIO:
            raise self.damaged(
                f"{name[:200]!r} unpacks to {size / packed:,.0f} times its size, the limit is "
                f"{limits.MAX_RATIO}: this looks like a zip bomb"
            )
        if self._read > limits.MAX_UNPACKED_BYTES:
            raise self.damaged(f"its parts unpack to over {limits.MAX_UNPACKED_BYTES:,} bytes")

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()


def _loose(name: str) -> str:
    """Returns a name as badly written links may have it."""
    return posixpath.normpath(unquote(name).replace("\\", "/")).lstrip("./").casefold()


def resolve(base: str, href: str) -> tuple[str, str]:
    """Returns the part and the fragment that `href`, written in the part `base`, means."""
    path, _, fragment = href.partition("#")
    if not path:
        return base, unquote(fragment)
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(path)))
    return joined.lstrip("/"), unquote(fragment)
