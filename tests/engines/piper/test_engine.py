"""What is particular to the Piper engine: many voices, streaming, one level, bad files."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from sonca import install
from sonca.audio import AudioChunk, join
from sonca.engines.base import Audio, Event, Failed, Finished, Options, Setup
from sonca.engines.piper import PiperEngine, calibration, voice_files
from sonca.engines.piper import engine as engine_module
from sonca.engines.piper.tasks import (
    ALONE_FRAMES,
    FIRST_WINDOW,
    MOST_FRAMES,
    windows,
)
from sonca.engines.piper.vits_model import Latent, VitsModel
from sonca.errors import EngineError, EngineNotInstalled, StorageError
from sonca.loudness import loudness
from sonca.synthesizer import choosing
from sonca.testing import utterance
from sonca.voices.permits import Permits
from tests.engines.piper import tiny

LONG = "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài rất dài."


def chunks(engine: PiperEngine, key: str, text: str = LONG, **options: float) -> list[AudioChunk]:
    session = engine.session()
    session.add(1, utterance(text), engine.voice(key), Options(**options))  # type: ignore[arg-type]
    events: list[Event] = []
    while not session.idle:
        session.step(events.append)
    assert events[-1] == Finished(1), events[-1]
    return [event.chunk for event in events if isinstance(event, Audio)]


def sound(engine: PiperEngine, key: str, text: str = LONG, **options: float) -> np.ndarray:
    return join(chunks(engine, key, text, **options), engine.info.sample_rate_hz).samples


def test_a_speaker_is_a_voice_of_its_own(models_dir: Path) -> None:
    keys = [voice.id for voice in PiperEngine.voices(Setup(models_dir=models_dir))]
    assert keys == [
        "vi_vn-three-x_low-nguoi-0",
        "vi_vn-three-x_low-nguoi-1",
        "vi_vn-three-x_low-nguoi-2",
        "vi_vn-tiny-low",
    ]


def test_speakers_differ(engine: PiperEngine) -> None:
    one = sound(engine, "vi_vn-three-x_low-nguoi-0")
    two = sound(engine, "vi_vn-three-x_low-nguoi-1")
    size = min(len(one), len(two))
    assert not np.allclose(one[:size], two[:size], atol=1e-3)


def test_the_first_chunk_is_short_and_the_rest_follows(engine: PiperEngine) -> None:
    made = chunks(engine, "vi_vn-tiny-low")
    sizes = [len(chunk.samples) // tiny.HOP for chunk in made]
    assert sizes[0] == FIRST_WINDOW
    assert len(sizes) >= 3
    assert max(sizes) <= MOST_FRAMES


def test_what_nobody_waits_for_is_made_in_large_windows(engine: PiperEngine) -> None:
    """And sounds the same but for rounding."""
    session, voice = engine.session(), engine.voice("vi_vn-tiny-low")
    session.add(1, utterance(LONG), voice, Options(first=False))
    events: list[Event] = []
    while not session.idle:
        session.step(events.append)
    made = [event.chunk.samples for event in events if isinstance(event, Audio)]
    assert len(made[0]) // tiny.HOP > 2 * FIRST_WINDOW
    np.testing.assert_allclose(np.concatenate(made), sound(engine, "vi_vn-tiny-low"), atol=1e-5)


def test_a_long_first_sentence_is_heard_before_its_flow_is_made(engine: PiperEngine) -> None:
    """The first window's own flow gives what the flow of the whole gives."""
    long = " ".join([LONG.rstrip(".")] * 3)
    first = sound(engine, "vi_vn-tiny-low", long)
    patient = sound(engine, "vi_vn-tiny-low", long, first=False)
    np.testing.assert_allclose(first, patient, atol=1e-5)


