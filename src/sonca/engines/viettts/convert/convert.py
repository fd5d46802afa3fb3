"""From upstream's checkpoint files to a folder of our own, once.

Reads a folder with `config.yaml`, `llm.pt`, `flow.pt`, `hift.pt` and the two ONNX models of the
prompt; writes graphs for the CPU runtime, tables, and (for the PyTorch path) plain tensors. The
target appears whole or not at all: everything is written beside it and renamed at the end.
"""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from sonca import disk
from sonca.engines.viettts import model_folder
from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.config import ModelConfig, read_config
from sonca.engines.viettts.convert.checkpoint import fold, read_checkpoint
from sonca.engines.viettts.convert.checkpoint_schema import PARTS, check_schema, schema_of
from sonca.engines.viettts.model_folder import ModelFolder, Precision, open_folder
from sonca.engines.viettts.tokenizer import Tokenizer
from sonca.errors import EngineError

Say = Callable[[str], None]
ONNX = (model_folder.SPEECH, model_folder.SPEAKER)
SOURCES = (model_folder.CONFIG, *(f"{part}.pt" for part in PARTS), *ONNX)


def convert(
    source: Path,
    target: Path,
    vocabulary: Path,
    vad: Path | None = None,
    *,
    precision: Precision = "fast",
    cuda: bool = False,
    say: Say = lambda _: None,
) -> ModelFolder:
    """Converts the checkpoint folder `source` into the new folder `target`.

    `vocabulary` is the tokenizer's file and `vad` silero-vad's ONNX model; both are copied. An
    existing `target` is replaced. `cuda` also writes what a GPU needs. `say` is told what is being
    done.

    Raises `EngineError` if the source is not a VietTTS model (missing, cut or foreign files,
    shapes that config.yaml does not ask for, code in a pickle), `StorageFull` or `StorageError`
    if the target cannot be written. In every case nothing half-written is left.
    """
    config = _checked_config(source, vocabulary)
    states = _states(source, config)
    version = _version(states, precision)
    states["hift"] = fold(states["hift"])
    with disk.new_folder(target, room=_room_needed(source)) as draft:
        for name in (model_folder.CONFIG, *ONNX):
            shutil.copyfile(source / name, draft / name)
        shutil.copyfile(vocabulary, draft / model_folder.VOCABULARY)
        if vad is not None:
            shutil.copyfile(vad, draft / model_folder.VAD)
        if cuda:
            _write_tensors(draft, states, say)
        _write_graphs(draft, config, states, precision, say)
        manifest = {"format": model_folder.FORMAT, "precision": precision, "version": version}
        (draft / model_folder.MANIFEST).write_text(json.dumps(manifest) + "\n", encoding="utf-8")
    return open_folder(target)


def _checked_config(source: Path, vocabulary: Path) -> ModelConfig:
    """Reads the configuration and checks that all files are there and of one model."""
    for name in SOURCES:
        if not (source / name).is_file():
            raise EngineError(f"{source} lacks {name}; run `sonca models pull viet-tts` again")
    config = read_config(source / model_folder.CONFIG)
    tokenizer = Tokenizer.load(vocabulary)
    if tokenizer.size > config.llm.text_vocab:
        raise EngineError(
            f"the vocabulary has {tokenizer.size} ids, the model has rows for "
            f"{config.llm.text_vocab}; the tokenizer and the weights are not of one model"
        )
    return config


def _states(source: Path, config: ModelConfig) -> dict[str, dict[str, Array]]:
    """Maps the three checkpoints and checks their shapes."""
    states = {}
    for part, wanted in schema_of(config).items():
        state = read_checkpoint(source / f"{part}.pt")
        check_schema(part, {key: value.shape for key, value in state.items()}, wanted)
        states[part] = state
    return states


def _version(states: Mapping[str, Mapping[str, Array]], precision: str) -> str:
    """Returns a hash that changes with the weights, over a few values of every tensor, and with
    how they are converted."""
    digest = hashlib.sha256(precision.encode())
    for part, state in states.items():
        for key, value in state.items():
            some = np.ascontiguousarray(value.reshape(-1)[:: max(1, value.size // 64)])
            digest.update(f"{part}.{key}".encode() + some.tobytes())
    return digest.hexdigest()[:16]


def _write_graphs(
    draft: Path,
    config: ModelConfig,
    states: Mapping[str, Mapping[str, Array]],
    precision: Precision,
    say: Say,
) -> None:
    import openvino as ov
    from safetensors.numpy import save_file

    from sonca.engines.viettts.backends.openvino import assemble

    builds = assemble.builders(config, states, precision)
    (draft / model_folder.GRAPHS).mkdir()
    for number, (name, build) in enumerate(builds.items(), 1):
        say(f"graph {number} of {len(builds)}: {name}")
        path = draft / model_folder.GRAPHS / f"{name}.xml"
        graph = build()
        try:
            ov.save_model(graph, str(path), compress_to_fp16=False)
        except RuntimeError as error:
            # The runtime tells no more than that writing failed; the disk may tell.
            raise OSError(_reason(draft), f"writing the graph {name} failed") from error
        if not path.with_suffix(".bin").is_file():  # a graph without weights
            path.with_suffix(".bin").touch()
    say("tables")
    tables = assemble.tables(config, states)
    content = {name: np.ascontiguousarray(table, np.float32) for name, table in tables.items()}
    save_file(content, draft / model_folder.TABLES)


def _write_tensors(draft: Path, states: Mapping[str, Mapping[str, Array]], say: Say) -> None:
    from safetensors.numpy import save_file

    for part, state in states.items():
        say(f"tensors: {part}")
        tensors = {key: np.ascontiguousarray(value) for key, value in state.items()}
        save_file(tensors, draft / f"{part}.safetensors")


def _room_needed(source: Path) -> int:
    """Returns about what the target takes at most, in bytes: the source's size and a margin."""
    return sum((source / name).stat().st_size for name in SOURCES) + (16 << 20)


def _reason(folder: Path) -> int:
    return errno.ENOSPC if shutil.disk_usage(folder).free < (16 << 20) else errno.EIO
