"""Takes noise out of a recording before its voice is cloned, by the denoiser's graph.

A noisy recording gives a speaker's vector unlike any that the model was trained with, and it then
finds no end. The transform around the graph is the one that the graph was trained with.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from sonca.audio import Samples
from sonca.engines.runtime import BadModel, open_graph

RATE_HZ = 44_100
_SIZE, _HOP = 1680, 420
_BINS = _SIZE // 2 + 1
_AFTER = 441
"""Silence put after a recording while it is worked on."""
_LEAST = 1e-7
_PARTS = ("mag", "cos", "sin")
"""The inputs; the outputs are the same of clean speech, in this order."""

Spectrum = npt.NDArray[np.complex128]


class Denoiser:
    """The graph ``denoiser.onnx``."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Opens it. Raises `BadModel` if it is not this graph."""
        self._graph = open_graph(path, threads=threads)
        self._graph.expect(dict.fromkeys(_PARTS, ("float32", (None, _BINS, None))))
        if len(self._graph.outputs) != len(_PARTS):
            raise BadModel(f"{path} has not the outputs of the denoiser; pull the model again")

    def clean(self, samples: Samples) -> Samples:
        """Returns mono sound (N,) at `RATE_HZ` without its noise."""
        peak = max(float(np.abs(samples).max(initial=0)), _LEAST)
        wave = np.pad(samples / np.float32(peak), (0, _AFTER))
        wave = wave / (np.abs(wave).max() + _LEAST)
        spectrum = transform(wave)
        angle = np.angle(spectrum)
        feed = dict(zip(_PARTS, (np.abs(spectrum), np.cos(angle), np.sin(angle)), strict=True))
        made = self._graph.run({k: v[None].astype(np.float32) for k, v in feed.items()})
        size, cos, sin = (part[0] for part in made)
        clean = inverse(size * (cos + 1j * sin), len(wave))
        return np.asarray(clean[: len(samples)] * peak, np.float32)


def _window() -> npt.NDArray[np.float64]:
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_SIZE) / _SIZE)


def transform(wave: npt.NDArray[np.floating]) -> Spectrum:
    """Returns the spectrum of a wave (N,), mirrored at both ends, its last frame left out:
    (bins, ⌊N/hop⌋)."""
    padded = np.pad(wave, _SIZE // 2, mode="reflect")
    frames = sliding_window_view(padded, _SIZE)[::_HOP] * _window()
    return np.fft.rfft(frames, axis=1).T[:, :-1]


def inverse(spectrum: Spectrum, length: int) -> npt.NDArray[np.float64]:
    """Returns the wave (length,) of a spectrum that `transform` gave; its last frame is said
    twice for the one left out."""
    spectrum = np.concatenate([spectrum, spectrum[:, -1:]], axis=1)
    window = _window()
    frames = np.fft.irfft(spectrum, n=_SIZE, axis=0) * window[:, None]  # (size, T)
    total = _SIZE + _HOP * (frames.shape[1] - 1)
    wave, weight = np.zeros(total), np.zeros(total)
    for n, frame in enumerate(frames.T):
        wave[n * _HOP : n * _HOP + _SIZE] += frame
        weight[n * _HOP : n * _HOP + _SIZE] += window**2
    wave = (wave / np.maximum(weight, 1e-11))[_SIZE // 2 : total - _SIZE // 2]
    return np.pad(wave, (0, max(0, length - len(wave))))[:length]
