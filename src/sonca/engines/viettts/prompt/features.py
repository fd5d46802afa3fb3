"""What the model is given of a recording: resampling and four spectra, in NumPy.

Each function follows one library's conventions exactly, because the weights were trained on
that library's numbers. Nothing here knows files, voices or models.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from sonca.engines.viettts.arrays import Array

Double = npt.NDArray[np.float64]

RESAMPLE_ZEROS = 6
RESAMPLE_ROLLOFF = 0.99


def resample(wave: Array, rate_in: int, rate_out: int) -> Array:
    """Resamples by windowed sinc with torchaudio's default filter: (N,) -> (⌈N·out/in⌉,)."""
    if rate_in == rate_out:
        return wave
    common = math.gcd(rate_in, rate_out)
    down, up = rate_in // common, rate_out // common
    kernel, width = _sinc(down, up)  # (up, 2·width + down)
    padded = np.pad(wave, (width, width + down))
    frames = sliding_window_view(padded, kernel.shape[1])[::down]  # (n, taps)
    out = frames @ kernel.T  # (n, up)
    return np.ascontiguousarray(out.reshape(-1)[: -(-up * len(wave) // down)])


@functools.lru_cache(maxsize=8)
def _sinc(down: int, up: int) -> tuple[Array, int]:
    cutoff = min(down, up) * RESAMPLE_ROLLOFF
    width = math.ceil(RESAMPLE_ZEROS * down / cutoff)
    taps = np.arange(-width, width + down) / down
    t = (taps[None, :] - np.arange(up)[:, None] / up) * cutoff
    t = np.clip(t, -RESAMPLE_ZEROS, RESAMPLE_ZEROS)
    window = np.cos(t * np.pi / RESAMPLE_ZEROS / 2) ** 2
    return (np.sinc(t) * window * (cutoff / down)).astype(np.float32), width


def prompt_mel(wave: Array) -> Array:
    """Computes the flow's mel of 22.05 kHz sound: (N,) -> (frames, 80), natural logarithm.

    Padded so that frames sit on their middles, but not centred: ⌊(N - 256)/256⌋ + 1 frames.
    Needs at least 385 samples.
    """
    padded = np.pad(wave, 384, mode="reflect")
    spectrum = _stft(padded, 1024, 256)  # (frames, 513)
    magnitude = np.sqrt(spectrum.real**2 + spectrum.imag**2 + 1e-9)
    mel = magnitude @ slaney_bank(22050, 1024, 80, 8000.0).T
    return np.log(np.maximum(mel, 1e-5)).astype(np.float32)


def whisper_mel(wave: Array, bands: int = 128) -> Array:
    """Computes the speech tokenizer's log-mel of 16 kHz sound: (N,) -> (bands, ⌊N/160⌋)."""
    spectrum = _stft(np.pad(wave, 200, mode="reflect"), 400, 160)[:-1]  # (frames, 201)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power @ slaney_bank(16000, 400, bands, 8000.0).T  # (frames, bands)
    log = np.log10(np.maximum(mel, 1e-10))
    log = np.maximum(log, log.max() - 8.0)
    return np.ascontiguousarray(((log + 4.0) / 4.0).T.astype(np.float32))


def kaldi_fbank(wave: Array, bands: int = 80) -> Array:
    """Computes the speaker model's filter bank of 16 kHz sound: (N,) -> (frames, bands).

    25 ms frames every 10 ms, whole frames only, no dither; the wave stays within ±1.
    """
    size, hop, fft = 400, 160, 512
    if len(wave) < size:
        return np.zeros((0, bands), np.float32)
    frames = sliding_window_view(wave.astype(np.float64), size)[::hop]  # (frames, 400)
    frames = frames - frames.mean(axis=1, keepdims=True)
    before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
    window = np.hanning(size) ** 0.85  # Povey
    spectrum = np.fft.rfft((frames - 0.97 * before) * window, fft)  # (frames, 257)
    power = spectrum.real**2 + spectrum.imag**2
    mel = power @ _kaldi_bank(16000, fft, bands, 20.0, 8000.0).T
    return np.log(np.maximum(mel, np.finfo(np.float32).eps)).astype(np.float32)


def mean_normalised(fbank: Array) -> Array:
    """Takes each band's mean over time off a filter bank."""
    return np.asarray(fbank - fbank.mean(axis=0, keepdims=True), np.float32)


def _stft(padded: Array, size: int, hop: int) -> npt.NDArray[np.complex128]:
    """Transforms frames under a periodic Hann window: (N,) -> (frames, size/2 + 1)."""
    window = np.hanning(size + 1)[:-1]
    frames = sliding_window_view(padded.astype(np.float64), size)[::hop]
    return np.fft.rfft(frames * window)


@functools.lru_cache(maxsize=8)
def slaney_bank(rate_hz: int, n_fft: int, bands: int, top_hz: float) -> Double:
    """Returns triangles, equally spaced on Slaney's scale, of area one: (bands, n_fft/2 + 1)."""
    edges = _slaney_to_hz(np.linspace(0.0, _hz_to_slaney(top_hz), bands + 2))
    bins = np.linspace(0.0, rate_hz / 2, n_fft // 2 + 1)
    rising = (bins[None] - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins[None]) / np.diff(edges)[1:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (edges[2:] - edges[:-2]))[:, None])


_LINEAR_HZ = 200.0 / 3
_LOG_FROM_HZ = 1000.0
_LOG_STEP = math.log(6.4) / 27


def _hz_to_slaney(hz: float) -> float:
    if hz < _LOG_FROM_HZ:
        return hz / _LINEAR_HZ
    return _LOG_FROM_HZ / _LINEAR_HZ + math.log(hz / _LOG_FROM_HZ) / _LOG_STEP


def _slaney_to_hz(mel: Double) -> Double:
    knee = _LOG_FROM_HZ / _LINEAR_HZ
    logarithmic = _LOG_FROM_HZ * np.exp(_LOG_STEP * (mel - knee))
    return np.where(mel < knee, mel * _LINEAR_HZ, logarithmic)


@functools.lru_cache(maxsize=8)
def _kaldi_bank(rate_hz: int, n_fft: int, bands: int, low_hz: float, top_hz: float) -> Double:
    """Returns triangles equally spaced and straight on the HTK scale: (bands, n_fft/2 + 1)."""

    def mel(hz: Double) -> Double:
        return 1127.0 * np.log(1.0 + hz / 700.0)

    low, top = mel(np.array(low_hz)), mel(np.array(top_hz))
    step = (top - low) / (bands + 1)
    left = low + np.arange(bands)[:, None] * step
    at = mel(np.arange(n_fft // 2, dtype=np.float64) * (rate_hz / n_fft))[None]
    triangles = np.minimum((at - left) / step, (left + 2 * step - at) / step)
    return np.pad(np.maximum(0.0, triangles), ((0, 0), (0, 1)))
