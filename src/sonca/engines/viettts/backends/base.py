"""What the session needs of a backend. OpenVINO and PyTorch both give it, and the tests hold them
to the same numbers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

from sonca.engines.viettts.arrays import Array, Ids
from sonca.engines.viettts.config import ModelConfig


@dataclass(frozen=True, slots=True, eq=False)
class VoicePrompt:
    """All that the model needs of a reference recording; computed once per voice."""

    vector: Array
    """(speaker,) the speaker model's output, not normalised."""
    tokens: Ids
    """(P,) speech tokens of the reference."""
    mel: Array
    """(M, 80) its mel spectrogram."""
    level_lufs: float = -math.inf
    """How loud the recording is, -inf where it is not known."""


class Decoder(ABC):
    """The language model with a batch of running sentences, by key."""

    @abstractmethod
    def start(self, key: int, text: Ids, voice: VoicePrompt, generated: Ids) -> Array:
        """Takes a sentence in, with the tokens `generated` before (for a run that is made again).

        text (N,), generated (S,) -> logits of the next token (vocab + 1,).
        """

    @abstractmethod
    def step(self, tokens: dict[int, int]) -> dict[int, Array]:
        """Feeds each sentence its newest token -> logits of the next (vocab + 1,)."""

    @abstractmethod
    def drop(self, key: int) -> None:
        """Forgets a sentence. Unknown keys are ignored."""


class FlowSolver(ABC):
    """One run of the flow, in ten steps that can be interleaved with other work."""

    @abstractmethod
    def step(self) -> bool:
        """Moves on. Returns whether that was the last step."""

    @abstractmethod
    def mel(self) -> Array:
        """Returns the result without the prompt: (T, 80)."""


class Backend(ABC):
    """A loaded model on one device."""

    config: ModelConfig
    device: str
    providers: tuple[str, ...]

    @abstractmethod
    def decoder(self) -> Decoder: ...

    @abstractmethod
    def solver(self, voice: VoicePrompt, tokens: Ids, noise: Array) -> FlowSolver:
        """Begins a run: tokens (N,), noise (M + T, 80) for the prompt's frames and the new ones."""

    @abstractmethod
    def pitch(self, mel: Array) -> Array:
        """Reads the pitch off a mel: (T, 80) -> Hz (T,)."""

    @abstractmethod
    def spectrum(self, mel: Array, source: Array) -> Array:
        """Computes mel (T, 80), source spectrum (18, 64·T + 1) -> the same for the output."""

    @abstractmethod
    def mix(self) -> tuple[Array, float]:
        """Returns weights (harmonics + 1,) and bias that mix the source's sines."""

    def close(self) -> None:
        """Frees what is held."""
