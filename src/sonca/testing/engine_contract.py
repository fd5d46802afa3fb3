"""What `sonca.engines.base` promises, as a suite of tests that any engine's package can run.

from sonca.testing import EngineContract

class TestMine(EngineContract):
    @classmethod
    def build(cls):
        return MyEngine.create(cls.engine_setup)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import numpy as np
import pytest

from sonca.audio import AudioChunk, Samples, join
from sonca.engines.base import (
    Audio,
    Engine,
    Event,
    Failed,
    Finished,
    Options,
    Reference,
    Session,
    Setup,
)
from sonca.errors import Unsupported
from sonca.loudness import loudness
from sonca.utterance import Priority, Utterance, Word
from sonca.worker import Request, Worker, WorkItem


def utterance(text: str, at: int = 0, pause_s: float = 0.1) -> Utterance:
    """Returns an utterance that says `text` as it is, its words mapped one to one; `at` is where it
    stands in a longer text."""
    words, position = [], 0
    for piece in text.split():
        start = text.index(piece, position)
        position = start + len(piece)
        words.append(Word((start, position), (at + start, at + position)))
    return Utterance((at, at + len(text)), text, text, pause_s, tuple(words))


SENTENCE = utterance("Chiều hôm đó trời nổi gió, mây kéo xuống thành từng vệt dài.", at=10)


def finish(session: Session) -> dict[int, list[Event]]:
    """Steps until the session is idle; returns the events of each id."""
    events: dict[int, list[Event]] = {}
    for _ in range(10_000):
        if session.idle:
            return events
        session.step(lambda event: events.setdefault(event.id, []).append(event))
    raise AssertionError("the session never became idle")


def spoken(worker: Worker, voice: str) -> Samples:
    """Returns the sound of one sentence, as a worker gives it."""
    stream = worker.submit(Request(iter([WorkItem(SENTENCE)]), voice))
    return np.concatenate([item.chunk.samples for item in stream if item.chunk is not None])


class EngineContract:
    """The tests. A subclass whose name begins with ``Test`` says how its engine is built."""

    engine_setup: ClassVar[Setup] = Setup()
    """What the engine is told; its voices are asked for with it."""
    has_level: ClassVar[bool] = True
    """False for an engine whose sound is no speech, so that its loudness means nothing."""

    @classmethod
    def build(cls) -> Engine:
        """Returns a new engine."""
        raise NotImplementedError

    @pytest.fixture(scope="class")
    @classmethod
    def engine(cls) -> Iterator[Engine]:
        engine = cls.build()
        yield engine
        engine.close()

    @pytest.fixture
    def session(self, engine: Engine) -> Session:
        return engine.session()

    def speak(
        self,
        engine: Engine,
        session: Session,
        said: Utterance = SENTENCE,
        options: Options | None = None,
        voice: str | None = None,
    ) -> AudioChunk:
        """Returns the sound of an utterance, as the session makes it."""
        id = voice or engine.voices(self.engine_setup)[0].id
        session.add(1, said, engine.voice(id), options or Options())
        events = finish(session)[1]
        assert isinstance(events[-1], Finished), events[-1]
        chunks = [event.chunk for event in events[:-1] if isinstance(event, Audio)]
        assert len(chunks) == len(events) - 1
        return join(chunks, engine.info.sample_rate_hz)

    def test_it_says_what_it_is(self, engine: Engine) -> None:
        info = engine.info
        assert info.name
        assert info.version
        assert info.device in ("cpu", "cuda:0")
        assert 8000 <= info.sample_rate_hz <= 48000
        assert info.slots >= 1
        assert type(engine).missing(self.engine_setup) is None

    def test_sound_is_float32_mono_in_range_and_long_enough(
        self, engine: Engine, session: Session
    ) -> None:
        sound = self.speak(engine, session)
        assert sound.samples.dtype == np.float32
        assert sound.samples.ndim == 1
        assert np.abs(sound.samples).max() <= 1
        assert np.abs(sound.samples).max() > 0.05
        assert SENTENCE.syllables * 0.1 < sound.duration_s < SENTENCE.syllables * 0.6

    def test_every_voice_speaks(self, engine: Engine, session: Session) -> None:
        voices = engine.voices(self.engine_setup)
        assert len({voice.id for voice in voices}) == len(voices)
        for voice in voices:
            assert self.speak(engine, session, voice=voice.id).duration_s > 1
        with pytest.raises(KeyError):
            engine.voice("no such voice")

    def test_voices_differ(self, engine: Engine, session: Session) -> None:
        sounds = [
            self.speak(engine, session, voice=voice.id).samples[:8000]
            for voice in engine.voices(self.engine_setup)
        ]
        for n, one in enumerate(sounds):
            for other in sounds[:n]:
                assert not np.array_equal(one, other)

    @pytest.mark.parametrize(
        ("speed", "ratio"), [(0.5, 2.0), (0.75, 4 / 3), (1.5, 2 / 3), (2.0, 0.5)]
    )
    def test_speed_changes_the_length(
        self, engine: Engine, session: Session, speed: float, ratio: float
    ) -> None:
        normal = self.speak(engine, session).duration_s
        changed = self.speak(engine, session, options=Options(speed=speed)).duration_s
        assert changed / normal == pytest.approx(ratio, rel=0.08)

    def test_marks_point_at_the_words_in_order(self, engine: Engine, session: Session) -> None:
        if not engine.info.word_marks:
            pytest.skip("it gives no word marks")
        sound = self.speak(engine, session)
        spans = [mark.span for mark in sound.marks]
        assert spans == [word.source for word in SENTENCE.words]
        times = [mark.time_s for mark in sound.marks]
        assert times == sorted(times)
        assert times[0] >= 0
        assert times[-1] < sound.duration_s

    def test_a_word_of_several_syllables_keeps_its_source(
        self, engine: Engine, session: Session
    ) -> None:
        """`25` is said in three words, and all of them point at the number."""
        if not engine.info.word_marks:
            pytest.skip("it gives no word marks")
        spoken = "hai mươi lăm"
        base = utterance(spoken)
        number = Utterance(
            (4, 6), "25", spoken, 0.1, tuple(type(w)(w.spoken, (4, 6)) for w in base.words)
        )
        assert {mark.span for mark in self.speak(engine, session, number).marks} == {(4, 6)}

    def test_slots_fill_and_free(self, engine: Engine, session: Session) -> None:
        voice = engine.voice(engine.voices(self.engine_setup)[0].id)
        slots = session.free_slots
        assert slots == engine.info.slots
        assert session.idle
        for id in range(slots):
            session.add(id, SENTENCE, voice, Options())
        assert session.free_slots == 0
        assert not session.idle
        with pytest.raises(RuntimeError):
            session.add(99, SENTENCE, voice, Options())
        events = finish(session)
        assert [events[id][-1] for id in range(slots)] == [Finished(id) for id in range(slots)]
        assert session.free_slots == slots

    def test_cancelling_frees_the_slot_and_is_quiet(self, engine: Engine, session: Session) -> None:
        voice = engine.voice(engine.voices(self.engine_setup)[0].id)
        session.add(1, SENTENCE, voice, Options())
        session.cancel(1)
        session.cancel(12345)
        assert session.idle
        assert finish(session) == {}

    def test_cancelling_from_inside_a_step(self, engine: Engine, session: Session) -> None:
        """Whoever hears the first sound may have had enough."""
        voice = engine.voice(engine.voices(self.engine_setup)[0].id)
        session.add(1, SENTENCE, voice, Options())
        heard: list[Event] = []

        def once(event: Event) -> None:
            heard.append(event)
            session.cancel(1)

        for _ in range(1000):
            session.step(once)
            if heard:
                break
        assert len(heard) == 1
        assert session.idle
        assert self.speak(engine, session).duration_s > 1

    def test_an_utterance_can_be_made_again_from_inside_its_end(
        self, engine: Engine, session: Session
    ) -> None:
        """What came out wrong is added again at once, under the same id."""
        voice = engine.voice(engine.voices(self.engine_setup)[0].id)
        ends: list[Event] = []
        lengths: list[float] = [0.0]

        def again(event: Event) -> None:
            if isinstance(event, Audio):
                lengths[-1] += event.chunk.duration_s
                return
            ends.append(event)
            if len(ends) == 1:
                lengths.append(0.0)
                session.add(1, SENTENCE, voice, Options(seed=1))

        session.add(1, SENTENCE, voice, Options())
        for _ in range(10_000):
            if session.idle:
                break
            session.step(again)
        assert ends == [Finished(1), Finished(1)]
        assert min(lengths) > 1

    @pytest.mark.parametrize(
        "text",
        [
            "<speak><audio src='/etc/passwd'/></speak> xin chào",
            "[[h@l'oU]] xin chào",
            "a\x01b xin\x00 chào\x07",
            "\ud800 xin chào \udfff",
            "đ" * 400,
            "😀 xin chào ☎ ﷽",
            ". , ? !",
            "&lt;break time='30s'/&gt; <break time='30s'/>",
        ],
    )
    def test_hostile_text_is_only_text(self, engine: Engine, session: Session, text: str) -> None:
        key = engine.voices(self.engine_setup)[0].id
        session.add(1, utterance(text), engine.voice(key), Options())
        events = finish(session)[1]
        assert not any(isinstance(event, Failed) for event in events)
        chunks = [event.chunk for event in events if isinstance(event, Audio)]
        # "no markup" shows in the length: a thirty-second break would be heard
        assert join(chunks, engine.info.sample_rate_hz).duration_s < 0.4 * len(text) + 4

    def test_equal_input_gives_equal_sound_where_promised(
        self, engine: Engine, session: Session
    ) -> None:
        one, two = self.speak(engine, session), self.speak(engine, session)
        if engine.info.deterministic:
            assert np.array_equal(one.samples, two.samples)
        assert one.duration_s == pytest.approx(two.duration_s, rel=0.02)

    def test_cloning_is_done_or_refused(self, engine: Engine) -> None:
        rng = np.random.default_rng(1)
        recording = Reference(rng.normal(0, 0.1, 16_000 * 4).astype(np.float32), 16_000, "ab" * 32)
        if not engine.info.clones:
            with pytest.raises(Unsupported, match="cannot clone"):
                engine.condition(recording)
            return
        session = engine.session()
        session.add(1, SENTENCE, engine.condition(recording), Options())
        assert finish(session)[1][-1] == Finished(1)

    @pytest.mark.parametrize("steps", [0, 1, 3])
    def test_what_was_made_for_nobody_can_be_made_for_a_listener(
        self, engine: Engine, session: Session, steps: int
    ) -> None:
        """At any moment of it, and it sounds the same."""
        alone = self.speak(engine, session)
        voice = engine.voice(engine.voices(self.engine_setup)[0].id)
        session.add(1, SENTENCE, voice, Options(priority=Priority.BATCH, first=False))
        events: list[Event] = []
        for _ in range(steps):
            session.step(events.append)
        session.promote(12345)
        if not session.promote(1):  # as the worker does then
            session.cancel(1)
            session.add(1, SENTENCE, voice, Options())
            events.clear()
        events += finish(session).get(1, [])
        assert events[-1] == Finished(1)
        sound = join([e.chunk for e in events if isinstance(e, Audio)], engine.info.sample_rate_hz)
        assert sound.duration_s == pytest.approx(alone.duration_s, rel=0.02)

    def test_it_can_be_promoted_from_inside_a_step(self, engine: Engine, session: Session) -> None:
        """Somebody joins in the moment in which the sound of another comes out."""
        voice = engine.voice(engine.voices(self.engine_setup)[0].id)
        ids = range(min(2, engine.info.slots))
        for id in ids:
            session.add(id, SENTENCE, voice, Options(priority=Priority.BATCH, first=False))
        ends: list[Event] = []

        def hear(event: Event) -> None:
            session.promote(ids[-1])
            if not isinstance(event, Audio):
                ends.append(event)

        for _ in range(10_000):
            if session.idle:
                break
            session.step(hear)
        assert sorted(end.id for end in ends) == list(ids)
        assert all(isinstance(end, Finished) for end in ends)

    def test_voices_are_made_ready_beside_the_steps(self, engine: Engine, session: Session) -> None:
        """On another thread, while others are heard."""
        keys = [voice.id for voice in engine.voices(self.engine_setup)]
        rng = np.random.default_rng(2)
        recording = Reference(rng.normal(0, 0.1, 16_000 * 2).astype(np.float32), 16_000, "cd" * 32)
        first = engine.voice(keys[0])
        with ThreadPoolExecutor(1) as other:
            states = [other.submit(engine.voice, key) for key in keys]
            if engine.info.clones:
                states.append(other.submit(engine.condition, recording))
            for _ in range(3):
                session.add(1, SENTENCE, first, Options())
                assert finish(session)[1][-1] == Finished(1)
            for state in states:
                session.add(1, SENTENCE, state.result(), Options())
                assert finish(session)[1][-1] == Finished(1)
        assert all(engine.voice_ready(key) for key in keys[-3:])

    @pytest.mark.parametrize("target", [-20.0, -31.0])
    def test_a_worker_brings_every_voice_to_one_level(self, engine: Engine, target: float) -> None:
        """The first sentence of a voice, and those after it."""
        if not self.has_level:
            pytest.skip("it makes no sound that has a level")
        voices = engine.voices(self.engine_setup)[:4]
        if any(math.isinf(engine.level_lufs(engine.voice(voice.id))) for voice in voices):
            pytest.skip("how loud it speaks is not known")
        worker = Worker(self.build, loudness_lufs=target)
        for voice in voices:
            sounds = [spoken(worker, voice.id) for _ in range(2)]
            level = loudness(np.concatenate(sounds), engine.info.sample_rate_hz)
            assert level == pytest.approx(target, abs=1.0), voice
        worker.close(stop_s=60)

    def test_without_a_level_a_worker_leaves_voices_as_they_are(
        self, engine: Engine, session: Session
    ) -> None:
        worker = Worker(self.build)
        key = engine.voices(self.engine_setup)[0].id
        alone, sound = self.speak(engine, session, voice=key).samples, spoken(worker, key)
        if engine.info.deterministic:
            np.testing.assert_array_equal(sound, alone)
        rate_hz = engine.info.sample_rate_hz
        assert loudness(sound, rate_hz) == pytest.approx(loudness(alone, rate_hz), abs=0.5)
        worker.close(stop_s=60)
