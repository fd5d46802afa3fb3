"""A converted model folder: what is in it, and where it is.

In the models folder `viettts/<name>/converted` is a model as `sonca models convert` writes it,
`viettts/samples` holds the recordings of the built-in voices (`cdteam.wav` and so on), and
`viettts/.voices` keeps what was computed of recordings.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.config import ModelConfig, read_config
from sonca.errors import EngineError

HOME, PUBLISHED, CONVERTED = "viettts", "viet-tts", "converted"
SAMPLES, VOICES = "samples", ".voices"
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
Precision = Literal["fast", "exact"]
"""``fast``: int8 in the language model and the flow's encoder, int8 and bf16 in the estimator,
bf16 in the vocoder's trunk; ``exact``: float32 everywhere."""
_AGAIN = "run `sonca models convert` again"


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Paths and facts of a converted model."""

    path: Path
    config: ModelConfig
    precision: Precision
    version: str
    """A hash of the weights and of how they were converted: the sound depends on it."""

    def graph(self, name: str) -> Path:
        return self.path / GRAPHS / f"{name}.xml"

    def weights(self, part: str) -> Path:
        """Returns the file of the part's float32 tensors for the PyTorch path."""
        return self.path / f"{part}.safetensors"


def find_model(models_dir: Path | None) -> Path | None:
    """Returns the converted model in `models_dir`: the published one, else the first by name."""
    if models_dir is None:
        return None
    published = models_dir / HOME / PUBLISHED / CONVERTED
    others = sorted((models_dir / HOME).glob(f"[!.]*/{CONVERTED}"))
    return next((p for p in (published, *others) if (p / MANIFEST).is_file()), None)


def open_folder(path: Path) -> ModelFolder:
    """Checks that `path` is a converted model of this version.

    Raises `EngineError` saying what to run if it is not.
    """
    if not path.is_dir():
        raise EngineError(f"no VietTTS model in {path}; run `sonca models pull viet-tts`")
    if not (path / MANIFEST).is_file():
        if (path / "llm.pt").is_file():
            raise EngineError(f"{path} is not converted; run `sonca models convert {path}`")
        raise EngineError(
            f"{path} is not a converted VietTTS model; run `sonca models pull viet-tts`"
        )
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        found, version = manifest["format"], str(manifest["version"])
        precision: Precision = "exact" if manifest["precision"] == "exact" else "fast"
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EngineError(f"{path / MANIFEST} is damaged; {_AGAIN}") from error
    if found != FORMAT:
        raise EngineError(f"{path} was converted in format {found}, this is {FORMAT}; {_AGAIN}")
    for name in (CONFIG, TABLES, VOCABULARY):
        if not (path / name).is_file():
            raise EngineError(f"{path} lacks {name}; {_AGAIN}")
    config = read_config(path / CONFIG)
    return ModelFolder(path, config, precision, version)


def map_tensors(path: Path) -> dict[str, Array]:
    """Maps the float32 tensors of a safetensors file, without reading them."""
    tensors = {}
    try:
        raw = np.memmap(path, np.uint8, "r")
        size = int(raw[:8].view("<u8")[0])
        header: dict[str, Any] = json.loads(bytes(raw[8 : 8 + size]))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            start, end = (8 + size + offset for offset in entry["data_offsets"])
            if entry["dtype"] != "F32" or end > len(raw):
                raise ValueError(name)
            tensors[name] = raw[start:end].view("<f4").reshape(entry["shape"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise EngineError(f"{path.name} in {path.parent} is damaged; {_AGAIN}") from error
    return tensors
