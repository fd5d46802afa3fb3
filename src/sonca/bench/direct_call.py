"""The engine called with nothing around it: what every way to serve has inside."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence

import numpy as np

from sonca import text as texts
from sonca.audio import Samples, silence
from sonca.engines import registry
from sonca.engines.base import Audio, Event, Failed, Finished, Options, Setup
from sonca.utterance import Utterance


class DirectCall:
    """One engine instance that returns when all is spoken. Not safe for two threads."""

    def __init__(self, engine: str, setup: Setup) -> None:
        cls = registry.find(engine).load()
        self._engine = cls.create(setup)
        self._session = self._engine.session()
        self._voice = self._engine.voice(cls.voices(setup)[0].id)
        self.sample_rate_hz = self._engine.info.sample_rate_hz

    def synthesize(self, text: str) -> Samples:
        """Returns (N,) all the sound of `text`, one utterance after another, with its pauses."""
        utterances = texts.plan(text)
        return np.concatenate([part for one in utterances for part in self.speak([one], Options())])

    def speak(self, utterances: Sequence[Utterance], options: Options) -> list[Samples]:
        """Returns the sound of all, with their pauses; the engine's batch is always full."""
        made: list[list[Samples]] = [[] for _ in utterances]
        session, waiting, left = self._session, iter(enumerate(utterances)), len(utterances)

        def on_event(event: Event) -> None:
            nonlocal left
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, Audio):
                made[event.id].append(event.chunk.samples)
            if isinstance(event, Finished):
                left -= 1

        while left:
            while session.free_slots and (item := next(waiting, None)) is not None:
                session.add(*item, self._voice, options)
            session.step(on_event)
        for parts, utterance in zip(made, utterances, strict=True):
            parts.append(silence(utterance.pause_s, self.sample_rate_hz))
        return [part for parts in made for part in parts]

    def close(self) -> None:
        """Frees the engine."""
        self._engine.close()


def wav(samples: Samples, sample_rate_hz: int) -> bytes:
    """Returns a 16-bit mono WAV."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate_hz)
        writer.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return file.getvalue()
