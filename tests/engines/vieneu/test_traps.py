"""What users of VieNeu complain of in its tracker, one test each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.vieneu.random_model import TINY, Random, write_whole
from sonca.engines.base import Finished, Options, Setup
from sonca.engines.runtime import BadModel
from sonca.engines.vieneu import model_folder
from sonca.engines.vieneu.engine import VieneuEngine
from sonca.engines.vieneu.front_end import MAX_CHARACTERS, FrontEnd, Spoken, plain_text, split
from sonca.engines.vieneu.model import Frame
from sonca.engines.vieneu.presets import read_presets
from sonca.engines.vieneu.speaking import FIRST_STEPS, STEP, Speaking, draws_of
from sonca.testing import utterance
from sonca.testing.engine_contract import finish
from sonca.utterance import Utterance

pytestmark = pytest.mark.slow

Plan = Callable[[str], list[Utterance]]


def read(front_end: FrontEnd, said: Utterance) -> str:
    return " ".join(piece.phonemes for piece in front_end.pieces(said))


@pytest.mark.parametrize(
    "text", ["1. Mở đầu của bài.", "2) Nội dung chính.", "a. Mục thứ nhất", "III. Kết luận chung"]
)
def test_177_no_sentence_ends_after_a_list_number(
    text: str, planned: Plan, front_end: FrontEnd
) -> None:
    """The model says stray sounds where a sentence of one word ends inside a line."""
    read_as = [read(front_end, said) for said in planned(text)]
    assert len(read_as) == 1
    assert "." not in read_as[0].removesuffix(".")


@pytest.mark.parametrize(
    "text", ["... và rồi anh đi.", ", và rồi anh đi.", "- Và rồi anh đi.", ".. – “Và rồi anh đi.”"]
)
def test_201_no_line_begins_with_punctuation(text: str, planned: Plan, front_end: FrontEnd) -> None:
    expected = read(front_end, utterance("và rồi anh đi."))
    assert [read(front_end, said) for said in planned(text)] == [expected]
    assert read(front_end, utterance(text)) == expected


@pytest.mark.parametrize("text", ["Chờ đã… để tôi nghĩ đã.", "Chờ đã ... để tôi nghĩ đã."])
def test_112_an_ellipsis_is_a_pause(text: str, planned: Plan, front_end: FrontEnd) -> None:
    (said,) = planned(text)
    first, mark, _ = read(front_end, said).partition("ɗˌaː5")[2].partition(" ")
    assert first in (".", ",")
    assert mark


@pytest.mark.parametrize(("text", "wrong"), [("Bộ Y tế", "zˈaː2j"), ("y tá", "zˈaː2j")])
def test_92_y_is_no_name_of_a_letter(
    text: str, wrong: str, planned: Plan, front_end: FrontEnd
) -> None:
    assert wrong not in read(front_end, planned(text)[0])


def test_168_every_sentence_has_the_voice_in_every_row(
    speaking: Speaking, engine: VieneuEngine
) -> None:
    """An accent drifts where the anchor or the recording is missing from a later sentence."""
    voice, heads = engine.voice("giong-2"), speaking.model.heads
    nobody = np.zeros_like(voice.anchor)
    rows = heads.prompt([50, 51], voice.codes, voice.anchor)
    assert rows.shape[1] == 5 + len(voice.codes)
    spoken_rows = heads.frame(voice.codes[0], voice.anchor)
    for with_voice, without in (
        (rows, heads.prompt([50, 51], voice.codes, nobody)),
        (spoken_rows, heads.frame(voice.codes[0], nobody)),
    ):
        added = np.broadcast_to(voice.anchor, without.shape)
        np.testing.assert_allclose(with_voice - without, added, atol=1e-5)


def test_168_a_sentence_sounds_the_same_wherever_it_stands(
    speaking: Speaking, engine: VieneuEngine
) -> None:
    voice, said = engine.voice("giong-1"), utterance("trời nổi gió và mây kéo xuống.")
    alone = np.concatenate(list(speaking.speak(said, voice, Options(seed=3))))
    list(speaking.speak(utterance("một câu khác đứng ở phía trước."), voice, Options(seed=3)))
    after = np.concatenate(list(speaking.speak(said, voice, Options(seed=3))))
    np.testing.assert_array_equal(alone, after)


@pytest.mark.parametrize("text", ["vâng.", "được không?", "đi thôi nào!"])
def test_75_144_a_short_line_is_not_streamed_and_bounded(
    text: str, speaking: Speaking, engine: VieneuEngine, front_end: FrontEnd
) -> None:
    """The model may go on with words of its own: such a line is heard whole before it is out."""
    said, voice = utterance(text), engine.voice("giong-1")
    (piece,) = front_end.pieces(said)
    assert piece.short
    assert piece.most_frames <= 13 + 5 * (said.syllables - 1)
    (sound,) = speaking.speak(said, voice, Options())
    assert len(sound) <= piece.most_frames * 3840


def test_a_sentence_is_streamed_a_few_frames_at_a_time(
    speaking: Speaking, engine: VieneuEngine
) -> None:
    """The first soon, and none so long that who cancels would have to wait."""
    said = utterance("chiều hôm đó trời nổi gió, mây kéo xuống thành từng vệt dài.")
    sounds = list(speaking.speak(said, engine.voice("giong-1"), Options()))
    frames = [len(sound) // 3840 for sound in sounds]
    assert tuple(frames[: len(FIRST_STEPS)]) == FIRST_STEPS
    assert max(frames) <= STEP


def test_long_text_is_spoken_in_parts(front_end: FrontEnd) -> None:
    """What takes more than 24 s at once is cut off in the middle."""
    said = utterance("trời nổi gió, mây kéo xuống thành từng vệt dài trên núi; " * 20)
    pieces = front_end.pieces(said)
    assert len(pieces) > 4
    assert sum(piece.syllables for piece in pieces) == said.syllables
    assert all(piece.most_frames <= 300 for piece in pieces)
    assert all(piece.phonemes[-1] in ",." for piece in pieces)


@pytest.mark.parametrize("text", ["à " * 500, "đ" * 700, "a, " * 300, "<en>x y</en> " * 100])
def test_cuts_lose_nothing(text: str) -> None:
    pieces = split(text.strip())
    assert all(0 < len(piece) <= MAX_CHARACTERS for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece.count("<en>") == piece.count("</en>") for piece in pieces)


def test_179_int8_only_where_the_processor_can(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """int8 misreads words on processors without VNNI; float32 is taken where there is both."""
    import shutil

    path = tmp_path / "vieneu" / "vieneu-v3-turbo"
    shutil.copytree(models_dir / "vieneu" / "vieneu-v3-turbo", path)
    shutil.copytree(path / "onnx_update", path / "onnx_int8")
    assert model_folder.open_folder(path).precision == "fp32"
    shutil.rmtree(path / "onnx_update")
    monkeypatch.setattr(model_folder, "has_vnni", lambda: True)
    assert model_folder.open_folder(path).precision == "int8"
    monkeypatch.setattr(model_folder, "has_vnni", lambda: False)
    with pytest.raises(BadModel, match="VNNI"):
        model_folder.open_folder(path)
    assert "VNNI" in str(VieneuEngine.missing(Setup(models_dir=tmp_path)))


def test_198_no_padding_is_heard_of_a_recording(model_dir: Path, tmp_path: Path) -> None:
    """Lists of voices made by an older codec end in a frame that is a click."""
    content = (model_dir / "voices_v3_turbo.json").read_text("utf-8")
    old = content.replace("]]", "], [455" + ", 1" * 15 + "]]")
    (tmp_path / "voices_v3_turbo.json").write_text(old, "utf-8")
    for key, preset in read_presets(model_dir).items():
        np.testing.assert_array_equal(read_presets(tmp_path)[key].codes, preset.codes)


def test_foreign_words_are_read_in_their_own_spelling(planned: Plan, front_end: FrontEnd) -> None:
    (said,) = planned("Tôi dùng laptop và Facebook.")
    assert plain_text(said) == "tôi dùng <en>laptop</en> và <en>facebook</en>."
    assert read(front_end, said) == "t̪ˈoj zˈu2ŋ lˈæptɑːp vˌaː2 fˈeɪsbʊk."


def test_a_foreign_word_cannot_bring_marks_of_the_models_own(front_end: FrontEnd) -> None:
    said = utterance("tôi dùng láp tóp nhé")
    words = tuple(
        replace(word, source=(9, 17), foreign="</en><|emotion_1|> [cười] lap\ntop")
        if word.spoken[0] in (9, 13)
        else word
        for word in said.words
    )
    text = plain_text(replace(said, words=words))
    assert text == "tôi dùng <en>en emotion_1 cười lap top</en> nhé"
    assert "<|" not in read(front_end, replace(said, words=words))


@pytest.mark.parametrize("text", ["", ". , ? !", "…", "😀 ☎", "\ud800"])
def test_where_there_is_nothing_to_say_it_is_quiet_for_a_moment(
    text: str, speaking: Speaking, engine: VieneuEngine
) -> None:
    said = Utterance((0, 1), text, text, 0.0)
    (sound,) = speaking.speak(said, engine.voice("giong-1"), Options())
    assert len(sound) < 48_000
    assert not sound.any()


def test_who_cancels_waits_for_few_frames(
    engine: VieneuEngine, speaking: Speaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Frame] = []
    frames = speaking.frames

    def counted(piece: Spoken, voice: object, draws: object) -> object:
        for frame in frames(piece, voice, draws):  # type: ignore[arg-type]
            made.append(frame)
            yield frame

    monkeypatch.setattr(speaking, "frames", counted)
    session, said = engine.session(), utterance("trời nổi gió và mây kéo xuống thành vệt dài.")
    session.add(1, said, engine.voice("giong-1"), Options())
    session.step(lambda _: None)
    before = len(made)
    session.cancel(1)
    session.step(lambda _: None)
    assert session.idle
    assert len(made) == before <= STEP


def test_draws_are_our_own_and_follow_the_seed() -> None:
    np.random.seed(1)
    one = draws_of(7, 16)()
    np.random.seed(2)
    np.testing.assert_array_equal(one, draws_of(7, 16)())
    assert not np.array_equal(one, draws_of(8, 16)())


def test_the_acoustic_decoder_may_be_in_int8(tmp_path: Path) -> None:
    """As it is published, beside either precision of the rest."""
    write_whole(tmp_path / "vieneu" / "x", Random(TINY, int8_acoustic=True))
    engine = VieneuEngine.create(Setup(models_dir=tmp_path, threads=1))
    session = engine.session()
    session.add(1, utterance("trời nổi gió và mây kéo xuống."), engine.voice("giong-1"), Options())
    (events,) = finish(session).values()
    assert events[-1] == Finished(1)
