"""HiFT's arithmetic in PyTorch, as upstream has it: the source's running phase and both Fourier
transforms. `sonca.engines.viettts.vocoder` does the same in NumPy, piece by piece."""

from __future__ import annotations

import torch
from torch import Tensor

from sonca.engines.viettts.backends.torch.model.hift import HiFTNetworks
from sonca.engines.viettts.config import HiFTConfig
from sonca.engines.viettts.vocoder import MAGNITUDE_CAP


def make_source(model: HiFTNetworks, f0: Tensor, phase: Tensor, noise: Tensor) -> Tensor:
    """f0 (1, T), start phases (1, 9, 1), noise (1, 9, 256·T) -> (1, 1, 256·T).

    The running phase is summed in double precision: upstream's sum in single precision
    grows noisy with length.
    """
    config = model.config
    f0 = f0.repeat_interleave(config.samples_per_frame, dim=1)[:, None]  # (1, 1, 256·T)
    harmonics = torch.arange(1, config.harmonics + 2)[None, :, None]
    cycles = (f0.double() * harmonics / config.sample_rate_hz).cumsum(2)  # (1, 9, 256·T)
    voiced = (f0 > config.voiced_above_hz).float()
    sines = torch.sin(2 * torch.pi * (cycles % 1).float() + phase) * config.sine_amplitude
    level = voiced * config.noise_sigma + (1 - voiced) * config.sine_amplitude / 3
    mixed = model.m_source.l_linear((sines * voiced + level * noise).transpose(1, 2))
    return torch.tanh(mixed).transpose(1, 2)


def source_stft(config: HiFTConfig, source: Tensor) -> Tensor:
    """(1, 1, S) -> (1, 18, S/4 + 1): real parts, then imaginary."""
    window = torch.hann_window(config.n_fft)
    spectrum = torch.stft(
        source[:, 0], config.n_fft, config.hop, window=window, return_complex=True
    )
    return torch.cat([spectrum.real, spectrum.imag], dim=1)


def istft(config: HiFTConfig, magnitude: Tensor, phase: Tensor) -> Tensor:
    """(1, 9, F) each -> (1, 4·(F - 1)) samples."""
    magnitude = magnitude.clamp(max=MAGNITUDE_CAP)
    spectrum = torch.complex(magnitude * phase.cos(), magnitude * phase.sin())
    return torch.istft(spectrum, config.n_fft, config.hop, window=torch.hann_window(config.n_fft))


def head(config: HiFTConfig, post: Tensor) -> Tensor:
    """The trunk's output (1, 18, F) -> samples."""
    bins = config.n_fft // 2 + 1
    wave = istft(config, post[:, :bins].exp(), post[:, bins:].sin())
    return wave.clamp(-config.limit, config.limit)
