"""The model in upstream's graphs, one utterance at a time: prompt in, frames of codes out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel, Graph, open_graph
from sonca.engines.runtime.graph import Expected
from sonca.engines.vieneu.config import ModelConfig, read_config
from sonca.engines.vieneu.heads import Array, Codes, Heads, read_heads
from sonca.engines.vieneu.model_folder import ModelFolder
from sonca.engines.vieneu.sampling import Memory, SamplingConfig, choose

Draws = Callable[[], npt.NDArray[np.float64]]
"""Gives the numbers in [0, 1) that decide one frame: (codebooks,)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """80 ms of speech."""

    codes: Codes
    """(codebooks,)."""
    last: bool
    """Whether the model wants to say nothing after it."""


class SerialModel:
    """Three graphs and the embeddings. `frames` may run on several threads at once."""

    def __init__(self, folder: ModelFolder, threads: int = 1) -> None:
        """Loads them. Raises `BadModel` if a file is missing, damaged or of another model."""
        self.config: ModelConfig = read_config(folder.graphs / "config.json")
        self.heads: Heads = read_heads(folder.graphs / "vieneu_v3_heads.npz", self.config)
        self._prefill = open_graph(folder.graphs / "vieneu_prefill.onnx", threads=threads)
        self._step = open_graph(folder.graphs / "vieneu_decode_step.onnx", threads=threads)
        self._acoustic = open_graph(folder.graphs / "vieneu_acoustic_cached.onnx", threads=threads)
        self._check()

    @property
    def providers(self) -> tuple[str, ...]:
        return self._step.providers

    def _check(self) -> None:
        c = self.config
        rows: Expected = ("float32", (None, None, c.hidden))
        places: Expected = ("int64", 2)
        local = (None, c.local_heads, None, c.local_size)
        self._prefill.expect({"inputs_embeds": rows})
        self._step.expect(
            {"inputs_embeds": rows, "position_ids": places, **_past(c.layers, (None,) * 4)}
        )
        self._acoustic.expect(
            {"token_emb": rows, "position_ids": places, **_past(c.local_layers, local)}
        )
        for graph, layers in (
            (self._prefill, c.layers),
            (self._step, c.layers),
            (self._acoustic, c.local_layers),
        ):
            _expect_outputs(graph, 1 + 2 * layers)

    def frames(
        self,
        prompt: Array,
        anchor: Array,
        draws: Draws,
        most: int,
        sampling: SamplingConfig | None = None,
    ) -> Iterator[Frame]:
        """Yields frames after a prompt (1, T, hidden) until the model ends, `most` at most."""
        sampling = sampling or SamplingConfig()
        memory = Memory(self.config.codebooks, sampling.window)
        hidden, *cache = self._prefill.run({"inputs_embeds": prompt})
        state = hidden[0, -1]
        for at in range(prompt.shape[1], prompt.shape[1] + most):
            frame = self._frame(state, memory, draws(), sampling)
            yield frame
            if frame.last or at + 1 == prompt.shape[1] + most:
                return
            feed = {
                "inputs_embeds": self.heads.frame(frame.codes, anchor),
                "position_ids": np.array([[at]], np.int64),
                **_feed(cache),
            }
            hidden, *cache = self._step.run(feed)
            state = hidden[0, 0]

    def _frame(
        self, state: Array, memory: Memory, draws: npt.NDArray[np.float64], how: SamplingConfig
    ) -> Frame:
        """Speaks one frame after the semantic decoder's `state` (hidden,)."""
        c, heads = self.config, self.heads
        codes = np.zeros(c.codebooks, np.int64)
        none = np.zeros((1, c.local_heads, 0, c.local_size), np.float32)
        cache: list[Array] = [none] * (2 * c.local_layers)
        token = np.stack([state, heads.text[c.frame]])[None]
        places = np.array([[0, 1]], np.int64)
        first = None
        for book in range(c.codebooks):
            feed = {"token_emb": token, "position_ids": places, **_feed(cache)}
            hidden, *cache = self._acoustic.run(feed)
            first = hidden[0, 0] if first is None else first
            logits = hidden[0, -1] @ heads.audio[book].T
            codes[book] = choose(logits, memory.recent(book), float(draws[book]), how)
            token = heads.audio[book][codes[book]].reshape(1, 1, -1)
            places = np.array([[book + 2]], np.int64)
        memory.add(codes)
        assert first is not None
        return Frame(codes, last=int((first @ heads.text.T).argmax()) == c.end)


def _feed(cache: list[Array]) -> dict[str, Array]:
    """Returns a cache, all keys before all values, as the inputs of the next step."""
    half = len(cache) // 2
    keys = {f"past_k_{n}": value for n, value in enumerate(cache[:half])}
    return keys | {f"past_v_{n}": value for n, value in enumerate(cache[half:])}


def _past(layers: int, shape: tuple[int | None, ...]) -> dict[str, Expected]:
    return {f"past_{kind}_{n}": ("float32", shape) for n in range(layers) for kind in "kv"}


def _expect_outputs(graph: Graph, count: int) -> None:
    """Checks the number of outputs: they have no certain names, their order tells them apart."""
    if len(graph.outputs) != count:
        raise BadModel(
            f"{graph.name} has {len(graph.outputs)} outputs ({', '.join(graph.outputs)}), "
            f"config.json says {count}: the files are not of one model; pull it again"
        )
