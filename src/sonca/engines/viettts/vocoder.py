"""Mel to samples, piece by piece, with the same samples as if it were one piece.

The vocoder sees a bounded stretch of mel around each sample, so pieces that overlap by that
much join without a seam: no cross-fade, no click. What runs on from piece to piece is the
phase of the source and its noise; both are kept here, in double precision.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.base import Backend

PITCH_CONTEXT = 6
"""Mel frames on either side that a frame's pitch depends on: 5, and one to spare."""
CONTEXT = PITCH_CONTEXT + 16
"""Mel frames on either side that a frame's samples depend on: 14 by the trunk and the source's
way into it, two to spare, and the pitch of the last of them."""
MAGNITUDE_CAP = 100.0


class Vocoder:
    """The vocoder of one utterance, fed as its mel comes in."""

    def __init__(self, backend: Backend, seed: int) -> None:
        self.backend, self.config = backend, backend.config.hift
        self.generator = np.random.default_rng([seed, 2])
        harmonics = self.config.harmonics + 1
        self.phase = self.generator.uniform(-np.pi, np.pi, (harmonics, 1))
        self.phase[0] = 0
        self.cycles = np.zeros((harmonics, 1))
        self.mel = np.zeros((0, self.config.mel), np.float32)
        """Frames not yet spoken, after those kept as context."""
        self.source = np.zeros(0, np.float32)
        """The source of the first frames of `mel`."""
        self.before = 0
        """How many frames of `mel` are spoken already."""

    def feed(self, mel: Array, last: bool) -> Array:
        """Takes more mel (T, 80) -> the samples that are certain now: all of them when `last`."""
        self.mel = np.concatenate([self.mel, mel])
        frames = len(self.mel)
        certain = frames if last else frames - CONTEXT
        if certain <= self.before:
            return np.zeros(0, np.float32)
        hop = self.config.samples_per_frame
        self._extend_source(frames if last else frames - PITCH_CONTEXT)
        known = len(self.source) // hop
        # Frames without a certain source are left out of the run: they are context no one hears.
        samples = self._run(self.mel[:known], self.source)[self.before * hop : certain * hop]
        keep = max(0, certain - CONTEXT)
        self.mel, self.source = self.mel[keep:], self.source[keep * hop :]
        self.before = certain - keep
        return samples

    def _extend_source(self, frames: int) -> None:
        """Makes the source certain up to so many frames of `mel`."""
        hop, config = self.config.samples_per_frame, self.config
        done = len(self.source) // hop
        f0 = np.repeat(self.backend.pitch(self.mel)[done:frames], hop).astype(np.float64)  # (n,)
        voiced = f0 > config.voiced_above_hz
        level = np.where(voiced, config.noise_sigma, config.sine_amplitude / 3)
        harmonics = config.harmonics + 1
        noise = self.generator.standard_normal((len(f0), harmonics), dtype=np.float32)
        weight, bias = self.backend.mix()
        total = np.full(len(f0), bias, np.float64)
        # One after the other: all at once they would be the largest arrays of the engine.
        for index in range(harmonics):
            cycles = self.cycles[index] + np.cumsum(f0 * (index + 1) / config.sample_rate_hz)
            self.cycles[index] = cycles[-1:] % 1
            sine = np.sin(2 * np.pi * (cycles % 1) + self.phase[index]) * config.sine_amplitude
            total += weight[index] * (sine * voiced + level * noise[:, index])
        new = np.tanh(total)
        self.source = np.concatenate([self.source, new.astype(np.float32)])

    def _run(self, mel: Array, source: Array) -> Array:
        config = self.config
        post = self.backend.spectrum(mel, stft(source, config.n_fft, config.hop))
        bins = config.n_fft // 2 + 1
        magnitude = np.minimum(np.exp(post[:bins]), MAGNITUDE_CAP)
        wave = istft(magnitude, np.sin(post[bins:]), config.n_fft, config.hop)
        return np.clip(wave, -config.limit, config.limit)


def stft(wave: Array, n_fft: int, hop: int) -> Array:
    """Transforms (S,) -> (n_fft + 2, S/hop + 1), real then imaginary: centred, periodic Hann."""
    padded = np.pad(wave, n_fft // 2, mode="reflect")
    frames = sliding_window_view(padded, n_fft)[::hop]
    spectrum = np.fft.rfft(frames * _window(n_fft)).T
    return np.concatenate([spectrum.real, spectrum.imag]).astype(np.float32)


def istft(magnitude: Array, phase: Array, n_fft: int, hop: int) -> Array:
    """Transforms back: (bins, F) each -> (hop·(F - 1),) samples."""
    spectrum = magnitude * np.exp(1j * phase)
    window = _window(n_fft)
    frames = np.fft.irfft(spectrum.T, n_fft) * window  # (F, n_fft)
    total = np.zeros((len(frames) + n_fft // hop - 1, hop))
    weight = np.zeros_like(total)
    for part in range(n_fft // hop):
        piece = slice(part * hop, (part + 1) * hop)
        total[part : part + len(frames)] += frames[:, piece]
        weight[part : part + len(frames)] += window[piece] ** 2
    half = n_fft // 2
    # The outermost samples, where the weight is nothing, lie in the padding.
    flat = total.reshape(-1)[half:-half] / np.maximum(weight.reshape(-1)[half:-half], 1e-11)
    return flat.astype(np.float32)


def _window(size: int) -> Array:
    return np.hanning(size + 1)[:-1].astype(np.float32)
