"""Stores reference recordings for engines that clone, and finds what a `voice_file` means.

A recording is a folder of two files, `audio.wav` and `reference.json`, that comes and goes as a
whole, see `sonca.disk`.

Decoding an upload is the caller's; what an engine makes of a recording, the engine's.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import time
import unicodedata
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonca import disk
from sonca.audio import Samples
from sonca.errors import BadAudio, InvalidRequest, NotFound, StorageError, quoted

MIN_DURATION_S, MAX_DURATION_S = 1.0, 30.0
_TOLERANCE_S = 0.1
"""Codecs pad to whole frames: 30 s of MP3 decode to a little more."""
MAX_NAME_LENGTH = 100

_ID = re.compile(r"ref-[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class UploadedReference:
    """A recording that a user sent in to be cloned."""

    id: str
    """Opaque, starts with ``ref-``."""
    name: str
    """What its owner calls it; need not be unique."""
    path: Path
    """16-bit mono WAV."""
    sample_rate_hz: int
    duration_s: float
    created_at: float
    """Seconds since the epoch."""
    content_hash: str
    """SHA-256 of the rate and the 16-bit samples, in hex: equal recordings, equal hash."""

    def samples(self) -> Samples:
        """Reads (N,) float32 in [-1, 1] from the file. Raises `NotFound` if that has gone."""
        try:
            with wave.open(str(self.path), "rb") as file:
                data = file.readframes(file.getnframes())
        except FileNotFoundError as error:
            raise _unknown(self.id) from error
        except (OSError, wave.Error, EOFError) as error:
            raise StorageError(f"cannot read the recording {self.path}: {error}") from error
        return np.frombuffer(data, "<i2").astype(np.float32) / 32767.0


class ReferenceStore:
    """The uploaded recordings in the folder `root`. Usable from any thread, and by several
    processes at once."""

    def __init__(self, root: Path, *, clock: Callable[[], float] = time.time) -> None:
        """Makes the folder if it is missing, and removes what a crash left."""
        self._root = root
        self._clock = clock
        with disk.errors(f"use the folder {root}"):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            disk.remove_left_overs(root)

    def add(self, samples: Samples, sample_rate_hz: int, *, name: str) -> UploadedReference:
        """Stores a recording, (N,) float32 of 1 to 30 s.

        Raises `BadAudio` for other lengths, `InvalidRequest` for a name that cannot be,
        `StorageFull` or `StorageError` if it cannot be written; nothing is left behind then.
        """
        name = _checked_name(name)
        duration_s = _checked_duration(samples, sample_rate_hz)
        clipped = np.clip(np.nan_to_num(np.asarray(samples, np.float32)), -1.0, 1.0)
        data = np.rint(clipped * 32767.0).astype("<i2").tobytes()
        digest = hashlib.sha256(sample_rate_hz.to_bytes(4, "little") + data).hexdigest()
        id = "ref-" + secrets.token_urlsafe(16)
        reference = UploadedReference(
            id=id,
            name=name,
            path=self._root / id / "audio.wav",
            sample_rate_hz=sample_rate_hz,
            duration_s=duration_s,
            created_at=self._clock(),
            content_hash=digest,
        )
        self._write(reference, data)
        return reference

    def get(self, id: str) -> UploadedReference:
        """Returns the recording of an id. Raises `NotFound` if there is none."""
        if not _ID.fullmatch(id):
            raise _unknown(id)
        folder = self._root / id
        try:
            with disk.errors(f"read the recording {id}"):
                fields = json.loads((folder / "reference.json").read_text("utf-8"))
                return UploadedReference(id=id, path=folder / "audio.wav", **fields)
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
                raise _unknown(id) from error
            raise
        except (ValueError, TypeError) as error:
            raise StorageError(f"the recording {id} is damaged; delete it") from error

    def list(self) -> list[UploadedReference]:
        """Returns all recordings, the oldest first. Damaged ones are passed over."""
        found = []
        with disk.errors(f"read the folder {self._root}"):
            names = [path.name for path in self._root.iterdir() if _ID.fullmatch(path.name)]
        for name in names:
            with contextlib.suppress(NotFound, StorageError):
                found.append(self.get(name))
        return sorted(found, key=lambda reference: (reference.created_at, reference.id))

    def delete(self, id: str) -> None:
        """Deletes a recording. Raises `NotFound` if there is none of that id."""
        if not _ID.fullmatch(id):
            raise _unknown(id)
        try:
            with disk.errors(f"delete the recording {id}"):
                disk.remove_folder(self._root / id)
        except StorageError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise _unknown(id) from error
            raise

    def _write(self, reference: UploadedReference, data: bytes) -> None:
        fields = {
            "name": reference.name,
            "sample_rate_hz": reference.sample_rate_hz,
            "duration_s": reference.duration_s,
            "created_at": reference.created_at,
            "content_hash": reference.content_hash,
        }
        place = self._root / reference.id
        with disk.new_folder(place, doing="keep the recording", mode=0o700) as folder:
            with wave.open(str(folder / "audio.wav"), "wb") as writer:
                writer.setparams((1, 2, reference.sample_rate_hz, 0, "NONE", ""))
                writer.writeframes(data)
            (folder / "reference.json").write_text(json.dumps(fields), "utf-8")


def resolve_voice_file(
    name: str, voices_dir: Path | None, *, references: ReferenceStore | None = None
) -> Path:
    """Returns the recording that a request's `voice_file` means.

    It is the id of an upload in `references`, or the bare name of a file in the folder
    `voices_dir`. Everything else is an `InvalidRequest`: paths, addresses, links that lead out
    of the folder, what is not a regular file. The path that comes back has no links left in it.
    """
    if _ID.fullmatch(name):
        return _uploaded(name, references)
    path = _found(name, voices_dir) if voices_dir is not None else None
    if path is None:
        # One answer for all, so that nobody learns what lies outside of the folder.
        raise _refused(name, voices_dir)
    return path


def _found(name: str, voices_dir: Path) -> Path | None:
    """Returns the regular file that is called `name` and lies in the folder itself, or None."""
    if not _is_bare(name):
        return None
    try:
        folder = voices_dir.resolve(strict=True)
        path = (folder / name).resolve(strict=True)
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # missing, too long, or links in a circle
        return None


def _uploaded(id: str, references: ReferenceStore | None) -> Path:
    try:
        if references is None:
            raise _unknown(id)
        return references.get(id).path
    except NotFound as error:
        raise InvalidRequest(f"{error}", field="voice_file") from error


def _is_bare(name: str) -> bool:
    """Tells whether `name` can only be an entry of a folder: no path, no control characters."""
    return (
        bool(name.strip())
        and len(name) <= 255
        and not name.startswith(".")
        and not any(letter in "/\\:" or unicodedata.category(letter)[0] == "C" for letter in name)
    )


def _refused(name: str, voices_dir: Path | None) -> InvalidRequest:
    allowed = "the id of an uploaded recording (ref-…)"
    if voices_dir is None:
        allowed += "; no folder for voices is configured"
    else:
        allowed += f" or the name of a file in the voices folder{_examples(voices_dir)}"
    return InvalidRequest(
        f"voice_file {quoted(name)} is not available; it can be {allowed}", field="voice_file"
    )


def _examples(voices_dir: Path, limit: int = 5) -> str:
    """Returns a few of the names that would work, for a message."""
    try:
        entries = sorted(path.name for path in voices_dir.iterdir())
    except OSError:
        return ", which cannot be read"
    names = [name for name in entries if _found(name, voices_dir) is not None]
    if not names:
        return ", which is empty"
    return f" ({', '.join(names[:limit])}{', …' if len(names) > limit else ''})"


def _checked_name(name: str) -> str:
    """Returns the name in NFC without blanks around it."""
    name = unicodedata.normalize("NFC", name).strip()
    if not name or len(name) > MAX_NAME_LENGTH:
        raise InvalidRequest(
            f"the name has {len(name)} letters; it needs 1 to {MAX_NAME_LENGTH}", field="name"
        )
    if any(unicodedata.category(letter)[0] == "C" for letter in name):
        raise InvalidRequest(
            "the name has control characters in it; use letters, digits and blanks", field="name"
        )
    return name


def _checked_duration(samples: Samples, sample_rate_hz: int) -> float:
    if samples.ndim != 1 or sample_rate_hz <= 0:
        raise ValueError(f"samples of shape {samples.shape} at {sample_rate_hz} Hz")
    duration_s = len(samples) / sample_rate_hz
    if duration_s < MIN_DURATION_S:
        problem, limit = f"only {duration_s:.2f} s", f"at least {MIN_DURATION_S:g} s"
    elif duration_s > MAX_DURATION_S + _TOLERANCE_S:
        problem, limit = f"{duration_s:.1f} s", f"at most {MAX_DURATION_S:g} s"
    else:
        return duration_s
    raise BadAudio(
        f"the recording lasts {problem}, a reference lasts {limit}; send 5 to 15 s of clear speech",
        field="file",
    )


def _unknown(id: str) -> NotFound:
    return NotFound(f"no uploaded recording has the id {quoted(id)}")
