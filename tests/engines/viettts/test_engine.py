"""The engine with a tiny random model: batching, streaming, limits, voices, devices."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sonca.audio import Samples
from sonca.engines.base import Audio, Event, Failed, Finished, Options, Reference, Setup
from sonca.engines.viettts.backends.base import VoicePrompt
from sonca.engines.viettts.durations import mel_frames
from sonca.engines.viettts.prompt.prompt_audio import prepare
from sonca.engines.viettts.prompt.vad import by_level
from sonca.errors import BadAudio, EngineError, EngineNotInstalled, InvalidRequest
from sonca.loudness import loudness
from sonca.utterance import Priority, Utterance
from tests.engines.viettts.tiny import speech

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")
pytest.importorskip("onnxruntime", reason="the prompt models run in ONNX Runtime")
pytest.importorskip("tiktoken", reason="the tokenizer needs tiktoken")

from sonca.engines.viettts.engine import VietTTSEngine
from sonca.engines.viettts.pieces import Cuts
from sonca.engines.viettts.runtime_config import Limits
from sonca.engines.viettts.session import VietTTSSession

pytestmark = pytest.mark.slow

SETUP = Setup(device="cpu", threads=1)
CUTS = Cuts(whole_s=1.5, first_s=0.4, rest_s=0.8, before_s=0.2, after_s=0.1, blend_s=0.05)


def said(text: str) -> Utterance:
    return Utterance((0, len(text)), text, text, 0.0)


@pytest.fixture(scope="module")
def engine(model: Path) -> Iterator[VietTTSEngine]:
    engine = VietTTSEngine(model, SETUP)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def voice(engine: VietTTSEngine) -> VoicePrompt:
    state = engine.condition(Reference(speech(), 16000, "speech"))
    assert isinstance(state, VoicePrompt)
    return state


def session_of(engine: VietTTSEngine, **changes: object) -> VietTTSSession:
    config = replace(engine.config, **changes)  # type: ignore[arg-type]
    return VietTTSSession(engine.backend, engine.tokenizer.encode, config)


def run(
    session: VietTTSSession, jobs: dict[int, tuple[str, Options]], voice: VoicePrompt
) -> tuple[dict[int, Samples], list[Event]]:
    """Add a job whenever a slot is free; the joined sound of each, and all events."""
    waiting = list(jobs.items())
    events: list[Event] = []
    for _ in range(20000):
        while waiting and session.free_slots:
            id, (text, options) = waiting.pop(0)
            session.add(id, said(text), voice, options)
        if session.idle:
            break
        session.step(events.append)
    assert session.idle
    sound = {
        id: np.concatenate(
            [e.chunk.samples for e in events if isinstance(e, Audio) and e.id == id]
            or [np.zeros(0, np.float32)]
        )
        for id in jobs
    }
    return sound, events


def never_called(wave: Samples) -> VoicePrompt:
    raise AssertionError("a voice that is kept was computed again")


TEXT = "Xin chào các bạn, hôm nay trời đẹp quá."


def test_info_tells_the_truth(engine: VietTTSEngine) -> None:
    info = engine.info
    assert (info.name, info.device, info.sample_rate_hz) == ("viettts", "cpu", 22050)
    assert info.clones
    assert info.deterministic
    assert "OpenVINO" in info.providers[0]


def test_same_request_same_sound_whoever_is_beside_it(
    engine: VietTTSEngine, voice: VoicePrompt
) -> None:
    limits = Limits(attempts=1)
    alone, _ = run(session_of(engine, limits=limits), {0: (TEXT, Options(seed=5))}, voice)
    jobs = {i: (TEXT + " và" * i, Options(seed=5 + i)) for i in range(5)}
    together, events = run(session_of(engine, limits=limits, slots=3), jobs, voice)
    assert len(alone[0]) > 22050 // 2
    np.testing.assert_array_equal(together[0], alone[0])
    assert sum(isinstance(event, Finished) for event in events) == 5
    other, _ = run(session_of(engine, limits=limits), {0: (TEXT, Options(seed=6))}, voice)
    assert len(other[0]) != len(alone[0]) or not np.allclose(other[0], alone[0], atol=1e-2)


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("cuts", [CUTS, Cuts()], ids=["pieces", "whole"])
def test_length_follows_tokens_and_speed(
    engine: VietTTSEngine, voice: VoicePrompt, speed: float, cuts: Cuts
) -> None:
    session = session_of(engine, limits=Limits(forced_tokens=100), cuts=cuts)
    sound, events = run(session, {0: (TEXT, Options(speed=speed))}, voice)
    assert len(sound[0]) == int(mel_frames(100, 50) / speed) * 256
    assert np.abs(sound[0]).max() <= 0.99
    assert np.isfinite(sound[0]).all()
    pieces = sum(isinstance(event, Audio) for event in events)
    # Whole or not, the vocoder takes two seconds at a time.
    assert pieces > 1 if cuts is CUTS else pieces == (2 if speed < 1 else 1)


def test_first_sound_comes_before_the_sentence_is_complete(
    engine: VietTTSEngine, voice: VoicePrompt
) -> None:
    session = session_of(engine, limits=Limits(forced_tokens=400), cuts=CUTS)
    session.add(0, said(TEXT), voice, Options())
    events: list[Event] = []
    while not events:
        session.step(events.append)
    assert isinstance(events[0], Audio)
    assert len(session.sentences[0].tokens) < 400


def test_who_does_not_hurry_is_begun_when_there_is_work_for_the_flow_no_more(
    engine: VietTTSEngine, voice: VoicePrompt
) -> None:
    """One sentence is sung at a time: what waits for it may as well be decoded together."""
    session = session_of(engine, limits=Limits(forced_tokens=60), slots=6)
    sizes: list[int] = []
    plain = session.decoding.decoder.step

    def counted(tokens: dict[int, int]) -> dict[int, np.ndarray]:
        sizes.append(len(tokens))
        return plain(tokens)

    session.decoding.decoder.step = counted  # type: ignore[method-assign]
    jobs = {i: (TEXT, Options(first=False)) for i in range(24)}
    _, events = run(session, jobs, voice)
    assert [event.id for event in events if isinstance(event, Finished)] == list(range(24))
    assert np.mean(sizes) > 3


def test_what_is_made_ahead_comes_after_listeners_and_gets_on_all_the_same(
    engine: VietTTSEngine, voice: VoicePrompt
) -> None:
    session = session_of(engine, limits=Limits(forced_tokens=60), slots=6)
    ends: list[int] = []

    def hear(event: Event) -> None:
        if isinstance(event, Finished):
            ends.append(event.id)

    for id in range(4):  # a book
        session.add(id, said(TEXT), voice, Options(priority=Priority.BATCH, first=False))
    while not session.rendering.runs:
        session.step(hear)
    listener = 100
    for _ in range(4000):
        while session.free_slots:  # listeners all the time, also with what is not their beginning
            session.add(listener, said(TEXT), voice, Options(first=False))
            listener += 1
        session.step(hear)
        if {0, 1, 2, 3} <= set(ends):
            break
    assert {0, 1, 2, 3} <= set(ends)
    assert sum(id >= 100 for id in ends) > 4  # listeners had the larger part of it


@pytest.mark.parametrize("begun", [False, True])
def test_what_was_made_ahead_goes_first_once_somebody_listens_to_it(
    engine: VietTTSEngine, voice: VoicePrompt, begun: bool
) -> None:
    """As when a listener joins a book's sentence, whether the flow is at it already or not."""
    session = session_of(engine, limits=Limits(forced_tokens=60), slots=8)
    for id in range(4):
        session.add(id, said(TEXT), voice, Options(priority=Priority.BATCH, first=False))
    while not session.rendering.runs:
        session.step(lambda event: None)
    first = session.rendering.runs[False].sentence.id
    joined = first if begun else 3 - first
    for id in (100, 101):  # of a listener, in line before
        session.add(id, said(TEXT), voice, Options(first=False))
    ends: list[int] = []

    def hear(event: Event) -> None:
        if isinstance(event, Finished):
            ends.append(event.id)

    session.promote(joined)
    while not session.idle:
        session.step(hear)
    others = {0, 1, 2, 3} - {joined, first}
    assert len(ends) == 6
    assert ends.index(joined) < min(ends.index(id) for id in others)


