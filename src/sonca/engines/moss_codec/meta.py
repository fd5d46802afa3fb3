"""What a codec's JSON says: file names, sizes, and which tensors a step hands to the next.

Knows no graph; the decoder compares its own with this.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.runtime import BadModel

META = "codec_browser_onnx_meta.json"
_MOST_VALUES = 1 << 26
"""Of one carried tensor; the published codec has 400,000."""
_CACHE_PARTS = (
    ("offset", "offset_shape", "int32", 0),
    ("cached_keys", "cache_shape", "float32", 0),
    ("cached_values", "cache_shape", "float32", 0),
    ("cached_positions", "positions_shape", "int32", -1),
)


@dataclass(frozen=True, slots=True)
class Carried:
    """A tensor that a step of the decoder gives and the next one takes."""

    input: str
    output: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    first: int
    """What fills it before the first step: -1 for positions, since 0 is one."""


@dataclass(frozen=True, slots=True)
class CodecMeta:
    """A codec's description."""

    path: Path
    sample_rate_hz: int
    frame_samples: int
    """Samples of sound of one frame of codes."""
    channels: int
    codebooks: int
    files: Mapping[str, str]
    """Names by ``decode_step``, ``decode_full``, ``encode``; those that it has."""
    carried: tuple[Carried, ...]

    def file(self, key: str) -> Path:
        """Returns where a graph lies. Raises `BadModel` if the JSON names none."""
        if key not in self.files:
            raise BadModel(f"{self.path} names no file {key!r}; it is not a codec's JSON")
        return self.path.parent / self.files[key]


def read_meta(folder: Path) -> CodecMeta:
    """Reads the description of the codec in a folder. Raises `BadModel` if it cannot be used."""
    path = folder / META
    try:
        known = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadModel(f"{path} is missing: the codec's folder is not complete") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BadModel(f"{path} cannot be read as JSON: {error}") from error
    try:
        config = known["codec_config"]
        return CodecMeta(
            path=path,
            sample_rate_hz=_count(config["sample_rate"]),
            frame_samples=_count(config["downsample_rate"]),
            channels=_count(config["channels"]),
            codebooks=_count(config["num_quantizers"]),
            files={str(key): _plain(name) for key, name in known["files"].items()},
            carried=tuple(_carried(known.get("streaming_decode", {}))),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadModel(f"{path} describes no codec that can be used: {_short(error)}") from error


def _carried(streaming: Mapping[str, Any]) -> Iterator[Carried]:
    for spec in streaming.get("transformer_offsets", ()):
        yield _tensor(spec, "", "shape", "int32", 0)
    for spec in streaming.get("attention_caches", ()):
        for part, shape, kind, first in _CACHE_PARTS:
            yield _tensor(spec, f"{part}_", shape, kind, first)


def _tensor(spec: Mapping[str, Any], part: str, shape: str, kind: str, first: int) -> Carried:
    sizes = tuple(_count(size) for size in spec[shape])
    if math.prod(sizes) > _MOST_VALUES:
        raise ValueError(f"{shape} {list(sizes)} is too large")
    names = str(spec[f"{part}input_name"]), str(spec[f"{part}output_name"])
    return Carried(*names, sizes, np.dtype(kind), first)


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 31:
        raise ValueError(f"{value!r} is no size")
    return value


def _plain(name: Any) -> str:
    """Returns a name that stays in the codec's own folder."""
    if not isinstance(name, str) or not name or name != Path(name).name or "\\" in name:
        raise ValueError(f"{name!r} is no file name")
    return name


def _short(error: Exception) -> str:
    said = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return said[:160]
