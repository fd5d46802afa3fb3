"""From tokens to sound: the flow makes a mel of a piece, the vocoder makes samples of the mel.

Both serve one sentence at a time, those that somebody waits for before the others. Knows nothing
of the language model and of events.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from sonca.audio import Samples
from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.base import Backend, FlowSolver
from sonca.engines.viettts.durations import mel_frames
from sonca.engines.viettts.pieces import Piece
from sonca.engines.viettts.sentence import Sentence
from sonca.errors import EngineError

SHARE = 4
"""Every so many steps, one is for sentences nobody waits for, however many others there are: they
are in slots, which must become free again."""
CHUNK_FRAMES = 172
"""What the vocoder is given at a time, two seconds at most: its memory grows with that, and the
frames around each chunk are computed twice."""


@dataclass(slots=True)
class FlowRun:
    """A run of the flow for one piece of a sentence."""

    sentence: Sentence
    piece: Piece
    solver: FlowSolver


@dataclass(slots=True, eq=False)
class MelChunk:
    """What the flow has made and the vocoder has not."""

    sentence: Sentence
    mel: Array
    """(T, 80)."""
    last: bool


class Renderer:
    """At most one run of the flow for those somebody waits for, and one for the others, which
    stays where it is meanwhile."""

    def __init__(
        self,
        backend: Backend,
        guarded: Callable[[Sentence], AbstractContextManager[None]],
        deliver: Callable[[Sentence, Samples, bool], None],
    ) -> None:
        """`guarded` ends the sentence if something goes wrong in its block; `deliver` is given
        its samples, and whether they are the last."""
        self.backend, self.guarded, self.deliver = backend, guarded, deliver
        self.rate_hz, self.mel = backend.config.flow.rate_hz, backend.config.flow.mel
        self.runs: dict[bool, FlowRun] = {}
        """By whether somebody waits."""
        self.chunks: list[MelChunk] = []
        self.turn = 0

    @property
    def busy(self) -> bool:
        """Whether a piece is on its way."""
        return bool(self.runs or self.chunks)

    def drop(self, sentence: Sentence) -> None:
        self.chunks = [chunk for chunk in self.chunks if chunk.sentence is not sentence]
        for awaited, run in list(self.runs.items()):
            if run.sentence is sentence:
                del self.runs[awaited]

    def promote(self) -> None:
        """Lets a run go first that was begun for nobody, if somebody waits for it now."""
        run = self.runs.get(False)
        if run and True not in self.runs and run.sentence.awaited:
            self.runs[True] = self.runs.pop(False)

    def step(self, sentences: Collection[Sentence]) -> None:
        """Runs the vocoder on one chunk, or one step of the flow."""
        self.turn += 1
        awaited = self.turn % SHARE != 0
        if not self._advance(awaited, sentences):
            self._advance(not awaited, sentences)

    def _advance(self, awaited: bool, sentences: Collection[Sentence]) -> bool:
        """Works for those somebody waits for, or for the others. False if they need nothing."""
        for chunk in self.chunks:
            if chunk.sentence.awaited == awaited:
                self.chunks.remove(chunk)
                with self.guarded(chunk.sentence):
                    samples = chunk.sentence.vocoder.feed(chunk.mel, chunk.last)
                    self.deliver(chunk.sentence, samples, chunk.last)
                return True
        self.promote()
        if awaited not in self.runs:
            self._start_run(awaited, sentences)
        run = self.runs.get(awaited)
        if run is None:
            return False
        done = False
        with self.guarded(run.sentence):
            done = run.solver.step()
        if done:
            del self.runs[awaited]
            with self.guarded(run.sentence):
                self._cut(run)
            self._advance(awaited, sentences)
        return True

    def _start_run(self, awaited: bool, sentences: Collection[Sentence]) -> None:
        # What somebody waits for now may still be in the other run.
        running = [run.sentence for run in self.runs.values()]
        for sentence in list(sentences):
            if sentence.awaited != awaited or sentence in running:
                continue
            if sentence.pieces:
                with self.guarded(sentence):
                    self.runs[awaited] = self._flow_run(sentence)
                return
            if sentence.silent:
                with self.guarded(sentence):
                    raise EngineError("the model said nothing")

    def _flow_run(self, sentence: Sentence) -> FlowRun:
        piece, voice = sentence.pieces[0], sentence.voice
        start, end = (mel_frames(token, self.rate_hz) for token in piece.make)
        tokens = np.array(sentence.tokens[slice(*piece.make)], np.int64)
        noise = [self._noise(sentence, 3, len(voice.mel)), self._noise(sentence, 1, end)[start:]]
        solver = self.backend.solver(voice, tokens, np.concatenate(noise))
        del sentence.pieces[0]
        return FlowRun(sentence, piece, solver)

    def _noise(self, sentence: Sentence, stream: int, frames: int) -> Array:
        """Returns the same noise for the same frame of a sentence, whichever piece it is in."""
        generator = np.random.default_rng([sentence.options.seed, stream])
        return generator.standard_normal((frames, self.mel), np.float32)

    def _cut(self, run: FlowRun) -> None:
        """Hands the vocoder what is certain of the mel now, in chunks."""
        sentence, piece = run.sentence, run.piece
        frames = sentence.stretch.feed(
            sentence.crossfader.join(piece, run.solver.mel()), piece.last
        )
        chunks = np.array_split(frames, max(1, math.ceil(len(frames) / CHUNK_FRAMES)))
        for index, mel in enumerate(chunks, 1):
            self.chunks.append(MelChunk(sentence, mel, piece.last and index == len(chunks)))
