"""What there is to compute for an utterance, in what pieces and in what order.

A sentence is encoded (its timing and its frames from the prior), run through the flow and decoded
in windows, which do not depend on each other; the first window of a stream does not even wait for
the flow of the rest. A task's `work` may run on any thread; its `finish` puts the result into the
utterance's state and runs where that state lives. Knows nothing of threads, and nothing of graphs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np

from sonca.audio import AudioChunk, Mark, Samples
from sonca.engines.piper.phonemizer import PhonemeIds
from sonca.engines.piper.vits_model import Float, Latent, SynthesisConfig, VitsModel
from sonca.engines.piper.voice_files import VoiceFiles
from sonca.utterance import Utterance

FIRST_WINDOW = 32
"""Frames of an utterance's first window, about 0.4 s: little work before there is sound, and as
much as the flow of a whole sentence, which another thread is at meanwhile."""
MOST_FRAMES = 256
"""Frames of a later window at most, 3 s. Larger, and a stream stalls after its first sound where
there is little power; smaller, and too many frames are decoded twice, for both neighbours."""
ALONE_FRAMES = 128
"""So few frames are one window. More are an even number of equal windows: two cores are done
with a sentence at the same time."""


@dataclass(frozen=True, slots=True)
class SpeakerVoice:
    """The state of one voice: a loaded model, and who of its speakers."""

    files: VoiceFiles
    model: VitsModel
    speaker: int | None


@dataclass(slots=True)
class SentenceState:
    """One sentence of an utterance in work."""

    phonemes: PhonemeIds
    encoding: bool = False
    """Whether a thread has begun to encode it."""
    latent: Latent | None = None
    flow_ranges: list[tuple[int, int]] = field(default_factory=list)
    """Frames that no thread has begun to run through the flow."""
    flowed: dict[int, Float] = field(default_factory=dict)
    """Frames that wait for the other ranges, by the first of them."""
    windows: list[tuple[int, int]] = field(default_factory=list)
    decode_first: bool = False
    """Whether the first window does not wait for the flow of the whole sentence."""
    begun: int = 0
    """Windows that threads have begun to decode."""
    decoded: dict[int, Samples] = field(default_factory=dict)
    """Windows that wait for an earlier one, by index."""
    emitted: int = 0
    """Windows that have been emitted."""


@dataclass(slots=True)
class UtteranceState:
    """One utterance in work."""

    id: int
    utterance: Utterance
    voice: SpeakerVoice
    config: SynthesisConfig
    sentences: list[SentenceState]
    rate_hz: int
    """Of what is emitted."""
    resample: Callable[[Samples, bool], Samples] | None
    error: Exception | None = None
    now_s: float = 0.0
    """Seconds of sound emitted."""
    first: bool = True
    """Whether a listener is waiting for its first sound."""
    threads: int = 1
    """How many of its tasks may be in work at once."""


@dataclass(slots=True)
class Encode:
    """Makes the timing of a sentence and its frames from the prior, of a short one all the way."""

    state: UtteranceState
    sentence: SentenceState
    first: bool
    """Whether nothing of the utterance has been heard yet."""

    def work(self) -> Latent:
        model = self.state.voice.model
        latent = model.encode(self.sentence.phonemes.ids, self.state.config)
        return latent if self._worth_tasks(latent) else model.with_flow(latent)

    def _worth_tasks(self, latent: Latent) -> bool:
        """Returns whether the flow is left to other tasks: then some of it is run twice, for the
        first window or about the middle, which is little in a long sentence."""
        model = self.state.voice.model
        if self.first:
            return latent.count > 2 * (FIRST_WINDOW + model.context + model.flow_context)
        return self.state.threads > 1 and latent.count > 1 + 12 * model.flow_context

    def finish(self, latent: Latent) -> Iterator[AudioChunk]:
        sentence, count = self.sentence, latent.count
        sentence.latent = latent
        sentence.windows = windows(count, first=self.first)
        if latent.frames is None:
            # Beside the first window it is one task, else two: both cores have something to do.
            sentence.decode_first = self.first
            half = count // 2
            sentence.flow_ranges = [(0, count)] if self.first else [(0, half), (half, count)]
        return iter(())


@dataclass(slots=True)
class RunFlow:
    """Runs the flow over a sentence, all of it or a half."""

    state: UtteranceState
    sentence: SentenceState
    latent: Latent
    span: tuple[int, int]

    def work(self) -> Float:
        return self.state.voice.model.flow(self.latent, *self.span)

    def finish(self, frames: Float) -> Iterator[AudioChunk]:
        flowed = self.sentence.flowed
        flowed[self.span[0]] = frames
        if sum(one.shape[2] for one in flowed.values()) == self.latent.count:
            whole = np.concatenate([flowed[start] for start in sorted(flowed)], axis=2)
            self.sentence.latent = replace(self.latent, frames=whole)
            flowed.clear()
        return iter(())


@dataclass(slots=True)
class Decode:
    """Makes the sound of one window."""

    state: UtteranceState
    sentence: SentenceState
    latent: Latent
    index: int

    def work(self) -> Samples:
        return self.state.voice.model.decode(self.latent, *self.sentence.windows[self.index])

    def finish(self, samples: Samples) -> Iterator[AudioChunk]:
        """Puts the window in its place and gives out whatever is next in line."""
        self.sentence.decoded[self.index] = samples
        state = self.state
        while state.sentences and state.sentences[0].emitted in state.sentences[0].decoded:
            yield _next_chunk(state)


Task = Encode | RunFlow | Decode


def windows(count: int, *, first: bool) -> list[tuple[int, int]]:
    """Returns the frames of a sentence as windows ``(start, stop)``; the first of an utterance is
    small."""
    begin = FIRST_WINDOW if first and count > FIRST_WINDOW * 3 // 2 else 0
    left = count - begin
    parts = 1 if left <= ALONE_FRAMES else 2 * math.ceil(left / (2 * MOST_FRAMES))
    cuts = [begin + left * part // parts for part in range(parts + 1)]
    if begin:
        cuts.insert(0, 0)
    return list(pairwise(cuts))


def next_task(state: UtteranceState) -> Task | None:
    """Returns the earliest work of an utterance that no thread has begun."""
    for sentence in state.sentences:
        latent = sentence.latent
        if latent is None:
            if not sentence.encoding:
                sentence.encoding = True
                first = sentence is state.sentences[0] and state.now_s == 0
                return Encode(state, sentence, first=state.first and first)
        elif latent.frames is None and not (sentence.decode_first and not sentence.begun):
            if sentence.flow_ranges:
                return RunFlow(state, sentence, latent, sentence.flow_ranges.pop(0))
        elif sentence.begun < len(sentence.windows):
            sentence.begun += 1
            return Decode(state, sentence, latent, sentence.begun - 1)
    return None


def _next_chunk(state: UtteranceState) -> AudioChunk:
    """Takes the next window out of an utterance, as the sound of the engine."""
    sentence, model = state.sentences[0], state.voice.model
    samples = sentence.decoded.pop(sentence.emitted)
    marks = tuple(_marks(state, sentence, *sentence.windows[sentence.emitted]))
    sentence.emitted += 1
    if sentence.emitted == len(sentence.windows):
        state.sentences.pop(0)
    state.now_s += len(samples) / model.sample_rate_hz
    if state.resample is not None:
        samples = state.resample(samples, not state.sentences)
    return AudioChunk(samples, state.rate_hz, marks)


def _marks(state: UtteranceState, sentence: SentenceState, start: int, stop: int) -> Iterator[Mark]:
    """Yields the words that begin in a window, in time from the start of the utterance."""
    latent, model = sentence.latent, state.voice.model
    assert latent is not None
    for word, index in sentence.phonemes.words:
        frame = min(int(latent.begins[index]), latent.count - 1)
        if start <= frame < stop:
            time_s = state.now_s + (frame - start) * model.hop / model.sample_rate_hz
            yield Mark("word", time_s, state.utterance.words[word].source)