def test_a_run_that_does_not_end_is_made_again_then_cut(
    engine: VietTTSEngine, voice: VoicePrompt, caplog: pytest.LogCaptureFixture
) -> None:
    limits = Limits(min_s=0, max_s=0, attempts=3)  # one second, whatever is said
    session = session_of(engine, limits=limits, cuts=CUTS)
    never = engine.backend.config.llm.speech_vocab
    session.decoding.choose = lambda running: np.full(len(running), never - 1)  # type: ignore[method-assign]
    with caplog.at_level(logging.WARNING):
        sound, events = run(session, {0: (TEXT, Options())}, voice)
    assert "did not end in 3 attempts of 50 tokens" in caplog.text
    assert len(sound[0]) == mel_frames(50, 50) * 256
    assert isinstance(events[-1], Finished)


def test_the_end_is_refused_before_the_least_length(
    engine: VietTTSEngine, voice: VoicePrompt
) -> None:
    session = session_of(engine, limits=Limits(min_s=0.1))
    session.add(0, said("một hai ba bốn năm"), voice, Options())
    sentence = session.sentences[0]
    assert sentence.min_tokens == 25
    end = engine.backend.config.llm.speech_vocab
    eager = np.full(end + 1, -30, np.float32)
    eager[end] = 0  # the model wants to end at once
    while sentence.id in session.sentences and not sentence.ended:
        if sentence.logits is not None:
            sentence.logits = eager
        session.step(lambda event: None)
    assert len(sentence.tokens) == 25


