"""The engine in a models folder: its voices, its steps, who is first, and what it keeps."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.supertonic import random_model
from sonca.audio import AudioChunk
from sonca.cli.app import app
from sonca.engines.base import Audio, Event, Failed, Finished, Options, Session, Setup
from sonca.engines.flow_session import PAUSE_S
from sonca.engines.supertonic import SupertonicEngine, styles
from sonca.engines.supertonic.flow_model import FlowModel
from sonca.errors import EngineError, EngineNotInstalled
from sonca.testing import utterance
from sonca.testing.engine_contract import SENTENCE, finish
from sonca.utterance import Priority

LONG = utterance("chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài. " * 2)


@pytest.fixture
def models(korva: Path, tmp_path: Path) -> Path:
    shutil.copytree(korva, tmp_path / "supertonic" / "korvatts")
    return tmp_path


@pytest.fixture
def engine(models: Path) -> Iterator[SupertonicEngine]:
    engine = SupertonicEngine(Setup(models, threads=2))
    yield engine
    engine.close()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each graph was run."""
    counted: Counter[str] = Counter()
    run = FlowModel._run

    def counting(self: FlowModel, name: str, feed: dict[str, object]) -> list[object]:
        counted[name] += 1
        return run(self, name, feed)

    monkeypatch.setattr(FlowModel, "_run", counting)
    return counted


def sound(session: Session, engine: SupertonicEngine, options: Options | None = None) -> np.ndarray:
    session.add(1, SENTENCE, engine.voice("bao-kim"), options or Options())
    events = finish(session)[1]
    return np.concatenate([event.chunk.samples for event in events if isinstance(event, Audio)])


def test_voices_have_names_gender_and_ids_of_their_own(models: Path) -> None:
    random_model.make(models / "supertonic" / "supertonic-3", voices=("F1", "M2", "bao_kim"))
    voices = {voice.id: voice for voice in SupertonicEngine.voices(Setup(models))}
    assert list(voices) == ["bao-kim", "gia-bao", "f1", "m2", "supertonic-3-bao-kim"]
    assert voices["bao-kim"].name == "Bảo Kim"
    assert [v.gender for v in voices.values()] == ["female", "male", "female", "male", "female"]
    assert {v.language for v in voices.values()} == {"vi"}


def test_what_is_known_of_a_model_counts_where_a_name_says_nothing(models: Path) -> None:
    random_model.make(models / "supertonic" / "mine", voices=("anh", "F1"))
    styles.keep(models / "supertonic" / "mine", {}, {"gender": "male", "region": "south"})
    voices = {voice.id: voice for voice in SupertonicEngine.voices(Setup(models))}
    assert (voices["anh"].gender, voices["anh"].region) == ("male", "south")
    assert voices["anh"].name == "anh (mine)"
    assert (voices["f1"].gender, voices["bao-kim"].region) == ("female", None)


def test_another_file_is_another_version(models: Path) -> None:
    def version() -> str:
        return SupertonicEngine.voices(Setup(models))[0].version

    before, home = version(), models / "supertonic" / "korvatts"
    (home / "voice_styles" / "bao_kim.json").write_text("{}")
    changed = version()
    (home / "onnx" / "vocoder.onnx").touch()
    assert len({before, changed, version()}) == 3


def test_the_steps_are_a_setting_and_part_of_what_is_kept(models: Path, runs: Counter[str]) -> None:
    versions = set()
    for steps in (None, 2, 5):
        engine = SupertonicEngine(Setup(models, threads=1, steps=steps))
        runs.clear()
        sound(engine.session(), engine)
        assert runs["vector_estimator"] == (steps or 8)
        assert runs["vocoder"] == 1
        versions.add(engine.info.version)
        engine.close()
    assert len(versions) == 3


def test_a_cancelled_sentence_costs_no_more_than_the_run_it_is_in(
    engine: SupertonicEngine, runs: Counter[str]
) -> None:
    session = engine.session()
    session.add(1, utterance("xin chào."), engine.voice("bao-kim"), Options())
    runs.clear()
    heard: list[Event] = []
    for _ in range(3):
        session.step(heard.append)
    session.cancel(1)
    assert session.idle
    assert session.free_slots == engine.info.slots
    session.step(heard.append)
    assert heard == []
    assert runs["vector_estimator"] <= 3
    assert runs["vocoder"] == 0


def test_it_sounds_the_same_whoever_is_there(engine: SupertonicEngine) -> None:
    session = engine.session()
    alone = sound(session, engine)
    for id in (2, 3):
        session.add(id, LONG, engine.voice("gia-bao"), Options(seed=id))
    np.testing.assert_array_equal(sound(session, engine), alone)
    assert not np.array_equal(sound(session, engine, Options(seed=1)), alone)


def test_a_long_sentence_comes_piece_by_piece_with_short_pauses(engine: SupertonicEngine) -> None:
    session = engine.session()
    session.add(1, LONG, engine.voice("bao-kim"), Options())
    events = finish(session)[1]
    chunks: list[AudioChunk] = [event.chunk for event in events if isinstance(event, Audio)]
    assert len(chunks) > 2
    pauses = [chunk.samples[-int(PAUSE_S * 44_100) :] for chunk in chunks]
    assert not pauses[0].any()
    assert pauses[-1].any()
    assert events[-1] == Finished(1)


