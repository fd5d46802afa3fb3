"""Sends files as one zip archive while it is made: nothing is kept, on the disk or in memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_BLOCK = 1 << 18


class _Sink:
    """A file that cannot seek: what is written waits to be taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._waiting.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Does nothing: `take` is what empties it."""

    def take(self) -> bytes:
        data, self._waiting = b"".join(self._waiting), []
        return data


def zip_stream(files: Sequence[tuple[Path, str]]) -> Iterator[bytes]:
    """Yields an archive of files under other names. Sound is packed already, so it is stored."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for path, name in files:
            entry = zipfile.ZipInfo.from_file(path, name)
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as into:
                while block := source.read(_BLOCK):
                    into.write(block)
                    yield sink.take()
    yield sink.take()