def test_cancel_frees_the_slot_and_silences(engine: VietTTSEngine, voice: VoicePrompt) -> None:
    session = session_of(engine, slots=2, limits=Limits(forced_tokens=80))
    events: list[Event] = []
    for id in (1, 2):
        session.add(id, said(TEXT), voice, Options())
    for _ in range(40):
        session.step(events.append)
    assert session.free_slots == 0
    session.cancel(1)
    session.cancel(99)
    assert session.free_slots == 1
    before = len([event for event in events if event.id == 1])
    while not session.idle:
        session.step(events.append)
    assert len([event for event in events if event.id == 1]) == before
    assert isinstance(events[-1], Finished)


def test_an_utterance_can_be_added_again_from_inside_its_end(
    engine: VietTTSEngine, voice: VoicePrompt
) -> None:
    session = session_of(engine, slots=1, limits=Limits(forced_tokens=20))
    ends: list[Event] = []

    def hear(event: Event) -> None:
        if isinstance(event, Audio):
            return
        ends.append(event)
        if len(ends) < 3:
            session.add(event.id, said(TEXT), voice if len(ends) == 2 else broken, Options())

    broken = replace(voice, vector=np.zeros(7, np.float32))
    session.add(4, said(TEXT), voice, Options())
    while not session.idle:
        session.step(hear)
    assert [type(event) for event in ends] == [Finished, Failed, Finished]


