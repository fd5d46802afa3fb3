"""Makes the batch's networks of a model's folder, or says why it cannot be."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path

from sonca.engines.moss_codec import MossDecoder
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.batch.codec import FastDecoder
from sonca.engines.vieneu.batch.compiled import best_precision
from sonca.engines.vieneu.batch.layers import Precision
from sonca.engines.vieneu.batch.networks import Networks, compile_networks
from sonca.engines.vieneu.batch.proof import prove
from sonca.engines.vieneu.batch.published import CHECKPOINT, read_checkpoint, read_graphs
from sonca.engines.vieneu.batch.session import BatchSession
from sonca.engines.vieneu.batch.shape import Shape, Weights
from sonca.engines.vieneu.batch.single import SingleModel
from sonca.engines.vieneu.heads import Heads
from sonca.engines.vieneu.model_folder import ModelFolder
from sonca.engines.vieneu.speaking import Speaking

STEP, ACOUSTIC, PREFILL = (
    f"vieneu_{part}.onnx" for part in ("decode_step", "acoustic_cached", "prefill")
)


log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What speaks several utterances at once. Used by one thread."""

    networks: Networks
    heads: Heads
    codec: FastDecoder | MossDecoder

    @property
    def providers(self) -> tuple[str, ...]:
        fast = isinstance(self.codec, FastDecoder)
        return (*self.networks.providers, *(() if fast else ("ONNX Runtime CPU (codec)",)))

    @property
    def kind(self) -> str:
        """Names what changes the sound beside the model's files."""
        return f"batch-{self.networks.precision}" + "c" * isinstance(self.codec, FastDecoder)

    def clone(self) -> Batch:
        """Returns the same for another thread; the weights are there once."""
        codec = self.codec
        if isinstance(codec, FastDecoder):
            codec = codec.clone()
        return replace(self, networks=self.networks.clone(), codec=codec)

    def session(self, speaking: Speaking, slots: int) -> BatchSession:
        return BatchSession(self.networks, speaking.on(self.codec), slots)

    def single(self) -> SingleModel:
        return SingleModel(self.networks, self.heads)


def load_batch(
    folder: ModelFolder,
    heads: Heads,
    codec: MossDecoder,
    threads: int = 1,
    precision: Precision | None = None,
) -> Batch:
    """Loads what speaks a model's folder, in the best precision if none is asked for. Raises
    `BadModel` if its weights are not what is known; the codec stays on ONNX Runtime if OpenVINO's
    is not good enough."""
    networks = load_networks(folder, heads, threads, precision)
    try:
        return Batch(networks, heads, FastDecoder.of(codec, networks.precision, threads))
    except BadModel as error:
        log.info("VieNeu's codec stays on ONNX Runtime: %s", error)
        return Batch(networks, heads, codec)


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
        try:
            return read_checkpoint(checkpoint, shape)
        except BadModel as error:
            log.warning("VieNeu's weights are taken from its graphs: %s", error)
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