def test_the_flow_in_two_halves_gives_what_the_whole_gives(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretches = []
    plain = VitsModel.flow

    def noted(voice: VitsModel, latent: Latent, start: int, stop: int) -> object:
        stretches.append((start, stop, latent.count))
        return plain(voice, latent, start, stop)

    monkeypatch.setattr(VitsModel, "flow", noted)
    long = " ".join([LONG.rstrip(".")] * 3)
    made = []
    for threads in (1, 2):
        engine = PiperEngine(Setup(models_dir=models_dir, threads=threads, exact=True))
        engine.voice("vi_vn-tiny-low")
        stretches.clear()
        made.append(sound(engine, "vi_vn-tiny-low", long, first=False))
        count = stretches[0][2]
        assert sorted(one[:2] for one in stretches) == (
            [(0, count)] if threads == 1 else [(0, count // 2), (count // 2, count)]
        )
        engine.close()
    np.testing.assert_allclose(*made, atol=1e-5)


def test_windows_cover_every_frame_once() -> None:
    for count in [*range(1, 400), 5000]:
        for first in (True, False):
            spans = windows(count, first=first)
            assert spans[0][0] == 0
            assert spans[-1][1] == count
            assert all(a[1] == b[0] for a, b in pairwise(spans))


def test_later_windows_are_equal_for_two_cores_and_none_is_too_large() -> None:
    for count in [*range(FIRST_WINDOW * 2, 1500), 5000]:
        for first in (True, False):
            sizes = [stop - start for start, stop in windows(count, first=first)]
            if first:
                assert sizes.pop(0) == FIRST_WINDOW
            assert max(sizes) <= MOST_FRAMES
            assert max(sizes) - min(sizes) <= 1
            assert len(sizes) % 2 == 0 or sum(sizes) <= ALONE_FRAMES


def test_a_newcomer_is_heard_before_the_rest_of_a_text_that_nobody_waits_for(
    models_dir: Path,
) -> None:
    engine = PiperEngine(Setup(models_dir=models_dir, threads=1, exact=True))
    session, voice = engine.session(), engine.voice("vi_vn-tiny-low")
    long = " ".join([LONG.rstrip(".")] * 9)
    session.add(1, utterance(long), voice, Options(first=False))
    events: list[Event] = []
    while not events:
        session.step(events.append)
    session.add(2, utterance(LONG), voice, Options())
    while not session.idle:
        session.step(events.append)
    engine.close()
    heard = [event.id for event in events if isinstance(event, Audio)]
    # One window of the first was begun before the second came.
    assert heard[:3] == [1, 1, 2]
    assert heard.count(1) > 4


def test_eight_at_once_say_what_each_says_alone(engine: PiperEngine) -> None:
    texts = [f"{LONG} Câu số {n}." for n in ("một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám")]
    alone = [sound(engine, "vi_vn-tiny-low", text) for text in texts]
    session, voice = engine.session(), engine.voice("vi_vn-tiny-low")
    waiting, events = list(enumerate(texts)), []
    while waiting or not session.idle:
        while waiting and session.free_slots:
            id, text = waiting.pop(0)
            session.add(id, utterance(text), voice, Options())
        session.step(events.append)
    for id, expected in enumerate(alone):
        heard = [e.chunk.samples for e in events if isinstance(e, Audio) and e.id == id]
        assert np.array_equal(np.concatenate(heard), expected)


def test_a_cancelled_utterance_leaves_the_others_alone(engine: PiperEngine) -> None:
    expected = sound(engine, "vi_vn-tiny-low", "Xin chào.")
    session, voice = engine.session(), engine.voice("vi_vn-tiny-low")
    session.add(1, utterance(LONG * 3), voice, Options())
    session.add(2, utterance("Xin chào."), voice, Options())
    events: list[Event] = []

    def hear(event: Event) -> None:
        events.append(event)
        if event.id == 1:
            session.cancel(1)

    while not session.idle:
        session.step(hear)
    assert [event.id for event in events].count(1) == 1
    heard = [e.chunk.samples for e in events if isinstance(e, Audio) and e.id == 2]
    assert np.array_equal(np.concatenate(heard), expected)


def test_an_error_while_speaking_fails_that_utterance_alone(
    engine: PiperEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, voice = engine.session(), engine.voice("vi_vn-tiny-low")

    def broken(*args: object) -> None:
        raise EngineError("the model broke")

    with monkeypatch.context() as patch:
        patch.setattr(type(voice.model), "decode", broken)
        session.add(1, utterance("Xin chào."), voice, Options())
        events: list[Event] = []
        while not session.idle:
            session.step(events.append)
    (failed,) = events
    assert isinstance(failed, Failed)
    assert "the model broke" in str(failed.error)
    assert len(sound(engine, "vi_vn-tiny-low")) > 0


def test_words_are_marked_in_time(engine: PiperEngine) -> None:
    made = chunks(engine, "vi_vn-tiny-low")
    start_s = 0.0
    for chunk in made:
        for mark in chunk.marks:
            assert start_s - 1e-9 <= mark.time_s < start_s + chunk.duration_s
        start_s += chunk.duration_s
    said = utterance(LONG)
    assert [m.span for c in made for m in c.marks] == [word.source for word in said.words]


def test_an_utterance_of_two_sentences_counts_on(engine: PiperEngine) -> None:
    made = chunks(engine, "vi_vn-tiny-low", "Xin chào. Tạm biệt các bạn.")
    times = [mark.time_s for chunk in made for mark in chunk.marks]
    assert len(times) == 6
    assert times == sorted(times)


def test_another_sample_rate_is_brought_to_the_engine_s(tmp_path: Path) -> None:
    tiny.save(tmp_path, "vi_VN-a-medium", audio={"sample_rate": 22050, "quality": "medium"})
    tiny.save(tmp_path, "vi_VN-b-low", audio={"sample_rate": 16000, "quality": "low"})
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    assert engine.info.sample_rate_hz == 22050
    own, other = chunks(engine, "vi_vn-a-medium"), chunks(engine, "vi_vn-b-low")
    engine.close()
    assert {chunk.sample_rate_hz for chunk in other} == {22050}
    length, expected = (
        sum(c.duration_s for c in other),
        sum(c.duration_s for c in own) * 22050 / 16000,
    )
    assert length == pytest.approx(expected, abs=0.01)


def test_every_voice_speaks_at_the_level_that_was_measured(tmp_path: Path) -> None:
    tiny.save(tmp_path, "vi_VN-a-low")
    tiny.save(tmp_path, "vi_VN-b-low", seed=5)
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    for key in ("vi_vn-a-low", "vi_vn-b-low"):
        level = loudness(sound(engine, key, LONG * 2), engine.info.sample_rate_hz)
        assert level == pytest.approx(engine.level_lufs(engine.voice(key)), abs=1.5)
    engine.close()


def test_the_level_is_measured_once_and_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny.save(tmp_path, speakers=2)
    setup = Setup(models_dir=tmp_path)
    first = PiperEngine(setup)
    keys = [voice.id for voice in PiperEngine.voices(setup)]
    levels = [first.level_lufs(first.voice(key)) for key in keys]
    monkeypatch.setattr("sonca.engines.piper.calibration._speak", None)  # not measured again
    assert [first.level_lufs(first.voice(key)) for key in keys] == levels
    first.close()
    card = json.loads(voice_files.card_path(model).read_text("utf-8"))
    assert list(card["loudness_lufs"].values()) == levels
    again = PiperEngine(setup)
    assert [again.level_lufs(again.voice(key)) for key in keys] == levels
    again.close()


def test_the_level_is_measured_once_where_it_cannot_be_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny.save(tmp_path)
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))

    def full(model: Path, card: object) -> None:
        raise StorageError("read-only")

    monkeypatch.setattr(calibration, "write_card", full)
    level = engine.level_lufs(engine.voice("vi_vn-tiny-low"))
    with monkeypatch.context() as patch:
        patch.setattr(calibration, "_speak", None)  # as when the voice has to be loaded again
        assert engine.level_lufs(engine.voice("vi_vn-tiny-low")) == level
    tiny.save(tmp_path, seed=5)
    os.utime(model, ns=(1, 1))
    assert engine.level_lufs(engine.voice("vi_vn-tiny-low")) != level  # another voice
    engine.close()


def test_voices_beyond_the_limit_are_forgotten_the_unused_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "KEPT_VOICES", 2)
    for name in "abc":
        tiny.save(tmp_path, f"vi_VN-{name}-low")
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    a, b = engine.voice("vi_vn-a-low"), engine.voice("vi_vn-b-low")
    assert engine.voice("vi_vn-a-low").model is a.model
    engine.voice("vi_vn-c-low")
    assert engine.voice("vi_vn-a-low").model is a.model
    assert engine.voice("vi_vn-b-low").model is not b.model
    engine.close()


def test_a_voice_is_ready_once_it_is_loaded(tmp_path: Path) -> None:
    """Until then it is loaded on another thread, so that nobody's sound waits for it."""
    first, second = (tiny.save(tmp_path, f"vi_VN-{name}-low") for name in ("a", "b"))
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    keys = [voice.id for voice in engine.voices(Setup(models_dir=tmp_path))]
    assert [engine.voice_ready(key) for key in keys] == [
        True,
        False,
    ]  # by the first its device is shown
    for key in keys:
        engine.voice(key)
    assert [engine.voice_ready(key) for key in keys] == [True, True]
    os.utime(second, (1, 1))  # replaced
    assert [engine.voice_ready(key) for key in keys] == [True, False]
    first.unlink()
    assert not engine.voice_ready(keys[0])
    assert not engine.voice_ready("no such voice")
    engine.close()


def test_a_voice_that_comes_later_is_found(tmp_path: Path) -> None:
    tiny.save(tmp_path)
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    with pytest.raises(KeyError):
        engine.voice("vi_vn-new-low")
    tiny.save(tmp_path, "vi_VN-new-low")
    assert len(sound(engine, "vi_vn-new-low")) > 0
    engine.close()


def test_a_voice_that_was_removed_is_an_error_of_ours(tmp_path: Path) -> None:
    tiny.save(tmp_path)
    doomed = tiny.save(tmp_path, "vi_VN-z-low")
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    doomed.unlink()
    with pytest.raises(KeyError):
        engine.voice("vi_vn-z-low")
    engine.close()


def test_without_a_voice_it_says_how_to_get_one(tmp_path: Path) -> None:
    assert "sonca models pull" in (PiperEngine.missing(Setup(models_dir=tmp_path)) or "")
    assert "sonca models pull" in (PiperEngine.missing(Setup()) or "")
    assert PiperEngine.voices(Setup()) == ()
    with pytest.raises(EngineNotInstalled, match="sonca models pull"):
        PiperEngine(Setup(models_dir=tmp_path, exact=True))


def test_without_onnxruntime_it_says_what_to_install(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_NEEDED", ("no_such_package",))
    reason = PiperEngine.missing(Setup(models_dir=models_dir))
    assert reason == f"it needs no_such_package: {install.command('piper')}"


def test_a_gpu_that_is_not_there_is_not_promised(models_dir: Path) -> None:
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("there is one")
    with pytest.raises(EngineError, match="no CUDA provider"):
        PiperEngine(Setup(models_dir=models_dir, device="cuda"))


def chosen(models_dir: Path) -> str:
    return choosing.default(Setup(models_dir=models_dir), Permits(models_dir)).name


def test_it_is_preferred_where_it_speaks_vietnamese(models_dir: Path, tmp_path: Path) -> None:
    assert chosen(models_dir) == "piper"
    assert chosen(tmp_path) == "espeak"
    tiny.save(tmp_path, "en_US-x-low", espeak={"voice": "en-us"}, language={"code": "en_US"})
    assert chosen(tmp_path) == "espeak"


@pytest.mark.parametrize("kind", ["truncated", "empty", "html", "swapped", "not vits", "settings"])
def test_a_broken_pair_is_named_and_the_others_speak(tmp_path: Path, kind: str) -> None:
    tiny.save(tmp_path, "vi_VN-good-low")
    bad = tiny.save(tmp_path, "vi_VN-bad-low")
    config = bad.with_name(bad.name + ".json")
    whole = bad.read_bytes()
    match kind:
        case "truncated":
            bad.write_bytes(whole[: len(whole) // 2])
        case "empty":
            bad.write_bytes(b"")
        case "html":
            bad.write_bytes(b"<!DOCTYPE html><html><body>Not found</body></html>")
        case "swapped":
            many = {symbol: [n + 500] for n, symbol in enumerate(tiny.SYMBOLS)}
            settings = tiny.config(phoneme_id_map=many, num_symbols=1000)
            config.write_text(json.dumps(settings), "utf-8")
        case "not vits":
            import onnx

            model = onnx.load(bad)
            for node in model.graph.node:
                node.op_type = "Floor" if node.op_type == "Ceil" else node.op_type
            onnx.save(model, bad)
        case "settings":
            config.write_text("{", "utf-8")
    engine = PiperEngine(Setup(models_dir=tmp_path, exact=True))
    if kind == "settings":  # it is not even listed
        assert [v.id for v in PiperEngine.voices(Setup(models_dir=tmp_path))] == ["vi_vn-good-low"]
    else:
        with pytest.raises(EngineError, match="vi_VN-bad-low"):
            engine.voice("vi_vn-bad-low")
    assert len(sound(engine, "vi_vn-good-low")) > 0
    engine.close()


def test_if_no_voice_can_be_used_the_engine_says_why(tmp_path: Path) -> None:
    bad = tiny.save(tmp_path)
    bad.write_bytes(b"no model")
    with pytest.raises(EngineNotInstalled, match=r"none of the voices.*vi_VN-tiny-low.onnx"):
        PiperEngine(Setup(models_dir=tmp_path, exact=True))


def test_two_files_of_one_name_do_not_hide_in_silence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tiny.save(tmp_path)
    tiny.save(tmp_path / "piper" / "other" / "..")  # the same folder: nothing new
    nested = tmp_path / "piper" / "sub"
    nested.mkdir()
    for ending in (".onnx", ".onnx.json"):
        source = tmp_path / "piper" / f"vi_VN-tiny-low{ending}"
        (nested / source.name).write_bytes(source.read_bytes())
    assert len(PiperEngine.voices(Setup(models_dir=tmp_path))) == 1
    assert "is left out" in caplog.text
