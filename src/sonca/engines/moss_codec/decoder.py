"""Codes to sound, step by step.

Only the graph with a state is used, for whole utterances too. The other one compares every
position with every other, 400 a second of sound: half a minute takes gigabytes, and beyond a few
seconds it is slower. Both give the same sound.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.moss_codec.meta import CodecMeta, read_meta
from sonca.engines.runtime import Graph, open_graph

Codes = npt.NDArray[np.integer[Any]]

STEP_FRAMES = 25
"""Frames of one step where nobody waits for the first sound: more take memory and no less time."""


class MossDecoder:
    """The decoder of the codec in a folder. Streams of one decoder may take turns on one thread."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Opens the codec. Raises `BadModel` if a file is missing or is not this codec's."""
        self.meta = read_meta(folder)
        self.sample_rate_hz = self.meta.sample_rate_hz
        self.frame_samples = self.meta.frame_samples
        self.codebooks = self.meta.codebooks
        self._graph = open_graph(self.meta.file("decode_step"), threads=threads)
        _compare(self._graph, self.meta)

    def samples(self, codes: Codes) -> Samples:
        """Returns (N,) float32 mono of the codes (T, 16) of a whole utterance."""
        stream = self.stream()
        pieces = [
            stream.step(codes[at : at + STEP_FRAMES]) for at in range(0, len(codes), STEP_FRAMES)
        ]
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def stream(self) -> MossStream:
        """Returns a new utterance, whose codes come bit by bit."""
        return MossStream(self._graph, self.meta)


class MossStream:
    """One utterance on its way: what the decoder remembers of it."""

    def __init__(self, graph: Graph, meta: CodecMeta) -> None:
        self._graph = graph
        self._meta = meta
        self._state: dict[str, npt.NDArray[Any]] = {
            c.input: np.full(c.shape, c.first, c.dtype) for c in meta.carried
        }
        self._outputs = ("audio", "audio_lengths", *(c.output for c in meta.carried))

    def step(self, codes: Codes) -> Samples:
        """Returns (N,) float32 mono of the next frames, codes (T, 16). Joined, all steps are what
        `MossDecoder.samples` makes of all codes, to rounding."""
        if len(codes) == 0:
            return np.zeros(0, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self._meta.codebooks:
            raise ValueError(f"codes of {codes.shape}, not of (T, {self._meta.codebooks})")
        feed = {
            "audio_codes": np.ascontiguousarray(codes[None], np.int32),
            "audio_code_lengths": np.array([len(codes)], np.int32),
            **self._state,
        }
        audio, lengths, *state = self._graph.run(feed, self._outputs)
        self._state = {c.input: value for c, value in zip(self._meta.carried, state, strict=True)}
        count = int(lengths.reshape(-1)[0])
        return np.asarray(audio[0, :, :count].mean(axis=0), np.float32)


def _compare(graph: Graph, meta: CodecMeta) -> None:
    """Raises `BadModel` if the graph and the JSON are not of one codec."""
    graph.expect(
        inputs={
            "audio_codes": ("int32", (None, None, meta.codebooks)),
            "audio_code_lengths": ("int32", 1),
            **{c.input: (c.dtype.name, c.shape) for c in meta.carried},
        },
        outputs=("audio", "audio_lengths", *(c.output for c in meta.carried)),
    )
