"""The whole model on a CPU: compiled graphs and the arithmetic between them."""

from __future__ import annotations

import numpy as np

from sonca.engines.viettts.arrays import Array, Ids
from sonca.engines.viettts.backends.base import Backend, Decoder, FlowSolver, VoicePrompt
from sonca.engines.viettts.backends.openvino.compiled import CompiledGraph
from sonca.engines.viettts.backends.openvino.decoder import OpenVINODecoder
from sonca.engines.viettts.backends.openvino.graphs import estimator
from sonca.engines.viettts.backends.openvino.graphs.stack import distances, relative_positions
from sonca.engines.viettts.config import ModelConfig
from sonca.engines.viettts.durations import interpolate, regulator_lengths


class OpenVINOBackend(Backend):
    """Graphs by name: text_encoder, llm_0 … llm_N, positions, attention, flow_encoder,
    regulator, estimator, pitch, trunk. `tables` as `convert` writes them."""

    device = "cpu"

    def __init__(
        self,
        config: ModelConfig,
        graphs: dict[str, CompiledGraph],
        tables: dict[str, Array],
        providers: tuple[str, ...],
    ) -> None:
        self.config, self.graphs, self.tables = config, graphs, tables
        self.providers = providers
        self.time = tables["flow.time"]

    def decoder(self) -> Decoder:
        return OpenVINODecoder(self.config.llm, self.graphs, self.tables)

    def solver(self, voice: VoicePrompt, tokens: Ids, noise: Array) -> FlowSolver:
        known = len(voice.mel)
        given = self.given(voice, self.mu(voice, tokens, len(noise) - known))
        return OpenVINOSolver(self.graphs["estimator"], self.time, given, noise, known)

    def given(self, voice: VoicePrompt, mu: Array) -> Array:
        """Lays out what the estimator is given: mu (T, 80), the voice, and its mel (M, 80) at the
        beginning, side by side: (1, T, 240)."""
        given = np.zeros((1, len(mu), 3 * self.config.flow.mel), np.float32)
        wanted, spk, cond = np.split(given, 3, axis=2)  # views
        wanted[0] = mu
        vector = voice.vector / max(float(np.linalg.norm(voice.vector)), 1e-12)
        spk[:] = self.tables["flow.speaker.weight"] @ vector + self.tables["flow.speaker.bias"]
        cond[0, : len(voice.mel)] = voice.mel
        return given

    def mu(self, voice: VoicePrompt, tokens: Ids, frames: int) -> Array:
        """Computes what the tokens ask for, at the mel's rate: (M + frames, 80)."""
        ids = np.maximum(np.concatenate([voice.tokens, tokens]), 0)
        flow = self.config.flow
        table = relative_positions(distances(len(ids)), flow.encoder.width)
        embedded = np.asarray(self.tables["flow.tokens"][ids], np.float32)[None]
        (encoded,) = self.graphs["flow_encoder"](x=embedded, table=table)
        rows = encoded[0]
        split = len(voice.tokens)
        parts = [interpolate(rows[:split], len(voice.mel))] if split else []
        for count, length in regulator_lengths(len(tokens), frames, flow.rate_hz):
            parts.append(interpolate(rows[split : split + count], length))
            split += count
        (mu,) = self.graphs["regulator"](x=np.concatenate(parts)[None])
        return np.array(mu[0])

    def pitch(self, mel: Array) -> Array:
        (f0,) = self.graphs["pitch"](mel=mel.T[None])
        return np.array(f0[0])

    def spectrum(self, mel: Array, source: Array) -> Array:
        (post,) = self.graphs["trunk"](mel=mel.T[None], source=source[None])
        return np.array(post[0])

    def mix(self) -> tuple[Array, float]:
        return self.tables["hift.mix.weight"], float(self.tables["hift.mix.bias"][0])

    def close(self) -> None:
        self.graphs.clear()
        self.tables.clear()


class OpenVINOSolver(FlowSolver):
    """Prompt and sentence as one sequence, whose first `known` frames are the prompt."""

    def __init__(
        self, graph: CompiledGraph, time: Array, given: Array, noise: Array, known: int
    ) -> None:
        self.graph, self.time, self.given, self.known = graph, time, given, known
        self.x = np.array(noise[None])
        self.steps = estimator.times()[1]
        self.at = 0

    def step(self) -> bool:
        (velocity,) = self.graph(x=self.x, given=self.given, time=self.time[self.at])
        self.x = self.x + self.steps[self.at] * velocity
        self.at += 1
        return self.at == len(self.steps)

    def mel(self) -> Array:
        return np.array(self.x[0, self.known :])
