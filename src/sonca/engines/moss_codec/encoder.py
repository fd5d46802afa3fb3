"""Sound to codes: what a recording to be cloned becomes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.engines.moss_codec.meta import read_meta
from sonca.engines.runtime import open_graph


class MossEncoder:
    """The encoder of the codec in a folder."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Opens the codec. Raises `BadModel` if a file is missing or is not this codec's."""
        self._meta = read_meta(folder)
        self._graph = open_graph(self._meta.file("encode"), threads=threads)
        self._graph.expect(
            inputs={"waveform": ("float32", 3), "input_lengths": ("int32", 1)},
            outputs=("audio_codes",),
        )

    def codes(self, samples: Samples) -> npt.NDArray[np.int64]:
        """Returns (T, 16) codes of mono sound at the codec's rate, one for each frame begun.

        The sound is filled with silence to whole frames. The graph gives a frame more than it is
        asked for, which would be heard (issue 198 of VieNeu-TTS); it is left out.
        """
        count = -(-len(samples) // self._meta.frame_samples)
        if count == 0:
            return np.zeros((0, self._meta.codebooks), np.int64)
        wave = np.zeros((1, self._meta.channels, count * self._meta.frame_samples), np.float32)
        wave[:, :, : len(samples)] = samples
        feed = {"waveform": wave, "input_lengths": np.array([wave.shape[2]], np.int32)}
        (codes,) = self._graph.run(feed, ("audio_codes",))
        return np.asarray(codes[0, :count], np.int64)
