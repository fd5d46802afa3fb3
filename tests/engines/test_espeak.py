"""What is particular to the embedded engine and the library under it."""

from __future__ import annotations

import gc
import threading
from pathlib import Path

import numpy as np
import pytest

from sonca import espeakng
from sonca.engines.base import Audio, Event, Options, Setup
from sonca.engines.espeak import EspeakEngine
from sonca.errors import EngineError, EngineNotInstalled
from sonca.testing import utterance
from tests.processes import resident_bytes


def pitch_hz(samples: np.ndarray, rate_hz: int) -> float:
    """Median pitch by autocorrelation over voiced frames."""
    found = []
    for start in range(0, len(samples) - 1024, 512):
        frame = samples[start : start + 1024] - samples[start : start + 1024].mean()
        if np.sqrt(np.mean(frame**2)) < 0.05:
            continue
        spectrum = np.abs(np.fft.rfft(frame, 2048)) ** 2
        correlation = np.fft.irfft(spectrum)[:1024]
        low, high = rate_hz // 400, rate_hz // 60
        lag = low + int(np.argmax(correlation[low:high]))
        if correlation[lag] > 0.5 * correlation[0]:
            found.append(rate_hz / lag)
    return float(np.median(found))


def say(engine: EspeakEngine, voice: str, options: Options | None = None) -> np.ndarray:
    session = engine.session()
    text = "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài."
    session.add(1, utterance(text), engine.voice(voice), options or Options())
    events: list[Event] = []
    session.step(events.append)
    return np.concatenate([event.chunk.samples for event in events if isinstance(event, Audio)])


@pytest.fixture(scope="module")
def engine():  # type: ignore[no-untyped-def]
    engine = EspeakEngine()
    yield engine
    engine.close()


def test_there_are_men_and_women_of_three_regions(engine: EspeakEngine) -> None:
    voices = EspeakEngine.voices(Setup())
    kinds = [(voice.region, voice.gender) for voice in voices]
    for region in ("north", "central", "south"):
        for gender in ("female", "male"):
            assert kinds.count((region, gender)) == 2
    assert all("máy" in voice.name for voice in voices), "an honest name says it is a machine"


def test_women_speak_higher_than_men(engine: EspeakEngine) -> None:
    pitches = {v.id: pitch_hz(say(engine, v.id), 22_050) for v in EspeakEngine.voices(Setup())}
    men = [hz for key, hz in pitches.items() if "-male" in key]
    women = [hz for key, hz in pitches.items() if "-female" in key]
    assert max(men) < min(women), pitches


def test_pitch_moves_the_pitch(engine: EspeakEngine) -> None:
    normal = pitch_hz(say(engine, "north-male"), 22_050)
    high = pitch_hz(say(engine, "north-male", Options(pitch=1.5)), 22_050)
    assert high / normal == pytest.approx(1.5, rel=0.2)


def test_regions_sound_different(engine: EspeakEngine) -> None:
    phonemes = {
        accent: engine.library.phonemes("rượu vang dịu dàng", accent)
        for accent in ("vi", "vi-vn-x-central", "vi-vn-x-south")
    }
    assert len(set(phonemes.values())) == 3, phonemes


def test_sound_comes_out_while_the_sentence_is_being_made(engine: EspeakEngine) -> None:
    session = engine.session()
    long = utterance("một hai ba bốn năm sáu bảy tám chín mười " * 5)
    session.add(1, long, engine.voice("north-male"), Options())
    sizes: list[float] = []
    session.step(lambda e: sizes.append(e.chunk.duration_s) if isinstance(e, Audio) else None)
    assert len(sizes) > 5
    assert max(sizes) < 1


@pytest.mark.slow
def test_engines_do_not_disturb_each_other() -> None:
    """Two engines on two threads, each with its own copy of the C globals."""
    expected = {}
    lengths: dict[str, list[int]] = {"north-male": [], "south-female": []}

    def run(voice: str) -> None:
        engine = EspeakEngine()
        for _ in range(60):
            lengths[voice].append(len(say(engine, voice)))
        engine.close()

    for voice in lengths:
        run(voice)
        expected[voice] = np.median(lengths[voice])
        lengths[voice].clear()
    threads = [threading.Thread(target=run, args=(voice,)) for voice in lengths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for voice, made in lengths.items():
        assert len(made) == 60
        assert np.allclose(made, expected[voice], rtol=0.02), voice


@pytest.mark.slow
def test_ten_thousand_calls_leak_nothing(engine: EspeakEngine) -> None:
    session = engine.session()
    voices = [engine.voice(voice.id) for voice in EspeakEngine.voices(Setup())]
    said = utterance("xin chào")

    def calls(count: int) -> None:
        for n in range(count):
            session.add(n, said, voices[n % len(voices)], Options(speed=1 + n % 2))
            session.step(lambda event: None)

    calls(1000)
    grown = []
    for _ in range(3):  # a leak shows in each; what other tests have left to free, only in one
        gc.collect()
        before = resident_bytes()
        calls(4000)
        gc.collect()
        grown.append(resident_bytes() - before)
    assert min(grown) < 3 << 19


def test_engines_can_be_made_and_closed_many_times() -> None:
    for _ in range(30):
        engine = EspeakEngine()
        assert len(say(engine, "north-male")) > 10_000
        engine.close()


def test_a_closed_library_is_no_longer_mapped() -> None:
    """A server that unloads idle engines would else grow by half a megabyte each time."""

    def mappings() -> int:
        return Path("/proc/self/maps").read_text().count("sonca-espeak")

    before = mappings()
    library = espeakng.Library()
    assert mappings() > before
    library.close()
    assert mappings() == before


def test_an_error_in_the_sink_comes_out_as_itself() -> None:
    library = espeakng.Library()

    def broken(sound: bytes, words: object) -> bool:
        raise ValueError("the sink broke")

    with pytest.raises(ValueError, match="the sink broke"):
        library.speak("xin chào", "vi", broken, words_per_minute=160, pitch=50)
    assert library.phonemes("chào", "vi")
    library.close()


def test_an_unknown_voice_is_an_error() -> None:
    library = espeakng.Library()
    with pytest.raises(EngineError, match="no voice 'xx-yy'"):
        library.phonemes("chào", "xx-yy")
    library.close()


def test_a_long_data_path_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """espeak-ng cuts paths at 160 bytes; a deep virtual environment is longer."""
    library_path, data_path = espeakng._locate()
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    (deep / "espeak-ng-data").symlink_to(data_path)
    monkeypatch.setattr(espeakng, "_locate", lambda: (library_path, deep / "espeak-ng-data"))
    library = espeakng.Library()
    assert library.phonemes("chào", "vi")
    library.close()


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    assert EspeakEngine.missing(Setup()) == "pip install espeakng-loader"
    with pytest.raises(EngineNotInstalled, match="pip install espeakng-loader"):
        espeakng.Library()


def test_phonemes_of_english() -> None:
    library = espeakng.Library()
    assert library.phonemes("Facebook") == "fˈeɪsbʊk"
    assert library.phonemes("") == ""
    assert " " in library.phonemes("Hello. World, again!")
    library.close()


def test_voices_speak_at_the_level_that_they_are_said_to_have() -> None:
    """One fixed gain a voice: a text it was not measured on comes within 1.5 LU."""
    from sonca.loudness import loudness

    engine = EspeakEngine()
    off = {
        v.id: loudness(say(engine, v.id), 22_050) - engine.level_lufs(engine.voice(v.id))
        for v in EspeakEngine.voices(Setup())
    }
    engine.close()
    assert max(map(abs, off.values())) < 1.5, off
