"""A converted model folder: what is in it, and loading it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from sonca.engines.viettts.backend import Array, Backend
from sonca.engines.viettts.config import Config, read_config
from sonca.errors import EngineError

FORMAT = 1
"""Of the converted folder; another number asks for a new conversion."""
MANIFEST, CONFIG, TABLES = "sonca.json", "config.yaml", "tables.safetensors"
VOCABULARY, SPEAKER, SPEECH = (
    "multilingual.tiktoken",
    "speech_embedding.onnx",
    "speech_tokenizer.onnx",
)
VAD = "silero_vad.onnx"
GRAPHS = "graphs"
_AGAIN = "run `sonca models convert` again"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Paths and facts of a converted model."""

    path: Path
    config: Config
    precision: str
    version: str
    """A hash of the weights and of how they were converted: the sound depends on it."""

    def graph(self, name: str) -> Path:
        return self.path / GRAPHS / f"{name}.xml"

    def weights(self, part: str) -> Path:
        """The part's float32 tensors for the PyTorch path."""
        return self.path / f"{part}.safetensors"


def open_folder(path: Path) -> ModelFolder:
    """Check that `path` is a converted model of this version.

    Raises `EngineError` saying what to run if it is not.
    """
    if not path.is_dir():
        raise EngineError(f"no VietTTS model in {path}; run `sonca models pull viet-tts`")
    if not (path / MANIFEST).is_file():
        if (path / "llm.pt").is_file():
            raise EngineError(f"{path} is not converted; run `sonca models convert {path}`")
        raise EngineError(f"{path} is no converted VietTTS model; run `sonca models pull viet-tts`")
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        found, precision, version = (manifest[key] for key in ("format", "precision", "version"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{path / MANIFEST} is damaged; {_AGAIN}") from error
    if found != FORMAT:
        raise EngineError(f"{path} was converted in format {found}, this is {FORMAT}; {_AGAIN}")
    for name in (CONFIG, TABLES, VOCABULARY):
        if not (path / name).is_file():
            raise EngineError(f"{path} lacks {name}; {_AGAIN}")
    config = read_config(path / CONFIG)
    return ModelFolder(path, config, str(precision), str(version))


def load_cpu(folder: ModelFolder, threads: int) -> Backend:
    """Compile the graphs and map the tables."""
    from sonca.engines.viettts.cpu import assemble
    from sonca.engines.viettts.cpu.backend import CpuBackend
    from sonca.engines.viettts.cpu.compiled import Runtime
    from sonca.engines.viettts.cpu.pages import give_back

    runtime = Runtime(threads)
    precision = cast("assemble.Precision", folder.precision)
    paths = {}
    for name in assemble.graph_names(folder.config):
        path = folder.graph(name)
        if not path.is_file() or not path.with_suffix(".bin").is_file():
            raise EngineError(f"{folder.path} lacks the graph {name}; {_AGAIN}")
        paths[name] = path
    graphs = assemble.compile_graphs(runtime, paths, precision)
    tables = map_tensors(folder.path / TABLES)
    for name, table in tables.items():
        if name != "llm.text":  # the only large one; of it a few rows are read
            tables[name] = np.array(table)
    give_back(folder.path / TABLES)
    provider = f"OpenVINO {runtime.version} CPU ({folder.precision})"
    return CpuBackend(folder.config, graphs, tables, (provider,))


def map_tensors(path: Path) -> dict[str, Array]:
    """The float32 tensors of a safetensors file, mapped and not read."""
    return dict(_mapped(path))


def _mapped(path: Path) -> Iterator[tuple[str, Array]]:
    try:
        raw = np.memmap(path, np.uint8, "r")
        size = int(raw[:8].view("<u8")[0])
        header: Mapping[str, Any] = json.loads(bytes(raw[8 : 8 + size]))
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            if entry["dtype"] != "F32" or end > len(raw):
                raise ValueError(name)
            yield name, raw[start:end].view("<f4").reshape(entry["shape"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise EngineError(f"{path.name} in {path.parent} is damaged; {_AGAIN}") from error
