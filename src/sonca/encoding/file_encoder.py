"""Encodes into a file: true sizes in the header, and never half a file under its name.

Knows nothing of stored audio: that is `sonca.store`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path
from typing import BinaryIO, Self, cast

from sonca import disk
from sonca.audio import Samples
from sonca.encoding.encoder import SinkEncoder
from sonca.encoding.formats import Format
from sonca.encoding.writers import SeekableSink


class FileEncoder:
    """Encodes into a path or an open binary file.

    A path gets its file by renaming, when `finish` has written all of it: until then, and if
    the encoder is closed early or fails, what was there before stays. A path that is not a
    regular file (`/dev/stdout`, a pipe) is written as it is. An open file is not closed. Where
    the file can seek, WAV, FLAC and MP3 get their true lengths; else it is written as a stream.
    """

    def __init__(
        self,
        target: str | Path | SeekableSink,
        format: Format,
        sample_rate_hz: int,
        *,
        output_rate_hz: int | None = None,
    ) -> None:
        """`sample_rate_hz` is what is fed, `output_rate_hz` what is written, if it is another.

        Raises `StorageError` if the file cannot be opened.
        """
        self._output: _Output = (
            _PathOutput(Path(target)) if isinstance(target, str | Path) else _Output(target)
        )
        self._encoder: SinkEncoder | None = None
        try:
            with self._output.errors():
                self._encoder = SinkEncoder(
                    format,
                    sample_rate_hz,
                    self._output.file,
                    output_rate_hz=output_rate_hz,
                    seekable=_can_go_back(self._output.file),
                )
        except BaseException:
            self.close()
            raise

    def feed(self, samples: Samples) -> None:
        """Encodes (N,) float32 samples. Raises `StorageFull` when the disk is full, `StorageError`
        when writing fails otherwise: the file is given up then."""
        if self._encoder is None:
            raise ValueError("the encoder is finished")
        try:
            with self._output.errors():
                self._encoder.feed(samples)
        except BaseException:
            self.close()
            raise

    def finish(self) -> None:
        """Completes the file and gives it its name. Raises as `feed`."""
        if self._encoder is None:
            raise ValueError("the encoder is finished")
        try:
            with self._output.errors():
                self._encoder.finish()
                self._output.publish()
        finally:
            self.close()

    def close(self) -> None:
        """Frees everything; an unfinished file is removed. May be called again."""
        encoder, self._encoder = self._encoder, None
        if encoder is not None:
            encoder.close()
        self._output.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Output:
    """An open file that belongs to the caller."""

    def __init__(self, file: SeekableSink) -> None:
        self.file = file
        self.name = str(getattr(file, "name", "the output"))

    def publish(self) -> None:
        self.file.flush()

    def close(self) -> None:
        pass

    def errors(self) -> contextlib.AbstractContextManager[None]:
        return disk.errors(f"write {self.name}")


class _PathOutput(_Output):
    """A path: written under a temporary name beside it, where it is or will be a file."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self.file: BinaryIO
        self._draft: Path | None = None
        with self.errors():
            # Through links: the file they point to is replaced, not the link.
            self._final = path.resolve()
            if self._final.exists() and not self._final.is_file():
                self.file = path.open("wb")
                return
            self._draft = disk.draft_of(self._final)
            self.file = self._draft.open("xb")

    def publish(self) -> None:
        self.file.flush()
        if self._draft is None:
            return
        if self._final.exists():
            self._draft.chmod(self._final.stat().st_mode & 0o777)
        disk.publish((self._draft, self._final))

    def close(self) -> None:
        # What could not be written must not be reported once more, nor keep the file.
        with contextlib.suppress(OSError):
            self.file.close()
        if self._draft is not None:
            disk.remove(self._draft)


def _can_go_back(file: SeekableSink) -> bool:
    """Tells whether headers at the start of `file` can be completed at the end."""
    if not file.seekable() or file.tell() != 0:
        return False
    try:
        descriptor = cast(BinaryIO, file).fileno()
    except (OSError, AttributeError):  # in memory, or of another kind
        return True
    # `>> x.wav` says that it can seek, but writes at the end whatever the position.
    return not fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND
