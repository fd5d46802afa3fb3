"""PyTorch's checkpoint files, written without PyTorch."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


def write_checkpoint(path: Path, tensors: Iterable[tuple[str, Array]]) -> None:
    """Write a state dict as PyTorch would, one tensor in memory at a time."""
    index = io.BytesIO()
    index.write(b"\x80\x02}(")  # protocol 2, a dictionary, its items
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for number, (key, value) in enumerate(tensors):
            data = np.ascontiguousarray(value, "<f4")
            archive.writestr(f"archive/data/{number}", data.tobytes())
            index.write(_pickled_text(key) + _pickled_tensor(str(number), data.shape))
        index.write(b"u.")
        archive.writestr("archive/data.pkl", index.getvalue())
        archive.writestr("archive/version", "3\n")


def _pickled_text(text: str) -> bytes:
    encoded = text.encode()
    return b"X" + struct.pack("<I", len(encoded)) + encoded


def _pickled_int(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _pickled_tuple(items: Iterable[bytes]) -> bytes:
    return b"(" + b"".join(items) + b"t"


def _pickled_tensor(key: str, shape: tuple[int, ...]) -> bytes:
    """The call that rebuilds a contiguous float tensor from the storage `key`."""
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    storage = _pickled_tuple(
        [
            _pickled_text("storage"),
            b"ctorch\nFloatStorage\n",
            _pickled_text(key),
            _pickled_text("cpu"),
            _pickled_int(math.prod(shape)),
        ]
    )
    arguments = [
        storage + b"Q",
        _pickled_int(0),
        _pickled_tuple(map(_pickled_int, shape)),
        _pickled_tuple(map(_pickled_int, strides)),
        b"\x89",  # requires no gradient
        b"ccollections\nOrderedDict\n)R",
    ]
    return b"ctorch._utils\n_rebuild_tensor_v2\n" + _pickled_tuple(arguments) + b"R"
