"""The running batch: sentences that are decoded together, then turned into sound one by one.

A step is short: some steps of the language model for every sentence that still speaks, and one
of the ten steps of the flow for the piece that is furthest, or the vocoder for a chunk of one that
is through them. So a sentence joins or leaves within a step, and those that are complete are turned
into sound while the others go on. What somebody waits for goes before what is made ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from sonca.audio import AudioChunk, Samples
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.viettts.backends.base import Backend, VoicePrompt
from sonca.engines.viettts.decoding import DecodeBatch
from sonca.engines.viettts.durations import mel_frames
from sonca.engines.viettts.pieces import SYLLABLE_S, CrossFader, PiecePlanner, TimeStretch
from sonca.engines.viettts.rendering import Renderer
from sonca.engines.viettts.runtime_config import RuntimeConfig
from sonca.engines.viettts.sentence import Sentence
from sonca.engines.viettts.vocoder import Vocoder
from sonca.errors import InvalidRequest
from sonca.utterance import Priority, Utterance

DECODES_PER_STEP = 8
"""Steps of the language model beside one of the flow, which costs many times more: enough that
what is spoken next is there when the flow is free again."""


class VietTTSSession(Session):
    """Sentences in work; `encode` turns what is spoken into the model's text ids."""

    def __init__(
        self, backend: Backend, encode: Callable[[str], list[int]], config: RuntimeConfig
    ) -> None:
        self.backend, self.encode, self.config = backend, encode, config
        self.rate_hz = backend.config.flow.rate_hz
        self.sentences: dict[int, Sentence] = {}
        self.decoding = DecodeBatch(backend, config.limits)
        self.rendering = Renderer(backend, self._guarded, self._deliver)
        self.emit: Emit = lambda _: None
        """Of the step that is on."""

    @property
    def free_slots(self) -> int:
        return self.config.slots - len(self.sentences)

    @property
    def idle(self) -> bool:
        return not self.sentences

    def add(self, id: int, utterance: Utterance, voice: VoicePrompt, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        if not 0.5 <= options.speed <= 2.0:
            raise InvalidRequest(f"speed {options.speed} is outside 0.5 to 2.0", field="speed")
        text = np.array(self.encode(utterance.spoken), np.int64)
        cuts, limits = self.config.cuts, self.config.limits
        min_tokens, max_tokens = limits.tokens(max(1, utterance.syllables), self.rate_hz)
        expected_s = utterance.syllables * SYLLABLE_S
        if limits.forced_tokens is not None:
            expected_s = max_tokens / self.rate_hz
        # Any whole number is a seed; the generators take none below zero.
        options = replace(options, seed=options.seed % 2**63)
        self.sentences[id] = Sentence(
            id,
            text,
            voice,
            options,
            min_tokens,
            max_tokens,
            planner=PiecePlanner(cuts, self.rate_hz, expected_s),
            crossfader=CrossFader(self.rate_hz, mel_frames(round(cuts.blend_s * 1000), 1000)),
            stretch=TimeStretch(options.speed),
            vocoder=Vocoder(self.backend, options.seed),
        )

    def cancel(self, id: int) -> None:
        sentence = self.sentences.pop(id, None)
        if sentence is not None:
            self.decoding.drop(id)
            self.rendering.drop(sentence)

    def promote(self, id: int) -> bool:
        sentence = self.sentences.get(id)
        if sentence is not None:
            sentence.options = replace(sentence.options, priority=Priority.REALTIME, first=True)
            self.rendering.promote()
        return True

    def step(self, emit: Emit) -> None:
        self.emit = emit
        sentences = self.sentences.values()
        if sentence := self.decoding.next_to_start(sentences):
            with self._guarded(sentence):
                self.decoding.start(sentence)
        for _ in range(DECODES_PER_STEP if self.rendering.busy else 1):
            self.decoding.step(sentences)
        self.rendering.step(sentences)

    def _deliver(self, sentence: Sentence, samples: Samples, last: bool) -> None:
        if len(samples):
            rate_hz = self.backend.config.sample_rate_hz
            self.emit(Audio(sentence.id, AudioChunk(samples, rate_hz)))
        if last and self.sentences.get(sentence.id) is sentence:  # not cancelled by who hears it
            del self.sentences[sentence.id]
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
