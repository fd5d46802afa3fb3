"""Voices of Kokoro: a style of 256 numbers for every length in phonemes, one to 510.

They are published as ``.npy``, raw ``.bin``, ``.npz`` (also under the name ``.bin``) with several
voices, and PyTorch's ``.pt``, which is a zip with the raw numbers inside. Nothing here unpickles:
a pickle may run code.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel

Pack = npt.NDArray[np.float32]
"""(N, 256): row n - 1 is for n phonemes; what is longer takes the last."""
STYLE = 256
MOST_ROWS, MOST_VOICES = 1024, 256
_ROW_BYTES = STYLE * 4
_MOST_BYTES = MOST_ROWS * _ROW_BYTES + 4096
ENDINGS = (".npy", ".pt", ".bin", ".npz")


def names_in(path: Path) -> list[str]:
    """Returns the voices in a file without reading their numbers. `BadModel` if it is none."""
    if not _is_archive(path) or path.suffix == ".pt":
        return [path.stem]
    with _archive(path) as archive:
        return [entry.filename.removesuffix(".npy") for entry in _members(archive, path)]


def read_pack(path: Path, name: str) -> Pack:
    """Returns the voice `name` of a file. `BadModel` says what is not as it must be."""
    try:
        if path.suffix == ".pt":
            return _checked(_from_torch(path), path)
        if _is_archive(path):
            with _archive(path) as archive:
                return _checked(_array(_member(archive, f"{name}.npy", path), path), path)
        content = _bounded(path)
        if content.startswith(b"\x93NUMPY"):
            return _checked(_array(content, path), path)
        return _checked(_raw(content, path), path)
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror or error}") from error


def _from_torch(path: Path) -> npt.NDArray[np.float32]:
    """Takes the numbers out of a saved tensor: one storage of float32, little endian."""
    with _archive(path) as archive:
        entries = {entry.filename: entry for entry in archive.infolist()}
        storages = [name for name in entries if name.split("/")[-2:-1] == ["data"]]
        described = next((name for name in entries if name.endswith("data.pkl")), None)
        if len(storages) != 1 or described is None:
            raise BadModel(f"{path} holds {len(storages)} tensors; a voice is one")
        if b"FloatStorage" not in _member(archive, described, path):
            raise BadModel(f"{path} is not of float32 numbers; a voice of Kokoro is")
        order = next((name for name in entries if name.endswith("/byteorder")), None)
        if order is not None and _member(archive, order, path) != b"little":
            raise BadModel(f"{path} was written on a big-endian machine; save it anew")
        return _raw(_member(archive, storages[0], path), path)


def _raw(content: bytes, path: Path) -> npt.NDArray[np.float32]:
    if not content or len(content) % _ROW_BYTES:
        raise BadModel(
            f"{path} has {len(content):,} bytes, which are no rows of {STYLE} float32 numbers: "
            "it is no voice of Kokoro, or was cut short"
        )
    return np.frombuffer(content, "<f4").reshape(-1, STYLE)


def _array(content: bytes, path: Path) -> npt.NDArray[np.float32]:
    try:
        array: npt.NDArray[np.float32] = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadModel(f"{path} cannot be read as an array: {error}") from error
    return array


def _checked(array: npt.NDArray[np.float32], path: Path) -> Pack:
    kind, shape = array.dtype, array.shape
    if kind != np.float32 or array.ndim not in (2, 3) or shape[-1] != STYLE or 0 in shape:
        raise BadModel(
            f"{path} holds {kind.name} {shape}; a voice of Kokoro is float32 (510, 1, {STYLE})"
        )
    pack = np.array(array.reshape(-1, STYLE))
    if len(pack) > MOST_ROWS:
        raise BadModel(f"{path} has {len(pack):,} styles; a voice has 510, {MOST_ROWS} at most")
    if not np.isfinite(pack).all():
        raise BadModel(f"{path} is damaged: it holds numbers that are not finite")
    return pack


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror}") from error


def _archive(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError) as error:
        raise BadModel(f"{path} is no whole archive ({error}); fetch it again") from error


def _members(archive: zipfile.ZipFile, path: Path) -> list[zipfile.ZipInfo]:
    found = [entry for entry in archive.infolist() if entry.filename.endswith(".npy")]
    if not found or len(found) > MOST_VOICES:
        raise BadModel(f"{path} holds {len(found)} voices; it must be 1 to {MOST_VOICES}")
    return found


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> bytes:
    """Returns a member's bytes, which are no more than those of a voice."""
    try:
        with archive.open(name) as file:
            content = file.read(_MOST_BYTES + 1)
    except KeyError as error:
        raise BadModel(f"{path} has no {name}") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError) as error:
        raise BadModel(f"{path} is damaged at {name} ({error}); fetch it again") from error
    if len(content) > _MOST_BYTES:
        raise BadModel(f"{name} in {path} is larger than a voice of {MOST_ROWS} styles can be")
    return content


def _bounded(path: Path) -> bytes:
    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise BadModel(f"{path} has {size:,} bytes, more than a voice of {MOST_ROWS} styles")
    return path.read_bytes()