def test_who_listens_is_first_and_books_are_last(models: Path) -> None:
    engine = SupertonicEngine(Setup(models, threads=1))
    session, voice = engine.session(), engine.voice("bao-kim")
    for id, priority, first in (
        (1, Priority.BATCH, False),
        (2, Priority.REALTIME, False),
        (3, Priority.REALTIME, True),
    ):
        session.add(id, SENTENCE, voice, Options(priority=priority, first=first))
    ends: list[int] = []
    while not session.idle:
        session.step(lambda event: ends.append(event.id) if isinstance(event, Finished) else None)
    assert ends == [3, 2, 1]
    engine.close()


@pytest.mark.parametrize("first", [True, False])
def test_the_first_piece_is_alone_while_somebody_waits_for_it(
    engine: SupertonicEngine, runs: Counter[str], first: bool
) -> None:
    """Two at once would each have half the cores; nobody waits for a file's first."""
    session = engine.session()
    session.add(1, LONG, engine.voice("bao-kim"), Options(first=first))
    heard: list[Event] = []
    begun = 0
    while not heard:
        session.step(heard.append)
        begun = begun if heard else runs["text_encoder"]
    assert (begun == 1) == first


def test_an_error_fails_its_own_sentence(
    engine: SupertonicEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, voice = engine.session(), engine.voice("bao-kim")
    session.add(1, SENTENCE, voice, Options())
    session.add(2, SENTENCE, voice, Options(seed=9))
    state = session._utterances[1]  # type: ignore[attr-defined]
    monkeypatch.setattr(type(state.pieces[0]), "advance", _fails_for(state.pieces[0]))
    events = finish(session)
    assert isinstance(events[1][-1], Failed)
    assert events[2][-1] == Finished(2)


def _fails_for(broken: object) -> object:
    advance = type(broken).advance  # type: ignore[attr-defined]

    def either(self: object) -> None:
        if self is broken:
            raise EngineError("no memory")
        advance(self)

    return either


def test_the_loudness_is_measured_once_and_kept(engine: SupertonicEngine, models: Path) -> None:
    voice = engine.voice("bao-kim")
    level = engine.level_lufs(voice)
    card = json.loads((models / "supertonic" / "korvatts" / "sonca.json").read_text())
    assert card["loudness_lufs"] == {"bao_kim": level}
    assert styles.level_of(voice.file) == level
    assert -40 < level < -5


def test_a_model_that_came_later_is_found_and_one_that_went_is_not(
    engine: SupertonicEngine, models: Path
) -> None:
    random_model.make(models / "supertonic" / "supertonic-3")
    assert not engine.voice_ready("f1")
    assert engine.voice("f1").model is not engine.voice("bao-kim").model
    assert engine.voice_ready("f1")
    shutil.rmtree(models / "supertonic" / "supertonic-3")
    with pytest.raises(KeyError):
        engine.voice("f1")


def test_a_model_that_was_replaced_is_loaded_anew(engine: SupertonicEngine, models: Path) -> None:
    before = engine.voice("bao-kim")
    assert engine.voice("bao-kim").model is before.model
    (models / "supertonic" / "korvatts" / "onnx" / "vocoder.onnx").touch()
    assert not engine.voice_ready("bao-kim")
    assert engine.voice("bao-kim").model is not before.model


def test_a_broken_model_does_not_keep_another_from_speaking(models: Path) -> None:
    broken = random_model.make(models / "supertonic" / "a-model")
    (broken / "onnx" / "vocoder.onnx").write_text("half a file")
    engine = SupertonicEngine(Setup(models, threads=1))
    assert engine.voice("bao-kim")
    engine.close()
    shutil.rmtree(models / "supertonic" / "korvatts")
    with pytest.raises(EngineNotInstalled, match=r"vocoder\.onnx cannot be loaded"):
        SupertonicEngine(Setup(models, threads=1))


def test_without_a_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        reason = SupertonicEngine.missing(Setup(folder))
        assert reason is not None
        assert "sonca models pull korvatts" in reason


def test_a_gpu_that_it_cannot_use_is_refused(models: Path) -> None:
    with pytest.raises(EngineError, match="CPU only"):
        SupertonicEngine(Setup(models, device="cuda"))


@pytest.mark.slow
def test_a_folder_is_added_and_speaks(
    korva: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SONCA_DATA_DIR", str(tmp_path / "data"))
    runner = CliRunner()
    added = runner.invoke(app, ["models", "add", str(korva)])
    assert added.exit_code == 0, added.output
    target = tmp_path / "a.wav"
    said = runner.invoke(
        app, ["say", "--engine", "korvatts", "-v", "gia-bao", "-o", str(target), "Xin chào."]
    )
    assert said.exit_code == 0, said.output
    assert target.stat().st_size > 20_000
