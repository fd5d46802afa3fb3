"""Where the files of a VieNeu model are, and which of two precisions is used.

A model is a folder in ``vieneu`` in the models folder, laid out as the hub's repository, with what
comes from elsewhere beside it::

    <name>/onnx_update/     the float32 graphs, config.json, tokenizer.json
    <name>/onnx_int8/       the same in int8
    <name>/codec/           MOSS-Audio-Tokenizer-Nano-ONNX
    <name>/voices_v3_turbo.json
    <name>/speaker_encoder.onnx, denoiser.onnx    for cloning
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sonca.engines.runtime import BadModel
from sonca.engines.runtime.processor import has_vnni

HOME, PUBLISHED = "vieneu", "vieneu-v3-turbo"
FLOAT, INT8 = "onnx_update", "onnx_int8"
CODEC = "codec"
PRESETS, SPEAKER, DENOISER = "voices_v3_turbo.json", "speaker_encoder.onnx", "denoiser.onnx"
GRAPH_FILES = (
    "vieneu_prefill.onnx",
    "vieneu_decode_step.onnx",
    "vieneu_acoustic_cached.onnx",
    "vieneu_backbone_shared.data",
    "vieneu_v3_heads.npz",
    "config.json",
    "tokenizer.json",
)
CODEC_FILES = (
    "codec_browser_onnx_meta.json",
    "moss_audio_tokenizer_decode_step.onnx",
    "moss_audio_tokenizer_decode_shared.data",
    "moss_audio_tokenizer_encode.onnx",
    "moss_audio_tokenizer_encode.data",
)
_SAMPLE, _SAMPLES = 4096, 64


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model whose files are there."""

    path: Path
    graphs: Path
    """The folder of the graphs that are used."""

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def codec(self) -> Path:
        return self.path / CODEC

    @property
    def precision(self) -> str:
        """``fp32`` or ``int8``."""
        return "int8" if self.graphs.name == INT8 else "fp32"

    def version(self) -> str:
        """Returns what changes with the model's files."""
        files = [self.graphs / name for name in GRAPH_FILES]
        return sampled_hash([*files, *(self.codec / name for name in CODEC_FILES)])


def sampled_hash(files: Iterable[Path]) -> str:
    """Returns a hash over files' names, sizes and samples of their content, 16 hex digits: to read
    half a gigabyte would take a second at each start."""
    digest = hashlib.sha256()
    for path in files:
        if path.is_file():
            digest.update(f"{path.name} {path.stat().st_size}\n".encode())
            digest.update(_sampled(path))
    return digest.hexdigest()[:16]


def find_models(models_dir: Path | None) -> list[Path]:
    """Returns the folders that hold a model's graphs: the published one, then by name."""
    home = models_dir / HOME if models_dir else None
    if home is None or not home.is_dir():
        return []
    found = [
        path
        for path in sorted(home.iterdir())
        if not path.name.startswith(".") and any((path / kind).is_dir() for kind in (FLOAT, INT8))
    ]
    return sorted(found, key=lambda path: path.name != PUBLISHED)


def open_folder(path: Path) -> ModelFolder:
    """Checks that a model's files are there, and chooses the precision.

    Float32 is taken where it is: int8 misreads words on processors without VNNI, and is refused
    there (issue 179 of VieNeu-TTS). Raises `BadModel`, which names the first file that is missing.
    """
    kinds = [kind for kind in (FLOAT, INT8) if (path / kind).is_dir()]
    if not kinds:
        raise BadModel(
            f"{path} is no VieNeu model: it has neither {FLOAT} nor {INT8}; "
            "sonca models pull vieneu-v3-turbo"
        )
    if kinds[0] == INT8 and not has_vnni():
        raise BadModel(
            f"{path} has int8 graphs only, which misread words on a processor without VNNI as "
            "this one; sonca models pull vieneu-v3-turbo takes the float32 ones"
        )
    folder = ModelFolder(path, path / kinds[0])
    lacking = next((file for file in wanted_files(kinds[0]) if not (path / file).is_file()), None)
    if lacking is not None:
        raise BadModel(f"{path} lacks {lacking}{_source(lacking)}")
    return folder


def wanted_files(kind: str) -> Iterator[str]:
    """Yields what a model needs to speak and to clone, relative to its folder, the main one
    first."""
    yield from (f"{kind}/{name}" for name in GRAPH_FILES)
    yield from (f"{CODEC}/{name}" for name in CODEC_FILES)
    yield from (PRESETS, SPEAKER)


def _source(file: str) -> str:
    """Says where a file that is missing comes from."""
    if file.startswith(CODEC):
        return "; the codec is OpenMOSS-Team/MOSS-Audio-Tokenizer-Nano-ONNX on the hub"
    if file == PRESETS:
        return "; it is in the package vieneu 3.8.3, in vieneu/assets"
    return "; sonca models pull vieneu-v3-turbo"


def _sampled(path: Path) -> bytes:
    """Returns pieces of a file, evenly spaced, its end among them."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= _SAMPLE * _SAMPLES:
            return file.read()
        pieces = []
        for n in range(_SAMPLES):
            file.seek((size - _SAMPLE) * n // (_SAMPLES - 1))
            pieces.append(file.read(_SAMPLE))
    return b"".join(pieces)


def read_json(path: Path) -> dict[str, object]:
    """Reads a JSON object. Raises `BadModel` if the file holds none."""
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise BadModel(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(known, dict):
        raise BadModel(f"{path} holds no JSON object")
    return known
