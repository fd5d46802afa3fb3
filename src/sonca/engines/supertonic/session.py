"""The pieces of an utterance on their way from noise to sound; see `sonca.engines.flow_session`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from sonca.engines.base import Options
from sonca.engines.flow_session import FlowPiece, FlowSession
from sonca.engines.supertonic.characters import Piece, pieces
from sonca.engines.supertonic.flow_model import SAMPLE_RATE_HZ, FlowModel, Latent
from sonca.engines.supertonic.styles import Style, StyleFile
from sonca.engines.supertonic.tail import clean_tail
from sonca.utterance import Utterance

_SEEDS = 1 << 64


@dataclass(frozen=True, slots=True)
class SpeakerStyle:
    """The state of one voice: a loaded model, and what makes it this voice."""

    file: StyleFile
    model: FlowModel
    style: Style


@dataclass
class PieceState(FlowPiece):
    """One piece of an utterance in work."""

    piece: Piece
    voice: SpeakerStyle
    speed: float
    steps: int
    rng: np.random.Generator
    latent: Latent | None = None

    def advance(self) -> None:
        model = self.voice.model
        if self.latent is None:
            self.latent = model.begin(
                self.piece.tagged, self.voice.style, self.speed, self.steps, self.rng
            )
        elif self.latent.done < self.steps:
            model.step(self.latent)
        else:
            self.samples = clean_tail(model.decode(self.latent), SAMPLE_RATE_HZ)


def plan(
    utterance: Utterance, voice: SpeakerStyle, options: Options, steps: int
) -> list[PieceState]:
    """Returns the pieces of an utterance, each with its own noise."""
    seed = options.seed % _SEEDS
    return [
        PieceState(
            piece,
            voice,
            options.speed,
            steps,
            np.random.default_rng([seed, number] if number else seed),
            at_mark=piece.at_mark,
        )
        for number, piece in enumerate(pieces(utterance))
    ]


def open_session(*, slots: int, threads: int, steps: int) -> FlowSession:
    """Returns a batch of up to `slots` utterances on `threads` threads."""
    how = partial(plan, steps=steps)
    return FlowSession(slots=slots, threads=threads, sample_rate_hz=SAMPLE_RATE_HZ, plan=how)
