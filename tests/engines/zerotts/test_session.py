"""Sentences side by side, short lines, and those that do not end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.zerotts import random_model
from sonca.audio import AudioChunk
from sonca.engines.base import Audio, Event, Finished, Options, Setup
from sonca.engines.zerotts import ZeroTTSEngine
from sonca.engines.zerotts.speaking import TRIES
from sonca.testing import utterance
from sonca.utterance import Priority
from sonca.worker import quality

pytestmark = pytest.mark.slow

TEXTS = (
    "Chiều hôm đó trời nổi gió, mây kéo xuống thành từng vệt dài.",
    "Xin chào các bạn thân mến.",
    "Bà đứng ở hiên nhà nhìn ra con đường làng, tay cầm một cái nón cũ, không nói gì cả.",
    "Đi thôi nào các em ơi.",
)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZeroTTSEngine]:
    """An engine that babbles on after every sentence."""
    folder = tmp_path_factory.mktemp("endless")
    sizes = replace(random_model.TINY, frames_per_id=1000.0)
    random_model.make(folder / "zerotts" / "endless", sizes)
    engine = ZeroTTSEngine(Setup(models_dir=folder, threads=1))
    yield engine
    engine.close()


def spoken(
    engine: ZeroTTSEngine, texts: tuple[str, ...], options: Options, joins: int = 0
) -> list[np.ndarray[Any, Any]]:
    """The sound of sentences in one session, each of which comes `joins` steps after the last."""
    session, heard = engine.session(), {n: [np.zeros(0, np.float32)] for n in range(len(texts))}

    def hear(event: Event) -> None:
        if isinstance(event, Audio):
            heard[event.id].append(event.chunk.samples)

    for id, text in enumerate(texts):
        voice = engine.voice("maichi" if id % 2 else "giahuy")
        session.add(id, utterance(text), voice, options)
        for _ in range(joins):
            session.step(hear)
    while not session.idle:
        session.step(hear)
    return [np.concatenate(pieces) for pieces in heard.values()]


@pytest.mark.parametrize("joins", [0, 1, 13])
def test_a_sentence_sounds_the_same_in_company(engine: ZeroTTSEngine, joins: int) -> None:
    together = spoken(engine, TEXTS, Options(), joins)
    for id, text in enumerate(TEXTS):
        session, pieces = engine.session(), []
        voice = engine.voice("maichi" if id % 2 else "giahuy")
        session.add(0, utterance(text), voice, Options())
        while not session.idle:
            session.step(lambda e: pieces.append(e.chunk.samples) if isinstance(e, Audio) else None)  # noqa: B023
        np.testing.assert_allclose(together[id], np.concatenate(pieces), atol=1e-4)


def test_a_listener_hears_the_first_frame_and_then_longer_pieces(engine: ZeroTTSEngine) -> None:
    session, sizes = engine.session(), []
    session.add(0, utterance(TEXTS[2]), engine.voice("maichi"), Options())
    while not session.idle:
        session.step(lambda e: sizes.append(len(e.chunk.samples)) if isinstance(e, Audio) else None)
    assert [size // 3840 for size in sizes[:4]] == [1, 2, 4, 8]


def test_for_nobody_sound_is_made_in_long_pieces(engine: ZeroTTSEngine) -> None:
    session, sizes = engine.session(), []
    options = Options(priority=Priority.BATCH, first=False)
    session.add(0, utterance(TEXTS[2]), engine.voice("maichi"), options)
    while not session.idle:
        session.step(lambda e: sizes.append(len(e.chunk.samples)) if isinstance(e, Audio) else None)
    assert sizes[0] == 25 * 3840


def test_one_is_cancelled_and_the_others_go_on(engine: ZeroTTSEngine) -> None:
    session, ends = engine.session(), []
    for id, text in enumerate(TEXTS):
        session.add(id, utterance(text), engine.voice("maichi"), Options())

    def hear(event: Event) -> None:
        session.cancel(1)
        if isinstance(event, Finished):
            ends.append(event.id)

    while not session.idle:
        session.step(hear)
    assert sorted(ends) == [0, 2, 3]


def test_a_seed_is_a_way_of_speaking(engine: ZeroTTSEngine) -> None:
    """And nothing of the sentence before is heard in the next: no drift within a text."""
    one, again = (spoken(engine, TEXTS[:1], Options(seed=5))[0] for _ in range(2))
    after = spoken(engine, TEXTS[2:0:-1], Options(seed=5))
    other = spoken(engine, TEXTS[:1], Options(seed=6))[0]
    np.testing.assert_array_equal(one, again)
    np.testing.assert_allclose(
        after[1], spoken(engine, ("x", TEXTS[1]), Options(seed=5))[1], atol=1e-4
    )
    assert len(other) != len(one) or not np.allclose(one, other, atol=1e-3)


@pytest.mark.parametrize("seed", [-1, 0, 2**70])
def test_any_whole_number_is_a_seed(engine: ZeroTTSEngine, seed: int) -> None:
    assert len(spoken(engine, TEXTS[1:2], Options(seed=seed))[0])


def test_a_sentence_that_does_not_end_is_stopped_and_found_too_long(
    endless: ZeroTTSEngine,
) -> None:
    said = utterance(TEXTS[0])
    (sound,) = spoken(endless, TEXTS[:1], Options(speed=1.0))
    assert len(sound) / 48_000 < 2 * said.syllables
    assert quality.find_problem(said, 1.0, [AudioChunk(sound, 48_000)]) == "long"


@pytest.mark.parametrize("text", ["Ừ.", "Đúng rồi.", "Không đâu em!"])
def test_a_short_line_that_babbles_is_made_again_unheard(
    endless: ZeroTTSEngine, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    session = endless.session()
    join = session._prefix.join  # type: ignore[attr-defined]
    monkeypatch.setattr(
        session._prefix,  # type: ignore[attr-defined]
        "join",
        lambda *rest: (begun.append(1), join(*rest))[1],
    )
    heard: list[Event] = []
    session.add(0, utterance(text), endless.voice("maichi"), Options())
    while not session.idle:
        session.step(heard.append)
    assert len(begun) == TRIES
    (sound, end) = heard
    assert isinstance(sound, Audio)
    assert end == Finished(0)
    assert sound.chunk.duration_s < 1.1 + 0.6 * len(text.split())


def test_a_short_line_is_heard_when_it_is_complete(engine: ZeroTTSEngine) -> None:
    heard: list[Event] = []
    session = engine.session()
    session.add(0, utterance("Đúng rồi."), engine.voice("maichi"), Options())
    while not session.idle:
        session.step(heard.append)
    assert len(heard) == 2


@pytest.mark.parametrize("text", [". , ? !", "\u200b\x00", "…", "☎ ﷽"])
def test_what_the_model_has_no_id_for_is_not_sent(engine: ZeroTTSEngine, text: str) -> None:
    assert [len(sound) for sound in spoken(engine, (text,), Options())] == [0]


def test_a_level_is_measured_once_and_kept(models_dir: Path) -> None:
    engine = ZeroTTSEngine(Setup(models_dir=models_dir, threads=1))
    level = engine.level_lufs(engine.voice("maichi"))
    assert -40 < level < -5
    assert (models_dir / "zerotts" / "zerotts" / "levels.sonca.json").is_file()
    other = ZeroTTSEngine(Setup(models_dir=models_dir, threads=1))
    other._levels.measure = None  # type: ignore[method-assign,assignment]
    assert other.level_lufs(other.voice("maichi")) == level
