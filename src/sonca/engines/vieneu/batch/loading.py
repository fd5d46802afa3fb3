"""Makes the batch's networks of a model's folder, or says why it cannot be."""

from __future__ import annotations

import json
from pathlib import Path

from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.batch.compiled import best_precision
from sonca.engines.vieneu.batch.networks import Networks, compile_networks
from sonca.engines.vieneu.batch.nodes import Precision
from sonca.engines.vieneu.batch.proof import prove
from sonca.engines.vieneu.batch.published import CHECKPOINT, read_checkpoint, read_graphs
from sonca.engines.vieneu.batch.shape import Shape, Weights
from sonca.engines.vieneu.heads import Heads
from sonca.engines.vieneu.model_folder import ModelFolder

STEP, ACOUSTIC, PREFILL = (
    f"vieneu_{part}.onnx" for part in ("decode_step", "acoustic_cached", "prefill")
)


def load_networks(
    folder: ModelFolder, heads: Heads, threads: int = 1, precision: Precision | None = None
) -> Networks:
    """Takes the weights out of the folder, compiles the networks and proves them.

    `precision` is by itself bf16 where the processor has it, else float32. Raises `BadModel` if the
    weights are not what is known.
    """
    shape = _shape(folder.graphs / "config.json")
    weights = read_weights(folder, heads, shape)
    networks = compile_networks(shape, weights, precision or best_precision(), threads)
    prove(networks, heads, folder.graphs / PREFILL, folder.graphs / ACOUSTIC, threads)
    return networks


def read_weights(folder: ModelFolder, heads: Heads, shape: Shape) -> Weights:
    """Returns the weights from the checkpoint if it is there, else from the graphs."""
    checkpoint = folder.path / CHECKPOINT
    if checkpoint.is_file():
        return read_checkpoint(checkpoint, shape)
    weights = read_graphs(folder.graphs / STEP, folder.graphs / ACOUSTIC, shape)
    weights["text_embeddings.weight"] = heads.text
    for code, table in enumerate(heads.audio):
        weights[f"audio_embeddings.{code}.weight"] = table
    return weights


def _shape(config: Path) -> Shape:
    try:
        return Shape.of(json.loads(config.read_text("utf-8")))
    except (KeyError, TypeError, ValueError) as error:
        raise BadModel(f"{config} lacks a size that the batch needs: {error!r}") from error
