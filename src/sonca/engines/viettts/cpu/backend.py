"""The whole model on a CPU: compiled graphs and the arithmetic between them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sonca.engines.viettts.backend import Array, Backend, Decoder, Ids, Solver, Voice
from sonca.engines.viettts.config import Config
from sonca.engines.viettts.cpu.compiled import Compiled
from sonca.engines.viettts.cpu.llm import CpuDecoder, Tables
from sonca.engines.viettts.cpu.solvers import ApartSolver, CpuSolver, Line
from sonca.engines.viettts.graphs.stack import distances, relative_positions
from sonca.engines.viettts.lengths import interpolate, regulator_lengths


class CpuBackend(Backend):
    """`graphs` by name: text_encoder, llm_0 … llm_N, positions, attention, flow_encoder,
    regulator, estimator (or prompt and sentence, which are the estimator with the prompt apart),
    pitch, trunk. `tables` as `convert` writes them."""

    device = "cpu"

    def __init__(
        self,
        config: Config,
        graphs: dict[str, Compiled],
        tables: dict[str, Array],
        providers: tuple[str, ...],
    ) -> None:
        self.config, self.graphs, self.tables = config, graphs, tables
        self.providers = providers
        self.time = tables["flow.time"]

    def decoder(self) -> Decoder:
        t, llm = self.tables, self.config.llm
        tables = Tables(
            text=t["llm.text"], speech=t["llm.speech"], marks=t["llm.marks"],
            speaker_weight=t["llm.speaker.weight"], speaker_bias=t["llm.speaker.bias"],
            position_bias=t["llm.position_bias"],
        )  # fmt: skip
        layers = [self.graphs[f"llm_{index}"] for index in range(llm.lm.blocks + 1)]
        g = self.graphs
        return CpuDecoder(llm, tables, g["text_encoder"], layers, g["attention"], g["positions"])

    @property
    def prompt_apart(self) -> bool:
        return "estimator" not in self.graphs

    def solver(self, voice: Voice, tokens: Ids, noise: Array) -> Solver:
        known = len(voice.mel)
        if self.prompt_apart:
            return self.together(voice, noise[:known], [(tokens, noise[known:])])
        mu = self.mu(voice, tokens, len(noise) - known)
        given = self.given(voice, mu, voice.mel)
        return CpuSolver(self.graphs["estimator"], self.time, given, noise, known)

    def together(
        self, voice: Voice, prompt_noise: Array, sentences: Sequence[tuple[Ids, Array]]
    ) -> Solver:
        if not self.prompt_apart:
            return super().together(voice, prompt_noise, sentences)
        known = len(voice.mel)
        odd = known % 2  # half of the model works at half the rate
        nobody = np.zeros(0, np.int64)
        mu = self.mu(voice, nobody, 0) if known else prompt_noise
        prompt = Line(
            np.array(prompt_noise[None, odd:]), self.given(voice, mu[odd:], voice.mel[odd:])
        )
        lines = []
        for tokens, noise in sentences:
            mu = self.mu(voice, tokens, len(noise))[known:]
            lines.append(Line(np.array(noise[None]), self.given(voice, mu, voice.mel[:0])))
        graphs = self.graphs["prompt"], self.graphs["sentence"]
        return ApartSolver(graphs, self.time, prompt, lines)

    def given(self, voice: Voice, mu: Array, mel: Array) -> Array:
        """What the estimator is told: mu (T, 80), the voice, and a known mel (M, 80) at the
        beginning, side by side: (1, T, 240)."""
        given = np.zeros((1, len(mu), 3 * self.config.flow.mel), np.float32)
        wanted, spk, cond = np.split(given, 3, axis=2)  # views
        wanted[0] = mu
        vector = voice.vector / max(float(np.linalg.norm(voice.vector)), 1e-12)
        spk[:] = self.tables["flow.speaker.weight"] @ vector + self.tables["flow.speaker.bias"]
        cond[0, : len(mel)] = mel
        return given

    def mu(self, voice: Voice, tokens: Ids, frames: int) -> Array:
        """What the tokens ask for, at the mel's rate: (M + frames, 80)."""
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
