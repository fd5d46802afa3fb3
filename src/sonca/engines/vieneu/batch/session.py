"""The running batch as the worker sees it: utterances in slots, a frame of each at a step.

A step is short: a piece of one newcomer's prompt, a frame for everybody who speaks, and the codec
for the frames of one utterance, the one whose listener would be the first to wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from sonca.audio import AudioChunk, Samples
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.vieneu.batch.decoder import BatchDecoder
from sonca.engines.vieneu.batch.networks import Networks
from sonca.engines.vieneu.batch.sentence import Sentence
from sonca.engines.vieneu.config import SAMPLE_RATE_HZ
from sonca.engines.vieneu.speaking import SILENCE_S, SpeakerVoice, Speaking
from sonca.utterance import Priority, Utterance


class BatchSession(Session):
    """Utterances in work, over networks that no other session uses."""

    def __init__(self, networks: Networks, speaking: Speaking, slots: int) -> None:
        self.speaking, self.slots = speaking, slots
        self.decoder = BatchDecoder(networks, speaking.heads, slots)
        self.sentences: dict[int, Sentence] = {}
        self.began: dict[int, float] = {}
        """When the first sound of each left."""
        self.emit: Emit = lambda _: None
        """Of the step that is on."""

    @property
    def free_slots(self) -> int:
        return self.slots - len(self.sentences)

    @property
    def idle(self) -> bool:
        return not self.sentences

    def add(self, id: int, utterance: Utterance, voice: SpeakerVoice, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        self.sentences[id] = Sentence(id, utterance, voice, options, self.speaking)

    def cancel(self, id: int) -> None:
        if self.sentences.pop(id, None) is not None:
            self.began.pop(id, None)
            self.decoder.drop(id)

    def promote(self, id: int) -> bool:
        sentence = self.sentences.get(id)
        if sentence is not None:
            sentence.options = replace(sentence.options, priority=Priority.REALTIME, first=True)
        return True

    def step(self, emit: Emit) -> None:
        self.emit = emit
        to_start = [sentence for sentence in self.sentences.values() if sentence.to_start]
        for sentence in sorted(to_start, key=lambda sentence: not sentence.awaited):
            with self._guarded(sentence):
                self._start(sentence)
        waiting = sum(len(sentence.jobs) for sentence in self.sentences.values())
        if waiting < self.slots:  # the codec is not behind
            for id, frame in self.decoder.step().items():
                self.sentences[id].take(frame)
        ready = [sentence for sentence in self.sentences.values() if sentence.jobs]
        if ready:
            sentence = min(ready, key=self._urgency)
            with self._guarded(sentence):
                self._deliver(sentence, sentence.render())

    def _start(self, sentence: Sentence) -> None:
        prompt = sentence.prompt()
        if prompt is None:  # there is nothing to say in it
            self._deliver(sentence, np.zeros(int(SILENCE_S * SAMPLE_RATE_HZ), np.float32))
            return
        x, most = prompt
        self.decoder.start(sentence.id, x, sentence.voice.anchor, sentence.draws, most)

    def _urgency(self, sentence: Sentence) -> tuple[bool, float]:
        """Orders by who is waited for, then by when the sound that left will have been heard."""
        began = self.began.get(sentence.id)
        heard = 0.0 if began is None else began + sentence.sounded / SAMPLE_RATE_HZ
        return not sentence.awaited, heard

    def _deliver(self, sentence: Sentence, samples: Samples) -> None:
        if len(samples):
            self.began.setdefault(sentence.id, time.monotonic())
            sentence.sounded += len(samples)
            self.emit(Audio(sentence.id, AudioChunk(samples, SAMPLE_RATE_HZ)))
        if sentence.done and self.sentences.get(sentence.id) is sentence:
            self.cancel(sentence.id)  # it is free before anybody hears of it
            self.emit(Finished(sentence.id))

    @contextmanager
    def _guarded(self, sentence: Sentence) -> Iterator[None]:
        """Has what goes wrong in the block end this sentence and no other."""
        try:
            yield
        except Exception as error:
            if self.sentences.get(sentence.id) is sentence:
                self.cancel(sentence.id)
                self.emit(Failed(sentence.id, error))
