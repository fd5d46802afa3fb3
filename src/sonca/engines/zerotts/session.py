"""The running batch of ZeroTTS: a step is one more frame of every sentence in work.

Their frames are drawn one by one, and the global decoder then takes all of them on together: it
is bound by reading its weights, so several sentences cost little more than one. A sentence joins or
leaves between any two frames.
"""

from __future__ import annotations

import numpy as np

from sonca.audio import AudioChunk
from sonca.engines.base import Audio, Emit, Failed, Finished, Options, Session
from sonca.engines.zerotts.model import FrameWanted, ZeroModel
from sonca.engines.zerotts.prefix import Prefix
from sonca.engines.zerotts.speaking import Sentence, SoundMaker, SpeakerVoice, draws
from sonca.engines.zerotts.text import cleaned, written
from sonca.errors import InvalidRequest
from sonca.utterance import Utterance

_LONGEST_WORD = 8
"""Letters of a syllable: what is longer gets spelled."""


class ZeroTTSSession(Session):
    """Up to `slots` sentences at once."""

    def __init__(self, model: ZeroModel, slots: int) -> None:
        self._model = model
        self._slots = slots
        self._sentences: dict[int, Sentence] = {}
        """All that are in work, whether they have begun or not."""
        self._rows: list[Sentence] = []
        """Those that speak, in the order of the decoder's rows."""
        self._prefix = Prefix(model)

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._sentences)

    @property
    def idle(self) -> bool:
        return not self._sentences

    def add(self, id: int, utterance: Utterance, voice: SpeakerVoice, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        if not 0.5 <= options.speed <= 2.0:
            raise InvalidRequest(f"speed {options.speed} is outside 0.5 to 2.0", field="speed")
        words = utterance.spoken.split()
        config = self._model.config
        self._sentences[id] = Sentence(
            id,
            self._model.text_ids(cleaned(written(utterance))),
            syllables=max(1, utterance.syllables),
            spelled=sum(len(w) if len(w) > _LONGEST_WORD else 1 for w in words) or 1,
            voice=voice,
            options=options,
            draw=draws(options.seed, 0),
            seen=np.zeros((1, config.codebooks, config.codebook_size), np.bool_),
            frame_rate_hz=config.frame_rate_hz,
            sound=SoundMaker(self._model.codec, options.speed),
        )

    def cancel(self, id: int) -> None:
        sentence = self._sentences.pop(id, None)
        if sentence is not None:
            self._leave([sentence])

    def promote(self, id: int) -> bool:
        if id in self._sentences:
            self._sentences[id].promote()
        return True

    def step(self, emit: Emit) -> None:
        self._begin_one(emit)
        if not self._rows:
            return
        ended = self._draw()
        self._leave(ended)
        if self._rows:
            hidden = self._prefix.step(np.stack([s.codes[-1] for s in self._rows]))
            for sentence, state in zip(self._rows, hidden, strict=True):
                sentence.hidden = state
        for sentence in [*ended, *self._rows]:
            if self._sentences.get(sentence.id) is sentence:
                self._sound(sentence, sentence in ended, emit)

    def _begin_one(self, emit: Emit) -> None:
        """Lets one more sentence speak, first of all one that somebody waits for."""
        waiting = [s for s in self._sentences.values() if s not in self._rows]
        if not waiting:
            return
        sentence = min(waiting, key=lambda s: not s.waited_for)
        if len(sentence.ids) <= 2:  # nothing in it can be said
            self._end(sentence, emit)
            return
        try:
            sentence.hidden = self._prefix.join(sentence.ids, sentence.voice.latents)
        except Exception as error:
            del self._sentences[sentence.id]
            emit(Failed(sentence.id, error))
            return
        self._rows.append(sentence)

    def _draw(self) -> list[Sentence]:
        """Makes the next frame of every sentence. Returns those that are over."""
        wanted = [FrameWanted(s.hidden, s.seen, s.draw, s.may_end) for s in self._rows]
        ended = []
        for sentence, (codes, last) in zip(self._rows, self._model.frames(wanted), strict=True):
            sentence.codes.append(codes)
            if not sentence.held:
                sentence.sound.add(codes)
            if last or sentence.too_long:
                ended.append(sentence)
        return ended

    def _sound(self, sentence: Sentence, ended: bool, emit: Emit) -> None:
        """Hands out what is to be heard of a sentence now, and its end."""
        if sentence.held:
            if not ended:
                return
            if not sentence.complete():
                self._again(sentence)
                return
            for codes in sentence.codes:
                sentence.sound.add(codes)
        samples = sentence.sound.next(waited_for=sentence.waited_for, ended=ended)
        if samples is not None and len(samples):
            rate_hz = self._model.config.sample_rate_hz
            emit(Audio(sentence.id, AudioChunk(samples, rate_hz)))
        if ended and self._sentences.get(sentence.id) is sentence:  # not cancelled by who hears it
            self._end(sentence, emit)

    def _again(self, sentence: Sentence) -> None:
        """Has a short line that came out wrong be made anew, from other draws."""
        sentence.draw = draws(sentence.options.seed, sentence.tries)
        sentence.seen[:] = False

    def _end(self, sentence: Sentence, emit: Emit) -> None:
        del self._sentences[sentence.id]
        emit(Finished(sentence.id))

    def _leave(self, sentences: list[Sentence]) -> None:
        rows = [row for row, sentence in enumerate(self._rows) if sentence in sentences]
        self._prefix.leave(rows)
        self._rows = [sentence for sentence in self._rows if sentence not in sentences]
