"""The engine: voices, words in time, pieces, and models that are none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from benchmarks.kokoro.random_model import graph, pack, write
from sonca.audio import AudioChunk, join
from sonca.engines.base import Audio, Failed, Options, Setup
from sonca.engines.kokoro import model_folder
from sonca.engines.kokoro.engine import KokoroEngine
from sonca.engines.kokoro.front_end import FrontEnd
from sonca.engines.kokoro.kokoro_model import KokoroModel
from sonca.engines.kokoro.phonemes import Phonemes, pieces
from sonca.engines.kokoro.symbols import PUBLISHED
from sonca.engines.runtime import BadModel, bfloat16
from sonca.errors import EngineNotInstalled
from sonca.testing import utterance
from sonca.utterance import Utterance, Word
from tests.engines.kokoro.conftest import make_vietnamese


@pytest.fixture(scope="module")
def engine(models_dir: Path) -> Iterator[KokoroEngine]:
    engine = KokoroEngine(Setup(models_dir=models_dir, threads=1))
    yield engine
    engine.close()


def speak(
    engine: KokoroEngine, what: Utterance | str, voice: str = "mai-linh", **options: object
) -> AudioChunk:
    said = utterance(what) if isinstance(what, str) else what
    session, chunks = engine.session(), []
    session.add(1, said, engine.voice(voice), Options(**options))  # type: ignore[arg-type]

    def hear(event: object) -> None:
        if isinstance(event, Failed):
            raise event.error
        if isinstance(event, Audio):
            chunks.append(event.chunk)

    while not session.idle:
        session.step(hear)
    return join(chunks, 24_000)


def test_voices_say_what_they_are(models_dir: Path) -> None:
    voices = {voice.id: voice for voice in KokoroEngine.voices(Setup(models_dir=models_dir))}
    assert list(voices) == ["duc-an", "mai-linh", "af-heart", "bm-george"]  # no Japanese
    assert [voice.language for voice in voices.values()] == ["vi", "vi", "en", "en-gb"]
    assert [voice.gender for voice in voices.values()] == ["male", "female", "female", "male"]
    assert voices["mai-linh"].name == "Mai Linh"
    assert "mai-linh" in voices["mai-linh"].aliases
    assert voices["mai-linh"].model == "kokoro-vietnamese"


@pytest.mark.parametrize("voice", ["mai-linh", "af-heart"])  # with durations, and without
def test_every_word_has_its_moment(engine: KokoroEngine, voice: str) -> None:
    said = utterance("một hai ba, bốn năm", at=7)
    sound = speak(engine, said, voice)
    assert [mark.span for mark in sound.marks] == [word.source for word in said.words]
    times = [mark.time_s for mark in sound.marks]
    assert times == sorted(times)
    assert 0 <= times[0] < times[-1] < sound.duration_s
    assert np.array_equal(speak(engine, said, voice).samples, sound.samples)


def test_speed_is_the_models_own(engine: KokoroEngine) -> None:
    normal = speak(engine, "chiều hôm đó trời nổi gió").duration_s
    assert speak(engine, "chiều hôm đó trời nổi gió", speed=0.5).duration_s > 1.6 * normal
    assert speak(engine, "chiều hôm đó trời nổi gió", speed=2.0).duration_s < 0.7 * normal


def test_long_text_is_cut_at_marks(engine: KokoroEngine) -> None:
    said = utterance(" ".join(["một hai ba bốn năm,"] * 60))
    sound = speak(engine, said)
    assert len(sound.marks) == len(said.words)
    assert [mark.time_s for mark in sound.marks] == sorted(mark.time_s for mark in sound.marks)
    text = "a" * 300 + ". " + "b" * 300 + " " + "c" * 300
    parts = pieces(Phonemes(text, ((0, 0), (1, 302), (2, 603))), PUBLISHED)
    assert [part.count for part in parts] == [301, 300, 300]
    assert [part.at_mark for part in parts] == [True, False, False]
    assert [part.words for part in parts] == [((0, 1),), ((1, 1),), ((2, 1),)]
    assert [part.count for part in pieces(Phonemes("x" * 1200), PUBLISHED)] == [510, 510, 180]


@pytest.mark.parametrize("text", ["…", "?!", "—", "☆ ☆", "漢字"])
def test_what_cannot_be_said_is_silent(engine: KokoroEngine, text: str) -> None:
    assert len(speak(engine, text).samples) == 0 or text == "漢字"


def test_punctuation_before_the_first_word_is_not_read(front_end: FrontEnd) -> None:
    plain = front_end.phonemes(utterance("chào bạn."), "vi").text
    for text in ("… chào bạn.", "- chào bạn.", ", chào bạn.", "1. chào bạn."[3:]):
        assert front_end.phonemes(utterance(text), "vi").text == plain
    assert front_end.phonemes(utterance("“chào” bạn."), "vi").text.startswith("“")


def test_tu_is_not_thu(front_end: FrontEnd) -> None:
    said = front_end.phonemes(utterance("tu thu"), "vi").text
    assert said == "tˈu θˈu"


def test_foreign_words_are_read_as_they_are_spelled(front_end: FrontEnd) -> None:
    text = "mở phây búc ra"
    words = [Word((a, b), (a, b)) for a, b in ((0, 2), (3, 7), (8, 11), (12, 14))]
    words[1:3] = [replace(word, source=(3, 11), foreign="Facebook") for word in words[1:3]]
    said = front_end.phonemes(Utterance((0, 14), text, text, 0.0, tuple(words)), "vi")
    assert "fˈeɪsbʊk" in said.text
    assert "búc" not in said.text
    assert [word for word, _ in said.words] == [0, 1, 3]
    alone = [said.text[at:].split()[0] for _, at in said.words]
    assert alone[1] == "fˈeɪsbʊk"


def test_words_that_espeak_joins_keep_their_order(front_end: FrontEnd) -> None:
    said = front_end.phonemes(utterance("one of the best, as if it was 25"), "en")
    places = [at for _, at in said.words]
    assert places == sorted(places)
    assert said.words[0] == (0, 0)


def test_parts_say_what_the_whole_says(tmp_path: Path) -> None:
    style = pack(1).reshape(-1, 256)
    for layout in ("tokens", "input_ids"):
        write(tmp_path, layout, quantize=layout == "tokens")  # type: ignore[arg-type]
        whole, cut = KokoroModel(tmp_path), KokoroModel(tmp_path, 1, "float32")
        assert cut.cut and not whole.cut
        (tokens,) = pieces(Phonemes("hˈom nˈaj, tˈoj"), whole.symbols)
        one, other = whole.speak(tokens, style, 1.0), cut.speak(tokens, style, 1.0)
        assert one.shape == other.shape
        bound = 0.02 if whole.quantized else 1e-5  # int8 rounds what float32 does not
        assert np.abs(one - other).max() < bound


def test_a_model_of_another_build_stays_whole(tmp_path: Path) -> None:
    model = graph("tokens", 0)
    for node in model.graph.node:
        if node.op_type == "Exp":
            node.op_type = "Sigmoid"
    onnx.save(model, str(tmp_path / "model.onnx"))
    KokoroModel(tmp_path)
    with pytest.raises(BadModel, match="stays whole"):
        KokoroModel(tmp_path, 1, "float32")


@pytest.mark.slow
@pytest.mark.skipif(bfloat16.missing() is not None, reason="no bf16 here")
def test_bf16_is_measured_once_and_then_used(tmp_path: Path) -> None:
    folder = make_vietnamese(tmp_path / "kokoro" / "kokoro-vietnamese")
    KokoroEngine.after_install(folder, tmp_path, {}, lambda line: None)
    card = json.loads((folder / "sonca.json").read_text())
    assert card["bf16"]["snr_db"] >= 35
    assert set(card["loudness_lufs"]) == {"mai_linh", "duc_an"}
    engine = KokoroEngine(Setup(models_dir=tmp_path, threads=1))
    assert bfloat16.NAME in engine.info.providers
    sound = speak(engine, "một hai ba")
    engine.close()
    exact = KokoroEngine(Setup(models_dir=tmp_path, threads=1, exact=True))
    assert bfloat16.NAME not in exact.info.providers
    assert exact.info.version != engine.info.version
    true = speak(exact, "một hai ba")
    exact.close()
    assert len(true.samples) == len(sound.samples)
    assert [mark.time_s for mark in true.marks] == [mark.time_s for mark in sound.marks]
    write(folder, "input_ids", seed=3)  # another graph was not measured
    assert not model_folder.bf16_of(folder)


def broken(folder: Path, **names: str) -> Path:
    """A model whose inputs or outputs have other names."""
    model = onnx.load(str(write(folder)))
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for value in (*model.graph.input, *model.graph.output):
        value.name = names.get(value.name, value.name)
    onnx.save(model, str(folder / "model.onnx"))
    return folder


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ({"tokens": "text"}, "no input 'input_ids' or 'tokens'"),
        ({"style": "voice"}, "no input 'style' or 'ref_s'"),
        ({"speed": "pace"}, "no input 'speed'"),
        ({"audio": "mel"}, "no output 'audio' or 'waveform'"),
    ],
)
def test_another_graph_is_refused(tmp_path: Path, names: dict[str, str], why: str) -> None:
    with pytest.raises(BadModel, match=why):
        KokoroModel(broken(tmp_path, **names))


def test_files_that_are_no_model_are_refused(tmp_path: Path, models_dir: Path) -> None:
    folder = tmp_path / "kokoro" / "x"
    shutil.copytree(models_dir / "kokoro" / "kokoro-vietnamese", folder)
    assert list(KokoroEngine.model_files(folder)) == [
        "model.onnx",
        "voicepacks/duc_an.npy",
        "voicepacks/mai_linh.npy",
    ]
    (folder / "config.json").write_text('{"vocab": {"a": 5000}}')
    with pytest.raises(BadModel, match="tokenizer of another model"):
        KokoroEngine.model_files(folder)
    (folder / "config.json").write_text("<html>")
    with pytest.raises(BadModel, match="not JSON"):
        KokoroEngine.model_files(folder)
    (folder / "config.json").unlink()
    np.save(folder / "voicepacks" / "mai_linh.npy", np.zeros((510, 128), np.float32))
    with pytest.raises(BadModel, match=r"float32 \(510, 128\)"):
        KokoroEngine.model_files(folder)
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])
    with pytest.raises(BadModel, match="cut short"):
        KokoroEngine.model_files(folder)
    with pytest.raises(EngineNotInstalled, match="cut short"):
        KokoroEngine(Setup(models_dir=tmp_path))
    shutil.rmtree(folder / "voicepacks")
    with pytest.raises(BadModel, match="has no voices"):
        KokoroEngine.model_files(folder)
    assert "sonca models pull" in (KokoroEngine.missing(Setup(models_dir=tmp_path)) or "")


def test_a_second_voice_of_a_name_says_its_model(tmp_path: Path) -> None:
    make_vietnamese(tmp_path / "kokoro" / "kokoro-vietnamese")
    make_vietnamese(tmp_path / "kokoro" / "other")
    ids = [voice.id for voice in KokoroEngine.voices(Setup(models_dir=tmp_path))]
    assert ids == ["duc-an", "mai-linh", "other-duc-an", "other-mai-linh"]
