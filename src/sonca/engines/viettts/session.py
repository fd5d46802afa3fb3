"""The running batch: sentences that decode together, then are sung and voiced one by one.

A step is short: one step of the language model for every sentence that still speaks, and one
of the ten steps of the flow for the piece that is furthest, or the vocoder for a bit of one that is
through them. So a sentence joins or leaves within a step, and those that are complete are turned
into sound while the others go on. What somebody listens to goes before what is made ahead.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from sonca.audio import AudioChunk
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.viettts import sampling
from sonca.engines.viettts.backend import Array, Backend, Ids, Voice
from sonca.engines.viettts.lengths import mel_frames
from sonca.engines.viettts.manner import Manner
from sonca.engines.viettts.sentence import Sentence, Song, Sung
from sonca.engines.viettts.streaming import SYLLABLE_S, Blender, Plan, Speed
from sonca.engines.viettts.vocoder import Vocoder
from sonca.errors import EngineError, InvalidRequest
from sonca.utterance import Priority, Utterance

_log = logging.getLogger(__name__)

DECODES_PER_STEP = 8
"""Steps of the language model beside one of the flow, which costs many times more: enough that
what is spoken next is there when the flow is free again."""
AHEAD = 2
"""Sentences that wait for the flow when no more are begun: they would be ready long before their
turn, and the more are begun together, the less each costs."""
SHARE = 4
"""Every so many steps of flow and vocoder, one is for those nobody listens to, however many are
not `BATCH`: they are in slots, which must become free again."""
BIT_FRAMES = 172
"""What the vocoder is given at a time, two seconds at most: its memory grows with that, and the
frames around each bit are computed twice."""
MAX_TEXT_IDS = 2000
"""Far more than any sentence; the attention over the text grows with its square."""


class VietTTSSession(Session):
    """`encode` turns what is spoken into the model's text ids."""

    def __init__(
        self, backend: Backend, encode: Callable[[str], list[int]], manner: Manner
    ) -> None:
        self.backend, self.encode, self.manner = backend, encode, manner
        self.decoder = backend.decoder()
        self.rate_hz = backend.config.flow.rate_hz
        self.sentences: dict[int, Sentence] = {}
        self.songs: dict[bool, Song] = {}
        """By whether somebody listens: such a song goes first, the other waits where it is."""
        self.sung: list[Sung] = []
        """What the flow has made and the vocoder has not yet."""
        self.turn = 0

    @property
    def free_slots(self) -> int:
        return self.manner.slots - len(self.sentences)

    @property
    def idle(self) -> bool:
        return not self.sentences

    def add(self, id: int, utterance: Utterance, voice: Voice, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        if not 0.5 <= options.speed <= 2.0:
            raise InvalidRequest(f"speed {options.speed} is outside 0.5 to 2.0", field="speed")
        text = np.array(self.encode(utterance.spoken), np.int64)
        least, most = self.manner.limits.tokens(max(1, utterance.syllables), self.rate_hz)
        expected = utterance.syllables * SYLLABLE_S
        if self.manner.limits.forced_tokens is not None:
            expected = most / self.rate_hz
        cuts = self.manner.cuts
        # Any whole number is a seed; the generators take none below zero.
        options = replace(options, seed=options.seed % 2**63)
        self.sentences[id] = Sentence(
            id, text, voice, options, least, most,
            plan=Plan(cuts, self.rate_hz, expected),
            blender=Blender(self.rate_hz, mel_frames(round(cuts.blend_s * 1000), 1000)),
            speed=Speed(options.speed),
            vocoder=Vocoder(self.backend, options.seed),
        )  # fmt: skip

    def cancel(self, id: int) -> None:
        sentence = self.sentences.pop(id, None)
        if sentence is None:
            return
        self.decoder.drop(id)
        self.sung = [part for part in self.sung if part.sentence is not sentence]
        self.songs = {
            key: song for key, song in self.songs.items() if song.sentence is not sentence
        }

    def promote(self, id: int) -> bool:
        sentence = self.sentences.get(id)
        if sentence is not None:
            sentence.options = replace(sentence.options, priority=Priority.REALTIME, first=True)
            self._hand_over()
        return True

    def _hand_over(self) -> None:
        """Let a song go first that was begun for nobody, if somebody listens to it now."""
        song = self.songs.get(False)
        if song and True not in self.songs and song.sentence.awaited:
            self.songs[True] = self.songs.pop(False)

    def step(self, emit: Emit) -> None:
        self._start_one(emit)
        for _ in range(DECODES_PER_STEP if self.songs or self.sung else 1):
            self._decode()
        self._sing(emit)

    # --- the language model

    def _start_one(self, emit: Emit) -> None:
        """Take one sentence into the batch: its text is read at once, which costs a few steps."""
        ready = Counter(s.awaited for s in self.sentences.values() if s.pieces)
        for sentence in self.sentences.values():
            if sentence.logits is not None or sentence.ended:
                continue
            at_once = sentence.options.first or sentence.attempt
            if at_once or ready[sentence.awaited] < AHEAD:
                self._attempt(self._begin, sentence, emit)
                return

    def _begin(self, sentence: Sentence) -> None:
        said = np.array(sentence.tokens, np.int64)
        seed = sentence.options.seed
        sentence.generator = np.random.default_rng([seed, 0, sentence.attempt])
        if not len(sentence.text):
            raise EngineError("the sentence has no text for the model")
        if len(sentence.text) > MAX_TEXT_IDS:
            raise EngineError(
                f"a sentence of {len(sentence.text)} text tokens; {MAX_TEXT_IDS} is the limit: "
                "split it"
            )
        sentence.logits = self.decoder.start(sentence.id, sentence.text, sentence.voice, said)

    def _decode(self) -> None:
        """One more token for every sentence that still speaks."""
        running = [s for s in self.sentences.values() if s.logits is not None]
        if not running:
            return
        chosen = self._choose(running)
        end = self.backend.config.llm.speech_vocab
        for sentence, token in zip(running, chosen, strict=True):
            if token == end or len(sentence.tokens) >= sentence.most:
                self._end(sentence, natural=token == end)
            else:
                sentence.tokens.append(int(token))
            self._find_pieces(sentence)
        going = {s.id: s.tokens[-1] for s in running if s.logits is not None}
        if going:
            for id, logits in self.decoder.step(going).items():
                self.sentences[id].logits = logits

    def _choose(self, running: list[Sentence]) -> Ids:
        rule = self.backend.config.llm.sampling
        logits = np.stack([s.logits for s in running if s.logits is not None])
        recent = np.full((len(running), max(1, rule.window)), -1, np.int64)
        for row, sentence in zip(recent, running, strict=True):
            last = sentence.tokens[-rule.window :]
            row[: len(last)] = last
        allowed = np.array([len(s.tokens) >= s.least for s in running])
        return sampling.draw(logits, recent, allowed, [s.generator for s in running], rule)

    def _end(self, sentence: Sentence, natural: bool) -> None:
        """The run is over: by itself, or cut because it does not end."""
        self.decoder.drop(sentence.id)
        sentence.logits = None
        limits = self.manner.limits
        if natural or limits.forced_tokens is not None:
            sentence.ended = True
            return
        sentence.attempt += 1
        if sentence.attempt < limits.attempts:
            # What was heard stays; the rest is said again with other random numbers.
            del sentence.tokens[sentence.plan.said :]
            return
        _log.warning(
            "a sentence did not end in %d attempts of %d tokens; it is cut there",
            limits.attempts, sentence.most,
        )  # fmt: skip
        sentence.ended = True

    def _find_pieces(self, sentence: Sentence) -> None:
        while piece := sentence.plan.next(len(sentence.tokens), sentence.ended):
            sentence.pieces.append(piece)

    # --- the flow and the vocoder

    def _sing(self, emit: Emit) -> None:
        """The vocoder for a bit of what the flow has made, or one step of the flow."""
        self.turn += 1
        awaited = self.turn % SHARE != 0
        if not self._sing_for(awaited, emit):
            self._sing_for(not awaited, emit)

    def _sing_for(self, awaited: bool, emit: Emit) -> bool:
        """For those somebody listens to, or for the others. False if there is nothing to do."""
        for part in self.sung:
            if part.sentence.awaited == awaited:
                self.sung.remove(part)
                self._attempt(lambda _, p=part: self._voice(p, emit), part.sentence, emit)  # type: ignore[misc]
                return True
        self._hand_over()
        if awaited not in self.songs:
            self._next_song(awaited, emit)
        song = self.songs.get(awaited)
        if song is None:
            return False
        try:
            done = song.solver.step()
        except Exception as error:
            self._fail(song.sentence, error, emit)
            return True
        if done:
            del self.songs[awaited]
            self._attempt(lambda _: self._finish(song), song.sentence, emit)
            self._sing_for(awaited, emit)
        return True

    def _next_song(self, awaited: bool, emit: Emit) -> None:
        # What somebody listens to now may still be in the other song.
        sung = {song.sentence.id for song in self.songs.values()}
        for sentence in list(self.sentences.values()):
            if sentence.awaited != awaited or sentence.id in sung:
                continue
            if sentence.pieces:
                self._attempt(self._compose, sentence, emit)
                return
            if sentence.silent:
                self._fail(sentence, EngineError("the model said nothing"), emit)

    def _compose(self, sentence: Sentence) -> None:
        piece, voice = sentence.pieces[0], sentence.voice
        start, end = (mel_frames(token, self.rate_hz) for token in piece.make)
        tokens = np.array(sentence.tokens[slice(*piece.make)], np.int64)
        prompt_noise = self._noise(sentence, 3, len(voice.mel))
        noise = np.concatenate([prompt_noise, self._noise(sentence, 1, end)[start:]])
        solver = self.backend.solver(voice, tokens, noise)
        del sentence.pieces[0]
        self.songs[sentence.awaited] = Song(sentence, piece, solver)

    def _noise(self, sentence: Sentence, stream: int, frames: int) -> Array:
        """The same noise for the same frame of a sentence, whichever piece it is made in."""
        generator = np.random.default_rng([sentence.options.seed, stream])
        return generator.standard_normal((frames, self.backend.config.flow.mel), np.float32)

    def _finish(self, song: Song) -> None:
        """Hand the vocoder what is certain of the mel now, in bits."""
        sentence, piece = song.sentence, song.piece
        frames = sentence.speed.feed(sentence.blender.join(piece, song.solver.mel()), piece.last)
        count = max(1, math.ceil(len(frames) / BIT_FRAMES))
        for index, bit in enumerate(np.array_split(frames, count), 1):
            self.sung.append(Sung(sentence, bit, piece.last and index == count))

    def _voice(self, sung: Sung, emit: Emit) -> None:
        sentence = sung.sentence
        samples = sentence.vocoder.feed(sung.mel, sung.last)
        if len(samples):
            emit(Audio(sentence.id, AudioChunk(samples, self.sample_rate_hz)))
        if sung.last and self.sentences.get(sentence.id) is sentence:
            del self.sentences[sentence.id]
            emit(Finished(sentence.id))

    @property
    def sample_rate_hz(self) -> int:
        return self.backend.config.sample_rate_hz

    # --- when something goes wrong

    def _attempt(self, work: Callable[[Sentence], None], sentence: Sentence, emit: Emit) -> None:
        """Do it; what goes wrong ends this sentence and no other."""
        try:
            work(sentence)
        except Exception as error:
            self._fail(sentence, error, emit)

    def _fail(self, sentence: Sentence, error: Exception, emit: Emit) -> None:
        if self.sentences.get(sentence.id) is sentence:
            self.cancel(sentence.id)
            emit(Failed(sentence.id, error))
