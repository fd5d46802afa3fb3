"""PyTorch's checkpoint files, read without PyTorch and without running anything.

A `.pt` file is a zip of a pickle and of raw tensors. The pickle may name tensors, storages and
ordered dictionaries and nothing else, as under `torch.load(weights_only=True)`; whatever else it
names is refused before it is built. Tensors are mapped from the file, not read.
"""

from __future__ import annotations

import collections
import io
import mmap
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.engines.viettts.arrays import Array
from sonca.errors import EngineError

MAX_PICKLE_BYTES = 64 << 20
_DTYPES: dict[str, np.dtype[Any]] = {
    "FloatStorage": np.dtype("<f4"),
    "HalfStorage": np.dtype("<f2"),
    "BFloat16Storage": np.dtype("<u2"),
    "DoubleStorage": np.dtype("<f8"),
    "LongStorage": np.dtype("<i8"),
}
_AGAIN = "run `sonca models pull viet-tts` again"


@dataclass(frozen=True, slots=True)
class _Storage:
    """The class of a storage, or with a key one storage."""

    kind: str
    key: str = ""


def read_checkpoint(path: Path) -> dict[str, Array]:
    """Returns tensors by key, float32, those that are stored so mapped from the file.

    Raises `EngineError` for a file that is missing, cut short, not a checkpoint, or that carries
    anything but tensors.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            state = _unpickle(path.name, archive, data)
    except OSError as error:
        raise EngineError(f"cannot read {path}: {error.strerror}; {_AGAIN}") from error
    except zipfile.BadZipFile as error:
        raise EngineError(f"{path.name} is cut short or no PyTorch checkpoint; {_AGAIN}") from error
    if not isinstance(state, dict) or not state:
        raise EngineError(f"{path.name} is not a state dict (a mapping of names to tensors)")
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, np.ndarray):
            raise EngineError(f"{path.name} holds {key!r}, which is not a tensor; it is not used")
    return dict(state)


def _unpickle(name: str, archive: zipfile.ZipFile, data: mmap.mmap) -> Any:
    members = {info.filename: info for info in archive.infolist()}
    pickles = [key for key in members if key.endswith("/data.pkl") and key.count("/") == 1]
    if len(pickles) != 1 or members[pickles[0]].file_size > MAX_PICKLE_BYTES:
        raise EngineError(f"{name} is not a PyTorch checkpoint (no data.pkl in it); {_AGAIN}")
    stem = pickles[0].removesuffix("data.pkl")

    def storage(kind: str, key: str) -> npt.NDArray[Any]:
        info = members.get(f"{stem}data/{key}")
        if info is None or info.compress_type != zipfile.ZIP_STORED:
            raise EngineError(f"{name} lacks the tensor data {key!r}; {_AGAIN}")
        start = _data_offset(data, info)
        if start + info.file_size > len(data):
            raise EngineError(f"{name} is cut short; {_AGAIN}")
        dtype: np.dtype[Any] = _DTYPES[kind]
        return np.frombuffer(data, dtype, info.file_size // dtype.itemsize, start)

    try:
        return _Unpickler(name, archive.read(pickles[0]), storage).load()
    except EngineError:
        raise
    except Exception as error:  # a damaged pickle can raise nearly anything
        raise EngineError(f"{name} is damaged: its index cannot be read; {_AGAIN}") from error


def _data_offset(data: mmap.mmap, info: zipfile.ZipInfo) -> int:
    """Returns where a member's bytes begin: after its local header, whose extra field varies."""
    name_size, extra_size = struct.unpack_from("<HH", data, info.header_offset + 26)
    return int(info.header_offset + 30 + name_size + extra_size)


class _Unpickler(pickle.Unpickler):
    def __init__(
        self, name: str, content: bytes, storage: Callable[[str, str], npt.NDArray[Any]]
    ) -> None:
        super().__init__(io.BytesIO(content))
        self.name, self.storage = name, storage

    def find_class(self, module: str, name: str) -> Any:
        if module == "torch" and name in _DTYPES:
            return _Storage(name)
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        raise EngineError(
            f"{self.name} carries code ({module}.{name}) besides tensors and was not loaded: "
            "it may do harm; use a checkpoint from a source you trust"
        )

    def persistent_load(self, pid: Any) -> _Storage:
        tag, kind, key, *_ = pid
        if tag != "storage" or not isinstance(kind, _Storage):
            raise EngineError(f"{self.name} refers to {tag!r}, which is not a tensor storage")
        return _Storage(kind.kind, str(key))

    def _tensor(
        self,
        storage: _Storage,
        offset: int,
        size: tuple[int, ...],
        stride: tuple[int, ...],
        *_: Any,
    ) -> Array:
        flat = self.storage(storage.kind, storage.key)
        last = offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
        if min((offset, last, *size, *stride), default=0) < 0 or last >= len(flat) + (0 in size):
            raise EngineError(f"{self.name} is damaged: a tensor reaches beyond its data; {_AGAIN}")
        item = flat.itemsize
        view = np.lib.stride_tricks.as_strided(
            flat[offset:], size, tuple(s * item for s in stride), writeable=False
        )
        if storage.kind == "BFloat16Storage":
            return (view.astype(np.uint32) << 16).view(np.float32)
        return view if view.dtype == np.float32 else view.astype(np.float32)


def fold(state: Mapping[str, Array]) -> dict[str, Array]:
    """Folds weight normalisation: `weight_g` and `weight_v` become `weight` = g·v/‖v‖."""
    folded: dict[str, Array] = {}
    for key, value in state.items():
        if key.endswith(".weight_g"):
            continue
        if key.endswith(".weight_v"):
            name = key.removesuffix("_v")
            axes = tuple(range(1, value.ndim))
            norm = np.sqrt(np.sum(np.square(value, dtype=np.float64), axis=axes, keepdims=True))
            folded[name] = (value * (state[name + "_g"] / norm)).astype(np.float32)
        else:
            folded[key] = value
    return folded