def test_what_fails_fails_alone(
    engine: VietTTSEngine, voice: VoicePrompt, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(voice, vector=np.zeros(7, np.float32))
    session = session_of(engine, limits=Limits(forced_tokens=20))
    session.add(0, said(TEXT), broken, Options())
    session.add(1, said(TEXT), voice, Options())
    events: list[Event] = []
    while not session.idle:
        session.step(events.append)
    assert [event.id for event in events if isinstance(event, Failed)] == [0]
    assert [event.id for event in events if isinstance(event, Finished)] == [1]


def test_options_out_of_range_are_refused(engine: VietTTSEngine, voice: VoicePrompt) -> None:
    with pytest.raises(InvalidRequest, match=r"0\.5 to 2\.0"):
        session_of(engine).add(0, said(TEXT), voice, Options(speed=3))


def test_special_markers_in_text_are_plain_text(engine: VietTTSEngine) -> None:
    assert engine.tokenizer.encode("<|endoftext|>") == list(b"<|endoftext|>")


def test_the_level_of_a_recording_is_the_level_of_its_voice(model: Path, tmp_path: Path) -> None:
    quiet = speech(seed=2) * np.float32(0.9)
    first = VietTTSEngine(model, replace(SETUP, models_dir=tmp_path))
    level = first.level_lufs(first.condition(Reference(quiet, 16000, "quiet")))
    assert level == pytest.approx(loudness(prepare(quiet, 16000, by_level), 16000))
    again = VietTTSEngine(model, replace(SETUP, models_dir=tmp_path))
    again.prompts.compute = never_called  # type: ignore[method-assign]
    assert again.level_lufs(again.condition(Reference(quiet, 16000, "quiet"))) == level


def test_a_voice_is_computed_once(model: Path, tmp_path: Path) -> None:
    reference = Reference(speech(), 16000, "one")
    first = VietTTSEngine(model, replace(SETUP, models_dir=tmp_path))
    state = first.condition(reference)
    assert first.condition(reference) is state
    second = VietTTSEngine(model, replace(SETUP, models_dir=tmp_path))
    second.prompts.compute = never_called  # type: ignore[method-assign]
    again = second.condition(reference)
    np.testing.assert_array_equal(again.mel, state.mel)
    # A damaged file is not trusted, and is made again.
    (kept,) = (tmp_path / "viettts" / ".voices").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    third = VietTTSEngine(model, replace(SETUP, models_dir=tmp_path))
    np.testing.assert_array_equal(third.condition(reference).tokens, state.tokens)
    assert kept.stat().st_size > 100


def test_built_in_voices_come_from_a_folder(model: Path, tmp_path: Path) -> None:
    import av

    samples = tmp_path / "viettts" / "samples"
    samples.mkdir(parents=True)
    for name in ("quynh", "cdteam", "somebody-else"):
        with av.open(str(samples / f"{name}.wav"), "w") as container:
            stream = container.add_stream("pcm_s16le", 24000, layout="stereo")
            both = np.repeat(speech(3.5)[None], 2, axis=0)
            frame = av.AudioFrame.from_ndarray((both * 32767).astype(np.int16).T.reshape(1, -1),
                                               format="s16", layout="stereo")  # fmt: skip
            frame.sample_rate = 24000
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    engine = VietTTSEngine(model, replace(SETUP, models_dir=tmp_path))
    assert list(engine.builtin_voices) == ["cdteam", "quynh"]
    assert engine.voice("quynh") is engine.voice("quynh")
    with pytest.raises(KeyError):
        engine.voice("nobody")


def test_the_models_folder_says_what_is_missing(
    model: Path, checkpoint: Path, tmp_path: Path
) -> None:
    import shutil

    home = tmp_path / "viettts"
    setup = Setup(models_dir=tmp_path, device="cpu", threads=1)
    assert "pull viet-tts" in (VietTTSEngine.missing(setup) or "")
    with pytest.raises(EngineNotInstalled, match="pull viet-tts"):
        VietTTSEngine.create(setup)
    shutil.copytree(checkpoint, home / "mine")
    assert f"convert {home / 'mine'}" in (VietTTSEngine.missing(setup) or "")
    shutil.copytree(model, home / "mine" / "converted")
    assert VietTTSEngine.missing(setup) is None
    (home / "samples").mkdir()
    (home / "samples" / "Quynh.mp3").touch()
    assert [(v.id, v.gender, v.tone) for v in VietTTSEngine.voices(setup)] == [
        ("quynh", "female", "soft")
    ]
    assert VietTTSEngine.create(setup).info.name == "viettts"


@pytest.mark.parametrize(
    ("samples", "match"),
    [
        (np.zeros(64000, np.float32), "silent"),
        (speech(0.5), r"0\.5 s long"),
        (np.full(64000, np.nan, np.float32), "not sound"),
    ],
    ids=["silent", "short", "nan"],
)
def test_bad_references_are_refused(engine: VietTTSEngine, samples: Samples, match: str) -> None:
    with pytest.raises(BadAudio, match=match):
        engine.condition(Reference(samples, 16000, match))


def test_a_reference_without_speech_is_refused(
    engine: VietTTSEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.prompts, "_segments", lambda: lambda wave: [])
    with pytest.raises(BadAudio, match="no speech"):
        engine.condition(Reference(speech(), 16000, "nothing"))


def test_a_clipped_reference_is_warned_about(
    engine: VietTTSEngine, caplog: pytest.LogCaptureFixture
) -> None:
    loud = np.clip(speech() * 20, -1, 1)
    with caplog.at_level(logging.WARNING):
        engine.condition(Reference(loud, 16000, "loud"))
    assert "clipped" in caplog.text


def test_a_file_that_is_no_audio_is_refused(tmp_path: Path) -> None:
    from sonca.engines.viettts.prompt.prompt_audio import decode

    (tmp_path / "x.wav").write_text("hello")
    with pytest.raises(BadAudio, match="cannot be decoded"):
        decode(tmp_path / "x.wav")


def test_a_device_that_is_not_there_is_an_error(model: Path) -> None:
    with pytest.raises(EngineError, match="CUDA was asked for, but"):
        VietTTSEngine(model, Setup(device="cuda"))
    assert VietTTSEngine(model, Setup(threads=1)).info.device == "cpu"


def test_a_damaged_graph_is_an_error(model: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(model, tmp_path / "model"))
    (copy / "graphs" / "llm_1.xml").write_text("<net")
    with pytest.raises(EngineError, match="models convert"):
        VietTTSEngine(copy, SETUP)
    (copy / "graphs" / "llm_1.xml").unlink()
    with pytest.raises(EngineError, match="lacks the graph llm_1"):
        VietTTSEngine(copy, SETUP)
