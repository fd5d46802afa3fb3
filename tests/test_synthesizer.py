"""The one path: text in, one time line of sound out."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from sonca import Sonca
from sonca.audio import AudioChunk, join
from sonca.engines import registry
from sonca.engines.base import Options, Setup
from sonca.engines.tone import ToneEngine
from sonca.errors import (
    Busy,
    Cancelled,
    DeadlineExceeded,
    EmptyText,
    EngineError,
    EngineNotInstalled,
    InvalidRequest,
    NothingToSay,
    ShuttingDown,
    TextTooLong,
    UnknownEngine,
    UnknownVoice,
)
from sonca.store.chunks import ChunkCache
from sonca.synthesizer import EngineLoading, SpeechRequest, facade
from sonca.synthesizer.request import cache_key
from sonca.testing import utterance
from sonca.utterance import Priority, Utterance
from sonca.worker import Request, Worker, WorkItem, quality
from tests.worker.test_worker import eventually

TEXT = "Chiều hôm đó trời nổi gió. Ông Thoại đang định buộc đò!\n\nĐò ơi?"


@pytest.fixture(scope="module")
def tone():  # type: ignore[no-untyped-def]
    with Sonca("tone") as sonca:
        yield sonca


@pytest.mark.parametrize("engine", ["espeak", "tone"])
def test_an_engine_that_cannot_use_the_device_asked_for_by_name_is_an_error(engine: str) -> None:
    with Sonca(engine, setup=Setup(device="cuda")) as sonca:
        with pytest.raises(EngineError, match=f"cuda was asked for.*{engine} runs on cpu.*auto"):
            sonca.speak("Xin chào.")
        assert sonca.pool.state == "broken"
    with Sonca(engine, setup=Setup(device="cpu")) as sonca:
        assert len(sonca.speak("Xin chào.").samples)


def test_speaking_is_the_joined_stream(tone: Sonca) -> None:
    whole = tone.speak(TEXT)
    streamed = join(tone.stream(TEXT), whole.sample_rate_hz)
    assert np.array_equal(whole.samples, streamed.samples)
    assert whole.marks == streamed.marks


def test_marks_run_along_the_stream_and_point_into_the_text(tone: Sonca) -> None:
    sound = tone.speak(TEXT)
    times = [mark.time_s for mark in sound.marks]
    assert times == sorted(times)
    sentences = [TEXT[slice(*mark.span)] for mark in sound.marks if mark.kind == "sentence"]
    assert sentences == ["Chiều hôm đó trời nổi gió.", "Ông Thoại đang định buộc đò!", "Đò ơi?"]
    words = [TEXT[slice(*mark.span)] for mark in sound.marks if mark.kind == "word"]
    assert words[:3] == ["Chiều", "hôm", "đó"]
    assert words[-2:] == ["Đò", "ơi"]


def test_marks_are_where_the_sound_is(tone: Sonca) -> None:
    """A tone begins at its mark: quiet before, loud after."""
    sound = tone.speak(TEXT)
    for mark in sound.marks:
        if mark.kind == "sentence" and mark.time_s > 0:
            at = round(mark.time_s * sound.sample_rate_hz)
            assert np.abs(sound.samples[at - 400 : at]).max() < 1e-6
            assert np.abs(sound.samples[at : at + 400]).max() > 0.1


def test_pauses_go_between_sentences_and_not_at_the_end(tone: Sonca) -> None:
    one = tone.speak("một hai.")
    two = tone.speak("một hai. một hai.")
    assert two.duration_s > 2 * one.duration_s + 0.05
    assert np.abs(one.samples[-200:]).max() > 0


def test_speed_and_voice_and_seed_reach_the_engine(tone: Sonca) -> None:
    normal = tone.speak("một hai ba.")
    assert tone.speak("một hai ba.", speed=2).duration_s == pytest.approx(normal.duration_s / 2)
    for changed in (
        tone.speak("một hai ba.", voice="high"),
        tone.speak("một hai ba.", seed=5),
        tone.speak("một hai ba.", pitch=1.5),
    ):
        assert not np.array_equal(changed.samples, normal.samples)


def test_a_coroutine_reads_the_same(tone: Sonca) -> None:
    async def read() -> np.ndarray:
        return np.concatenate([chunk.samples async for chunk in tone.stream(TEXT)])

    assert np.array_equal(asyncio.run(read()), tone.speak(TEXT).samples)


def test_leaving_the_stream_cancels_it(tone: Sonca) -> None:
    before = tone.load().stats.cancelled
    with tone.stream("một hai ba. " * 2000) as speech:
        next(iter(speech))
    with pytest.raises(Cancelled):
        list(speech)
    tone.speak("xong.")  # goes through the same line after the cancel
    assert tone.load().stats.cancelled == before + 1


def test_a_loop_that_is_left_leaves_nothing_in_line() -> None:
    with Sonca("tone", queue_limit=2) as sonca:
        for _ in range(4):
            for chunk in sonca.stream("một hai ba. " * 2000):
                assert len(chunk.samples)
                break
            eventually(lambda: not sonca.load().stats.depth["interactive"])
        assert sonca.load().stats.cancelled == 4


@pytest.mark.parametrize("text", ["", "   ", "\n\t\n"])
def test_empty_text(tone: Sonca, text: str) -> None:
    with pytest.raises(EmptyText):
        tone.speak(text)


@pytest.mark.parametrize("text", ["***", "— — —", "🙂🙂", "...", "\x00\x01"])
def test_text_with_nothing_to_say(tone: Sonca, text: str) -> None:
    with pytest.raises(NothingToSay):
        tone.speak(text)


def test_text_over_the_limit_names_both_numbers() -> None:
    with Sonca("tone", max_text_chars=10) as sonca:
        assert sonca.speak("một hai ba").duration_s > 0
        with pytest.raises(TextTooLong, match="11 characters, the limit is 10"):
            sonca.speak("một hai ba.")


@pytest.mark.parametrize("name", ["speed", "pitch"])
@pytest.mark.parametrize("value", [0, -1, 0.49, 2.01, 3, math.nan, math.inf, -math.inf])
def test_speed_and_pitch_have_limits(tone: Sonca, name: str, value: float) -> None:
    with pytest.raises(InvalidRequest, match=f"{name} is .*0.5 to 2") as refusal:
        tone.stream("một.", **{name: value})
    assert refusal.value.field == name


def test_unknown_names(tone: Sonca) -> None:
    with pytest.raises(UnknownVoice):
        tone.speak("một.", voice="nobody")
    with pytest.raises(UnknownEngine, match=r"there are: .*espeak"):
        tone.speak("một.", engine="nothing")
    with pytest.raises(UnknownEngine):
        Sonca("nothing")


def test_an_engine_that_is_known_but_not_installed_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tone: Sonca
) -> None:
    monkeypatch.setattr(registry, "missing", lambda spec, setup: "pip install it")
    with pytest.raises(EngineNotInstalled, match="'espeak' is not installed: pip install it"):
        tone.submit(SpeechRequest("một.", engine="espeak"))


def test_the_default_engine_is_embedded_and_test_engines_are_not_shown() -> None:
    with Sonca() as sonca:
        assert "tone" not in {voice.engine for voice in sonca.voices}
        assert "tone" not in {status.name for status in sonca.engines()}
        assert sonca.catalogue.resolve(None, None, sonca.default_engine).voice.engine


def test_a_stand_in_says_whom_it_stands_in_for() -> None:
    with Sonca("espeak") as sonca, sonca.stream("Xin chào.", voice="quynh") as speech:
        assert speech.instead_of == "quynh"
        assert speech.voice.gender == "female"
        assert sum(chunk.duration_s for chunk in speech) > 0.3


def test_vietnamese_names_of_voices_are_understood() -> None:
    with Sonca("espeak") as sonca:
        assert sonca.catalogue.resolve("nu-diu-mien-nam", None, "espeak").voice.id == (
            "south-female-soft"
        )


def test_two_first_requests_load_one_engine() -> None:
    sonca = Sonca("tone")
    workers: list[object] = []
    threads = [threading.Thread(target=lambda: workers.append(sonca.load())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, workers))) == 1
    sonca.close()


def test_an_engine_is_found_by_any_of_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with Sonca("espeak", queue_limit=1) as sonca:
        worker = sonca.load()
        # What is loaded is not looked for on the disk.
        monkeypatch.setattr(registry, "missing", lambda spec, setup: "gone")
        assert sonca.load("espeak-ng") is sonca.load("ESPEAK") is worker
        works = (WorkItem(utterance("một " * 50)) for _ in range(100))
        stream = worker.submit(Request(works, "north-female"))
        with pytest.raises(Busy):
            sonca.pool.submit("ESPEAK", Request(iter([WorkItem(utterance("hai"))]), "north-female"))
        stream.cancel()


def test_the_status_of_engines_is_the_truth() -> None:
    with Sonca("espeak") as sonca:
        [status] = [status for status in sonca.engines() if status.name == "espeak"]
        assert status.info is None
        sonca.speak("Xin chào.")
        [status] = [status for status in sonca.engines() if status.name == "espeak"]
        assert status.info is not None
        assert status.info.device == "cpu"
        assert status.stats is not None
        assert status.stats.utterances == 1


def test_equal_requests_give_equal_bytes_from_the_cache(tmp_path: Path) -> None:
    """Even from espeak, which never says a thing the same way twice."""
    with Sonca("espeak", cache=ChunkCache(tmp_path, quota_bytes=10**9)) as sonca:
        first = sonca.speak(TEXT)
    with Sonca("espeak", cache=ChunkCache(tmp_path, quota_bytes=10**9)) as sonca:
        second = sonca.speak(TEXT)
        assert np.array_equal(first.samples, second.samples)
        assert first.marks == second.marks
        assert sonca.load().stats.reused == 3
        other = sonca.speak(TEXT, speed=1.1)
        assert sonca.load().stats.reused == 3
        assert other.duration_s < first.duration_s


def test_an_edited_text_costs_only_what_changed(tmp_path: Path) -> None:
    cache = ChunkCache(tmp_path, quota_bytes=10**9)
    before, after = "Một hai. Ba bốn. Năm sáu.", "Một hai! Ba bốn ạ. Năm sáu."
    with Sonca("tone") as plain:
        expected = plain.speak(after)
    with Sonca("tone", cache=cache) as sonca:
        sonca.speak(before)
    with Sonca("tone", cache=ChunkCache(tmp_path, quota_bytes=10**9)) as sonca:
        edited = sonca.speak(after)
        assert sonca.load().stats.utterances == 2
        assert sonca.load().stats.reused == 1
    assert np.array_equal(edited.samples, expected.samples)
    assert edited.marks == expected.marks  # those of the kept sentence moved with the text


def test_a_word_spoken_in_its_own_language_is_another_sound_to_the_cache() -> None:
    """Engines that can switch language say "team" or, as it is read in Vietnamese, "tim"."""
    tim = utterance("tim")
    team = replace(tim, words=(replace(tim.words[0], foreign="team"),))
    assert cache_key(team, "") != cache_key(tim, "")


def test_another_level_is_another_sound_to_the_cache(tmp_path: Path) -> None:
    for level in (None, -20.0, -26.0):
        cache = ChunkCache(tmp_path, quota_bytes=10**9)
        with Sonca("tone", cache=cache, loudness_lufs=level) as sonca:
            sonca.speak("Xin chào.")
            assert sonca.load().stats.reused == 0


def test_impossible_sound_is_reported_with_its_place(monkeypatch: pytest.MonkeyPatch) -> None:

    monkeypatch.setattr(quality, "MIN_SYLLABLE_S", 0.3)
    with Sonca("tone") as sonca, sonca.stream("một hai. ba bốn.") as speech:
        assert speech.suspects == []
        list(speech)
        assert [(suspect.span, suspect.problem) for suspect in speech.suspects] == [
            ((0, 8), "short"),
            ((9, 16), "short"),
        ]


def test_a_reference_for_an_engine_that_cannot_clone_is_refused_at_once() -> None:
    from sonca.engines.base import Reference
    from sonca.errors import Unsupported

    recording = Reference(np.zeros(16_000, np.float32), 16_000, "ab" * 32)
    with Sonca("espeak") as sonca, pytest.raises(Unsupported, match="cannot clone"):
        sonca.submit(SpeechRequest("Xin chào.", reference=recording))
    with Sonca("tone") as sonca, sonca.submit(SpeechRequest("một.", reference=recording)) as speech:
        assert speech.voice.cloned
        assert sum(chunk.duration_s for chunk in speech) > 0


def test_an_idle_engine_is_unloaded_and_the_next_request_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Sonca("tone") as sonca:
        sonca.speak("một.")
        first = sonca.load()
        assert sonca.pool.unload_idle(after_s=3600) == []
        assert sonca.pool.state == "ready"
        assert sonca.pool.unload_idle(after_s=0) == ["tone"]
        assert sonca.pool.state == "unloaded"
        assert first.state == "closed"
        assert sonca.speak("một.").duration_s > 0
        assert sonca.load() is not first


def test_an_engine_in_use_is_not_unloaded() -> None:
    with Sonca("tone") as sonca, sonca.stream("một hai ba. " * 2000) as speech:
        next(iter(speech))
        assert sonca.pool.unload_idle(after_s=0) == []


def test_a_request_that_comes_in_the_moment_of_unloading_is_spoken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Sonca("tone") as sonca:
        sonca.speak("một.")
        close, late = Worker.close, []

        def slow_close(worker: Worker, drain_s: float = 0.0) -> None:
            """Between the look whether it is idle and its end, somebody comes."""
            if not late:
                late.append("")
                with contextlib.suppress(Busy):
                    ticket = worker.submit(Request(iter([WorkItem(utterance("một"))]), "low"))
                    late[0] = ticket
            close(worker, drain_s)

        monkeypatch.setattr(Worker, "close", slow_close)
        eventually(lambda: sonca.pool.unload_idle(after_s=0) == ["tone"])
        [ticket] = late
        assert not ticket or [piece.utterance.spoken for piece in ticket] == ["một"]


def test_unloading_while_requests_come_loses_none() -> None:
    with Sonca("tone") as sonca:
        stop = threading.Event()

        def unload() -> None:
            while not stop.is_set():
                sonca.pool.unload_idle(after_s=0)

        unloader = threading.Thread(target=unload)
        unloader.start()
        try:
            for _ in range(100):
                assert sonca.speak("một.").duration_s > 0
        finally:
            stop.set()
            unloader.join()


def test_a_text_whose_engine_goes_while_it_is_read_is_not_spoken_without_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Sonca("tone") as sonca:
        sonca.speak("một.")
        work, drawn = sonca._work, []

        def disturbed(utterance: Utterance, identity: str, fresh: bool) -> WorkItem:
            drawn.append(utterance)
            if len(drawn) == 2:
                sonca.load()._replicas[0].life = "broken"
                sonca.reload()
            return work(utterance, identity, fresh)

        monkeypatch.setattr(sonca, "_work", disturbed)
        with pytest.raises(ShuttingDown):
            sonca.speak("Một hai. Ba bốn. Năm sáu. Bảy tám. Chín mười.")
        assert len(sonca.speak("Một hai. Ba bốn.").marks) == 6


class Late(ToneEngine):
    """Is loaded when it is let go."""

    go = threading.Event()

    @classmethod
    def create(cls, setup: Setup) -> Late:
        assert cls.go.wait(60)
        return cls()


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sonca]:
    monkeypatch.setattr(ToneEngine, "create", Late.create)
    Late.go.clear()
    with Sonca("tone") as sonca:
        yield sonca
        Late.go.set()


def test_time_in_which_the_engine_is_loaded_counts(late: Sonca) -> None:
    with pytest.raises(DeadlineExceeded, match="tone was not loaded in time"):
        late.submit(SpeechRequest("một hai.", deadline_s=0.1))
    Late.go.set()
    assert late.speak("một hai.").duration_s > 0


def test_time_in_which_the_text_is_read_counts(
    late: Sonca, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, limits, plan = [0.0], [], facade.texts.plan_iter

    def slow(*args: Any, **options: Any) -> Any:
        now[0] += 4
        return plan(*args, **options)

    def in_vain(limit_s: float) -> None:
        limits.append(limit_s)
        raise TimeoutError

    monkeypatch.setattr(facade, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(facade.texts, "plan_iter", slow)
    monkeypatch.setattr(late.load().loaded, "result", in_vain)
    with pytest.raises(DeadlineExceeded):
        late.submit(SpeechRequest("một hai.", deadline_s=5))
    assert limits == [1]


def test_who_does_not_wait_for_an_engine_hears_of_it_before_the_text_is_read(late: Sonca) -> None:
    with pytest.raises(EngineLoading) as refusal:
        late.submit(SpeechRequest("***"), wait=False)
    Late.go.set()
    refusal.value.loaded.result(60)
    with pytest.raises(NothingToSay):
        late.submit(SpeechRequest("***"), wait=False)


def test_all_engines_stop_taking_requests_before_the_first_is_closed(tone: Sonca) -> None:
    """Else one would take what it cannot finish, while another is still at work."""
    with Sonca("tone") as sonca:
        slow, other = Slow(), Worker(ToneEngine)
        sonca.pool._workers = {"slow": Worker(lambda: slow), "other": other}
        other.loaded.result(10)
        ticket = sonca.pool._workers["slow"].submit(
            Request(iter([WorkItem(utterance("một"))]), "low")
        )
        assert slow.begun.wait(60)
        closing = threading.Thread(target=lambda: sonca.close(60))
        closing.start()
        eventually(lambda: other.state in ("draining", "closed"))
        with pytest.raises(ShuttingDown):
            other.submit(Request(iter([WorkItem(utterance("hai"))]), "low"))
        slow.go.set()
        closing.join(60)
        assert [piece.utterance.spoken for piece in ticket if piece.chunk is None] == ["một"]


class Slow(ToneEngine):
    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.begun.set()
        assert self.go.wait(60)
        yield from super().synthesize(utterance, voice, options)


def test_a_book_may_ask_how_many_places_it_has() -> None:
    with Sonca("tone", queue_limit=10) as sonca:
        assert sonca.load("tone").places(Priority.BATCH) == 5
        assert sonca.load("tone").places(Priority.FILE) == 10
