"""Speaks a run of text into its chapter's log, from where the log ends.

An utterance that the engine cannot make is tried again, then alone, and then goes into the log
without sound: a book of ten hours does not fail for one sentence. An engine that is broken as a
whole is an error. Knows nothing of files but the log.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import numpy as np

from sonca import text as texts
from sonca.audio import Samples
from sonca.book.build.journal import ChapterLog, UtteranceRecord
from sonca.book.build.script import VoiceRun
from sonca.book.output.timeline import FAILED, LATE
from sonca.errors import Busy, Cancelled, EngineError, NothingToSay
from sonca.loudness import block_power
from sonca.synthesizer import Sonca, SpeechRequest, UtteranceAudio
from sonca.synthesizer.request import SPEED_RANGE
from sonca.utterance import Priority, Span, Utterance

ATTEMPTS = 3
"""How often an utterance is tried before the book goes on without it."""
_FIT_MARGIN = 1.02
_MAX_WAIT_S = 1.0

OnRecord = Callable[[UtteranceRecord, int], None]
"""Called with every utterance that was added to a log, and how many samples it has."""


class RunSpeaker:
    """Speaks one run into its chapter's log."""

    def __init__(
        self,
        sonca: Sonca,
        index: int,
        run: VoiceRun,
        log: ChapterLog,
        stop: threading.Event,
        on_record: OnRecord,
        lexicon: texts.Lexicon | None = None,
        *,
        verify: bool = False,
    ) -> None:
        self._sonca = sonca
        self._index = index
        self._run = run
        self._log = log
        self._stop = stop
        self._on_record = on_record
        self._lexicon = lexicon
        self._verify = verify
        self._engine = sonca.resolve(run.role.voice).voice.engine

    def speak(self) -> None:
        """Adds what is missing of the run. Raises `Cancelled` once `stop` is set."""
        failures, timed = 0, self._run.slot_s is not None
        while True:
            start = self._reached
            try:
                (self._timed if timed else self._plain)(start)
                break
            except NothingToSay:
                break
            except Busy as error:
                self._wait_for_place(error)
            except EngineError:
                if self._broken:
                    raise
                failures = 1 if self._reached > start else failures + 1
                if failures >= ATTEMPTS and timed:
                    self._give_up((0, len(self._run.text)))
                    break
                if failures >= ATTEMPTS:
                    self._alone()
        self._log.end_run(self._index)

    @property
    def _reached(self) -> int:
        return self._log.reached(self._index)

    @property
    def _broken(self) -> bool:
        """Whether the engine itself is gone, and not only an utterance."""
        return self._sonca.load(self._engine).state in ("broken", "closed", "draining")

    def _plain(self, start: int) -> None:
        for spoken in self._utterances((start, len(self._run.text)), self._run.role.speed):
            self._add(spoken)

    def _timed(self, start: int) -> None:
        """Speaks at the role's speed and, if that is too long, once more as fast as it must be."""
        slot, role = self._run.slot_s, self._run.role
        assert slot is not None
        part, speed = (start, len(self._run.text)), role.speed
        begun = self._log.records.get(self._index)
        if begun:  # interrupted among its utterances
            speed *= begun[0].speed
        spoken = list(self._utterances(part, speed))
        slot_s, problem = slot[1] - slot[0], None
        needed_s = _duration_s(spoken)
        if needed_s > slot_s and not begun:
            speed = min(SPEED_RANGE[1], speed * needed_s / slot_s * _FIT_MARGIN)
            spoken = list(self._utterances(part, speed))
            problem = LATE if _duration_s(spoken) > slot_s else None
        for each in spoken:
            self._add(each, problem=problem, speed=speed / role.speed)

    def _alone(self) -> None:
        """Speaks the next utterance by itself, or goes on without it."""
        utterance = self._next()
        if utterance is None:
            return
        for _ in range(ATTEMPTS):
            try:
                part = (utterance.span[0], utterance.span[0] + 1)
                for spoken in self._utterances(part, self._run.role.speed):
                    self._add(spoken)
                return
            except Busy as error:
                self._wait_for_place(error)
            except EngineError:
                if self._broken:
                    raise
        self._give_up(utterance.span, utterance.pause_s)

    def _next(self) -> Utterance | None:
        start, text = self._reached, self._run.text
        reading = self._sonca.reading_for(self._request((start, len(text)), 1.0))
        for part in texts.plan_iter(text, reading=reading):
            if isinstance(part, Utterance) and part.span[0] >= start:
                return part
        return None

    def _utterances(self, part: Span, speed: float) -> Iterator[UtteranceAudio]:
        self._check()
        with self._sonca.submit(self._request(part, speed)) as speech:
            for spoken in speech.utterances():
                yield spoken
                self._check()

    def _request(self, part: Span, speed: float) -> SpeechRequest:
        return SpeechRequest(
            self._run.text,
            self._run.role.voice,
            speed=speed,
            pitch=self._run.role.pitch,
            priority=Priority.BATCH,
            lexicon=self._lexicon,
            part=part,
            verify=self._verify,
        )

    def _add(
        self, spoken: UtteranceAudio, *, problem: str | None = None, speed: float = 1.0
    ) -> None:
        samples, rate_hz = _joined(spoken)
        power, blocks = block_power(samples, rate_hz)
        record = UtteranceRecord(
            run=self._index,
            span=spoken.utterance.span,
            sample_rate_hz=rate_hz,
            pause_s=spoken.utterance.pause_s,
            words=_words(spoken),
            power=power,
            blocks=blocks,
            problem=spoken.problem or problem,
            speed=speed,
        )
        self._log.append(record, samples)
        self._on_record(record, len(samples))

    def _give_up(self, span: Span, pause_s: float = 0.0) -> None:
        record = UtteranceRecord(self._index, span, 0, pause_s, (), 0.0, 0, FAILED)
        self._log.append(record, np.zeros(0, np.float32))
        self._on_record(record, 0)

    def _wait_for_place(self, error: Busy) -> None:
        """Waits for room in the queue, unless the engine is gone."""
        if self._broken:
            raise error
        self._sonca.load(self._engine).wait_for_place(Priority.BATCH, _MAX_WAIT_S)
        self._check()

    def _check(self) -> None:
        if self._stop.is_set():
            raise Cancelled("the build was stopped")


def _joined(spoken: UtteranceAudio) -> tuple[Samples, int]:
    """Returns all samples of an utterance, and their rate in Hz."""
    if not spoken.chunks:
        return np.zeros(0, np.float32), 0
    samples = np.concatenate([chunk.samples for chunk in spoken.chunks])
    return samples, spoken.chunks[0].sample_rate_hz


def _words(spoken: UtteranceAudio) -> tuple[tuple[float, int, int], ...]:
    marks = (mark for chunk in spoken.chunks for mark in chunk.marks if mark.kind == "word")
    return tuple((round(m.time_s, 4), *m.span) for m in marks)


def _duration_s(spoken: list[UtteranceAudio]) -> float:
    """Returns how long utterances take one after another, with the silences between them."""
    sound_s = sum(chunk.duration_s for each in spoken for chunk in each.chunks)
    return sound_s + sum(each.utterance.pause_s for each in spoken[:-1])
