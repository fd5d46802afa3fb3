"""Speech that is listened to: what is left out is made again, what stays doubtful is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from sonca import Sonca
from sonca import text as texts
from sonca.audio import AudioChunk, join
from sonca.engines.base import Options
from sonca.engines.tone import ToneEngine
from sonca.errors import Cancelled, DeadlineExceeded, EngineNotInstalled
from sonca.listening import Listener, Verdict
from sonca.listening.alignment import HeardWord
from sonca.listening.listener import judged
from sonca.store.chunks import ChunkCache
from sonca.synthesizer import SpeechRequest
from sonca.synthesizer.verified import VerifiedStream
from sonca.utterance import Utterance
from sonca.worker import StreamItem
from tests.listening.ears import Ears

TEXT = "Chiều hôm ấy trời nổi cơn gió lạnh. Đò nhỏ trôi giữa sông đêm vắng người."
WORDS = TEXT.lower().replace(".", "").split()


class Forgetful(ToneEngine):
    """Leaves words out: with which seeds, a class attribute says."""

    left_out: str = "gió"
    seeds: Sequence[int] = (0,)
    takes: ClassVar[list[int]] = []

    @classmethod
    def create(cls, setup: object) -> Forgetful:
        engine = cls()
        engine._info = replace(engine._info, word_marks=False)
        return engine

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.takes.append(options.seed)
        spoken = [utterance.spoken[slice(*word.spoken)] for word in utterance.words]
        for word, chunk in zip(spoken, super().synthesize(utterance, voice, options), strict=True):
            if word != self.left_out or options.seed not in self.seeds:
                yield replace(chunk, marks=())


@pytest.fixture
def sonca(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sonca]:
    monkeypatch.setattr(ToneEngine, "create", Forgetful.create)
    monkeypatch.setattr(Forgetful, "takes", [])
    cache = ChunkCache(tmp_path, quota_bytes=1 << 24)
    with Sonca("tone", cache=cache) as sonca:
        listener = Listener(Ears(WORDS))
        monkeypatch.setattr(sonca, "listener", lambda _language: listener)
        yield sonca


def request(**fields: object) -> SpeechRequest:
    return SpeechRequest(TEXT, "low", verify=True, **fields)  # type: ignore[arg-type]


def heard(sonca: Sonca, chunk: AudioChunk) -> list[str]:
    return [w.text for w in Ears(WORDS).hear(chunk.samples, chunk.sample_rate_hz, "vi")]


def test_a_word_that_is_left_out_is_heard_and_the_sentence_made_again(sonca: Sonca) -> None:
    with sonca.submit(request()) as speech:
        takes = list(speech.utterances())
    said = [word for take in takes for chunk in take.chunks for word in heard(sonca, chunk)]
    assert said == WORDS
    assert [take.problem for take in takes] == [None, None]
    assert sorted(Forgetful.takes) == [0, 0, 1]


def test_without_verify_nobody_listens(sonca: Sonca) -> None:
    with sonca.submit(replace(request(), verify=False)) as speech:
        takes = list(speech.utterances())
    assert Forgetful.takes == [0, 0]
    assert [take.problem for take in takes] == [None, None]


def test_what_stays_doubtful_is_told_with_its_place_and_the_best_take_kept(
    sonca: Sonca, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Forgetful, "seeds", (0, 1, 2))
    with sonca.submit(request()) as speech:
        list(speech)
    assert [(TEXT[slice(*s.span)], s.problem) for s in speech.suspects] == [
        ("Chiều hôm ấy trời nổi cơn gió lạnh.", "doubtful")
    ]
    assert sorted(Forgetful.takes) == [0, 0, 1, 2]


def test_an_engine_that_does_not_heed_seeds_is_asked_once_more_and_no_oftener(
    sonca: Sonca, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Forgetful.synthesize

    def seedless(
        self: Forgetful, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        return plain(self, utterance, voice, replace(options, seed=0))

    monkeypatch.setattr(Forgetful, "synthesize", seedless)
    with sonca.submit(request()) as speech:
        list(speech)
    assert len(speech.suspects) == 1
    assert len(Forgetful.takes) == 3


def test_words_get_their_times_from_what_was_heard(sonca: Sonca) -> None:
    async def marks() -> list[tuple[str, float]]:
        with sonca.submit(request()) as speech:
            return [
                (TEXT[slice(*mark.span)], mark.time_s)
                async for chunk in speech
                for mark in chunk.marks
                if mark.kind == "word"
            ]

    found = asyncio.run(marks())
    assert [word.lower() for word, _ in found] == WORDS
    times = [time_s for _, time_s in found]
    assert times[:3] == pytest.approx([0.0, 0.2, 0.4], abs=0.01)
    assert times == sorted(times)


def test_the_better_take_is_what_is_kept(sonca: Sonca) -> None:
    with sonca.submit(request()) as speech:
        first = [chunk.samples for chunk in speech]
    before = list(Forgetful.takes)
    with sonca.submit(replace(request(), verify=False)) as speech:
        again = [chunk.samples for chunk in speech]
    assert Forgetful.takes == before
    assert np.allclose(np.concatenate(first), np.concatenate(again), atol=1e-3)


def test_without_a_recogniser_it_says_what_to_do(tmp_path: Path) -> None:
    with Sonca("tone") as sonca, pytest.raises(EngineNotInstalled, match="models pull"):
        sonca.submit(request())


def test_what_is_doubtful_follows_what_is_usual_for_the_voice() -> None:
    def heard(count: int) -> Verdict:
        words = [HeardWord(word, 0.0, 0.0) for word in WORDS]
        return judged(WORDS, [1.0] * len(WORDS), words[count:])

    listener = Listener(Ears(WORDS))
    for count in (0, 0, 1, 0, 0, 0, 0, 8, 0, 0, 0, 0, 1, 0):
        listener.learn("clear", heard(count))
    for count in (3, 2, 4, 3, 3, 5, 3, 2, 3, 4, 3, 2, 3, 4):
        listener.learn("dim", heard(count))
    assert listener.doubt("clear", heard(0)) == 0
    assert listener.doubt("clear", heard(2)) > listener.limit("clear")
    assert listener.doubt("dim", heard(4)) < listener.limit("dim")
    assert listener.doubt("dim", heard(10)) > listener.limit("dim")
    assert listener.doubt("unknown", heard(2)) > listener.limit("unknown")


def test_a_missing_word_is_as_clear_in_a_long_sentence() -> None:
    listener = Listener(Ears(WORDS))
    words = WORDS * 3
    heard = [HeardWord(word, 0.0, 0.0) for word in words]
    for _ in range(40):
        listener.learn("voice", judged(words, [1.0] * len(words), heard))
    missing = judged(words, [1.0] * len(words), heard[:20] + heard[21:])
    assert listener.doubt("voice", missing) > listener.limit("voice")


def test_who_cancels_while_it_is_heard_has_nothing_made_again(
    sonca: Sonca, monkeypatch: pytest.MonkeyPatch
) -> None:
    hear = Ears.hear
    with sonca.submit(request()) as speech:

        def interrupted(self: Ears, *sound: object) -> list[HeardWord]:
            speech.cancel()
            return hear(self, *sound)  # type: ignore[arg-type]

        monkeypatch.setattr(Ears, "hear", interrupted)
        with pytest.raises(Cancelled):
            list(speech)
    assert 1 not in Forgetful.takes


def test_who_cancels_while_it_is_made_again_frees_the_engine(
    sonca: Sonca, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Forgetful.synthesize
    with sonca.submit(request()) as speech:

        def interrupted(
            self: Forgetful, utterance: Utterance, voice: float, options: Options
        ) -> Iterator[AudioChunk]:
            if options.seed:
                speech.cancel()
            return plain(self, utterance, voice, options)

        monkeypatch.setattr(Forgetful, "synthesize", interrupted)
        with pytest.raises(Cancelled):
            list(speech)
    assert Forgetful.takes.count(1) == 1
    assert 2 not in Forgetful.takes


def test_another_take_is_within_the_time_of_its_request(sonca: Sonca) -> None:
    utterance = next(iter(texts.plan(TEXT).utterances))
    with pytest.raises(DeadlineExceeded):
        sonca._again(request(), time.monotonic() - 1, utterance, 1)


class _OneTake:
    """A speech of one utterance."""

    def __init__(self, chunk: AudioChunk, problem: str | None) -> None:
        self.chunks, self.problem = (chunk,), problem

    def utterances(self) -> Iterator[_OneTake]:
        yield self

    def cancel(self) -> None:
        pass


@pytest.mark.parametrize("problem", [None, "long"])
def test_what_was_wrong_with_the_first_take_is_not_said_of_another(problem: str | None) -> None:
    utterance = next(iter(texts.plan(TEXT).utterances))
    with Sonca("tone") as sonca:
        voice = sonca.resolve("low").voice
        with sonca.submit(SpeechRequest(TEXT, "low")) as speech:
            good = join(next(speech.utterances()).chunks, speech.sample_rate_hz)
    short = AudioChunk(np.zeros(100, np.float32), good.sample_rate_hz)
    items = [StreamItem(utterance, short), StreamItem(utterance, None, problem="short")]
    stream = VerifiedStream(
        items,  # type: ignore[arg-type]
        Listener(Ears(WORDS)),
        voice,
        lambda _utterance, _take: _OneTake(good, problem),
        lambda _utterance, _chunks: None,
        marks=False,
    )
    assert [item.problem for item in stream] == [None, problem]
