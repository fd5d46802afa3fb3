"""The engine called with nothing around it: what all setups of the document have inside."""

from __future__ import annotations

import io
import wave

import numpy as np

from sonca import text as texts
from sonca.audio import Samples, silence
from sonca.engines import registry
from sonca.engines.base import Audio, Event, Failed, Options, Setup
from sonca.utterance import Utterance


class Bare:
    """One engine instance; `synthesize` returns when all is spoken. Not safe for two threads."""

    def __init__(self, engine: str, setup: Setup) -> None:
        cls = registry.find(engine).load()
        self._engine = cls.create(setup)
        self._session = self._engine.session()
        self._voice = self._engine.voice(cls.voices(setup)[0].id)
        self.sample_rate_hz = self._engine.info.sample_rate_hz

    def synthesize(self, text: str) -> Samples:
        """(N,) all the sound of `text`, pauses included."""
        parts: list[Samples] = []
        for utterance in texts.plan(text):
            parts += self._speak(utterance)
            parts.append(silence(utterance.pause_s, self.sample_rate_hz))
        return np.concatenate(parts)

    def _speak(self, utterance: Utterance) -> list[Samples]:
        parts: list[Samples] = []

        def on_event(event: Event) -> None:
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Audio):
                parts.append(event.chunk.samples)

        self._session.add(0, utterance, self._voice, Options())
        while not self._session.idle:
            self._session.step(on_event)
        return parts


def wav(samples: Samples, sample_rate_hz: int) -> bytes:
    """16-bit mono WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate_hz)
        writer.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
