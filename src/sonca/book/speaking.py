"""Speaks runs into a chapter's log, from wherever it stands.

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
from sonca.book import loudness
from sonca.book.journal import ChapterLog, Said
from sonca.book.script import Role, Run
from sonca.errors import Busy, Cancelled, EngineError, NothingToSay
from sonca.synthesizer import Sonca, SpeechRequest, UtteranceAudio
from sonca.synthesizer.request import SPEED_RANGE
from sonca.utterance import Priority, Span, Utterance

ATTEMPTS = 3
"""How often an utterance is tried before the book goes on without it."""
FAILED = "failed"
"""`Said.problem` of an utterance without sound."""
LATE = "late"
"""`Said.problem` of a subtitle that does not fit its time at the highest speed."""
_FIT_MARGIN = 1.02
_MAX_WAIT_S = 1.0

OnSaid = Callable[[Said, int], None]
"""Told of every utterance that was added to a log, and how many samples it has."""


class RunSpeaker:
    """Speaks one run at a time; one for each thread, or one for all: it keeps nothing."""

    def __init__(
        self,
        sonca: Sonca,
        stop: threading.Event,
        on_said: OnSaid,
        lexicon: texts.Lexicon | None = None,
    ) -> None:
        self._sonca = sonca
        self._lexicon = lexicon
        self._stop = stop
        self._on_said = on_said

    def speak(self, index: int, run: Run, log: ChapterLog) -> None:
        """Add what is missing of the run `index`. `Cancelled` once `stop` is set."""
        speak = self._timed if run.slot_s else self._plain
        failures = 0
        while True:
            start = log.contents.reached(index)
            try:
                speak(index, run, log, start)
                break
            except NothingToSay:
                break
            except Busy as error:
                self._queue(error, run.role)
            except EngineError:
                if self._broken(run.role):
                    raise
                failures = 1 if log.contents.reached(index) > start else failures + 1
                if failures >= ATTEMPTS and not run.slot_s:
                    self._alone(index, run, log)
                elif failures >= ATTEMPTS:
                    self._give_up(index, run, log, (0, len(run.text)))
                    break
        log.end_run(index)

    def _plain(self, index: int, run: Run, log: ChapterLog, start: int) -> None:
        for spoken in self._spoken(run, (start, len(run.text)), run.role.speed):
            self._add(index, log, spoken)

    def _timed(self, index: int, run: Run, log: ChapterLog, start: int) -> None:
        """Once at its own speed and, if that is too long, once more as fast as it must be."""
        assert run.slot_s is not None
        part, speed = (start, len(run.text)), run.role.speed
        begun = log.contents.entries.get(index)
        if begun:  # interrupted among its utterances
            speed *= begun[0].said.speed
        spoken = list(self._spoken(run, part, speed))
        slot_s, problem = run.slot_s[1] - run.slot_s[0], None
        needed_s = _duration_s(spoken)
        if needed_s > slot_s and not begun:
            speed = min(SPEED_RANGE[1], speed * needed_s / slot_s * _FIT_MARGIN)
            spoken = list(self._spoken(run, part, speed))
            problem = LATE if _duration_s(spoken) > slot_s else None
        for each in spoken:
            self._add(index, log, each, problem=problem, speed=speed / run.role.speed)

    def _spoken(self, run: Run, part: Span, speed: float) -> Iterator[UtteranceAudio]:
        self._check()
        with self._sonca.submit(self._request(run, part, speed)) as speech:
            for spoken in speech.utterances():
                yield spoken
                self._check()

    def _request(self, run: Run, part: Span, speed: float) -> SpeechRequest:
        return SpeechRequest(
            *(run.text, run.role.voice),
            speed=speed,
            pitch=run.role.pitch,
            priority=Priority.BATCH,
            lexicon=self._lexicon,
            part=part,
        )

    def _add(
        self,
        index: int,
        log: ChapterLog,
        spoken: UtteranceAudio,
        *,
        problem: str | None = None,
        speed: float = 1.0,
    ) -> None:
        samples, rate_hz = _joined(spoken)
        power, blocks = loudness.measure(samples, rate_hz)
        said = Said(
            run=index,
            span=spoken.utterance.span,
            sample_rate_hz=rate_hz,
            pause_s=spoken.utterance.pause_s,
            words=_words(spoken),
            power=power,
            blocks=blocks,
            problem=spoken.problem or problem,
            speed=speed,
        )
        log.append(said, samples)
        self._on_said(said, len(samples))

    def _alone(self, index: int, run: Run, log: ChapterLog) -> None:
        """Speak the next utterance by itself, or go on without it."""
        utterance = self._next(run, log.contents.reached(index))
        if utterance is None:
            return
        part = (utterance.span[0], utterance.span[0] + 1)
        for _ in range(ATTEMPTS):
            try:
                for spoken in self._spoken(run, part, run.role.speed):
                    self._add(index, log, spoken)
                return
            except Busy as error:
                self._queue(error, run.role)
            except EngineError:
                if self._broken(run.role):
                    raise
        self._give_up(index, run, log, utterance.span, utterance.pause_s)

    def _next(self, run: Run, start: int) -> Utterance | None:
        reading = self._sonca.reading_for(self._request(run, (start, len(run.text)), 1.0))
        for part in texts.plan_iter(run.text, reading=reading):
            if isinstance(part, Utterance) and part.span[0] >= start:
                return part
        return None

    def _give_up(
        self, index: int, run: Run, log: ChapterLog, span: Span, pause_s: float = 0.0
    ) -> None:
        del run
        said = Said(index, span, 0, pause_s, (), 0.0, 0, FAILED)
        log.append(said, np.zeros(0, np.float32))
        self._on_said(said, 0)

    def _broken(self, role: Role) -> bool:
        """Whether the engine itself is gone, and not only an utterance."""
        voice = self._sonca.resolve(role.voice).voice
        return self._sonca.load(voice.engine).state in ("broken", "closed", "draining")

    def _check(self) -> None:
        if self._stop.is_set():
            raise Cancelled("the build was stopped")

    def _queue(self, error: Busy, role: Role) -> None:
        """Wait for room in the line, unless there is no line any more."""
        if self._broken(role):
            raise error
        engine = self._sonca.resolve(role.voice).voice.engine
        self._sonca.load(engine).wait_for_place(Priority.BATCH, _MAX_WAIT_S)
        self._check()


def _joined(spoken: UtteranceAudio) -> tuple[Samples, int]:
    """All samples of an utterance, and their rate."""
    if not spoken.chunks:
        return np.zeros(0, np.float32), 0
    samples = np.concatenate([chunk.samples for chunk in spoken.chunks])
    return samples, spoken.chunks[0].sample_rate_hz


def _words(spoken: UtteranceAudio) -> tuple[tuple[float, int, int], ...]:
    marks = (mark for chunk in spoken.chunks for mark in chunk.marks if mark.kind == "word")
    return tuple((round(m.time_s, 4), *m.span) for m in marks)


def _duration_s(spoken: list[UtteranceAudio]) -> float:
    """How long utterances take one after another, with the silences between them."""
    sound_s = sum(chunk.duration_s for each in spoken for chunk in each.chunks)
    return sound_s + sum(each.utterance.pause_s for each in spoken[:-1])
