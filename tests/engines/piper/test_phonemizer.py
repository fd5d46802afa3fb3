"""Phonemes as Piper makes them. What is expected here is what piper-tts 1.8.0 answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from sonca.engines.piper import phonemizer as module
from sonca.engines.piper.phonemizer import MAX_PHONEMES, Phonemizer
from sonca.engines.piper.voice_config import VoiceConfig, parse
from sonca.espeakng import Library
from sonca.testing import utterance
from tests.engines.piper import tiny

VI = parse(tiny.config())
EN = replace(VI, espeak_voice="en-us")


@pytest.fixture(scope="module")
def phonemizer() -> Iterator[Phonemizer]:
    library = Library()
    yield Phonemizer(library)
    library.close()


def said(phonemizer: Phonemizer, text: str, config: VoiceConfig = VI) -> list[str]:
    """The phonemes of each sentence, read back from the ids: every second one is padding."""
    found = []
    for sentence in phonemizer.sentences(text, (), config):
        inner = sentence.ids[2:-1]
        assert sentence.ids[:2] == (*config.bos, *config.pad)
        assert sentence.ids[-1:] == config.eos
        assert set(inner[1::2]) == set(config.pad)
        found.append("".join(tiny.SYMBOLS[id] for id in inner[::2]))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Xin chào, các bạn! Hôm nay thế nào? Tốt; vâng: được... (là) một – hai — ba. «Ừ» hết",
            [
                "sˈin tʃˈaː2w, kˌaːɜc bˈaː6n!",
                "hˈom nˈaj tˈeɜ nˈaː2w?",
                "t̪ˈoɜt̪; vˈəŋ: ɗˌyə6clˌaː2 mˈo6t̪; hˈaːj; bˈaː.",
                "ˈy2 hˈeɜt̪",
            ],
        ),
        ("Facebook", ["fˈeɪsbʊk"]),
        ("ba?! Ta đi", ["bˈaː?", "t̪ˈaː ɗˈi"]),
        ("ba.. Ta đi", ["bˈaː.", "t̪ˈaː ɗˈi"]),
        ("ba… Ta đi", ["bˈaːt̪ˈaː ɗˈi"]),
        ("ba,", ["bˈaː, "]),
        ("ba,-", ["bˈaː"]),
    ],
)
def test_vietnamese(phonemizer: Phonemizer, text: str, expected: list[str]) -> None:
    assert said(phonemizer, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Smith left; is he back? Yes!", ["mˈɪstɚ.", "smˈɪθ lˈɛft; ɪz hiː bˈæk?", "jˈɛs!"]),
        ('"Of the people," he said... Well', ["ʌvðə pˈiːpəl, hiː sˈɛdwˈɛl"]),
    ],
)
def test_english(phonemizer: Phonemizer, text: str, expected: list[str]) -> None:
    assert said(phonemizer, text, EN) == expected


@pytest.mark.parametrize("text", ["", " ", "...", "😀", "﷽", "\x00\x01", "\ud800"])
def test_nothing_to_say_is_no_sentence(phonemizer: Phonemizer, text: str) -> None:
    for sentence in said(phonemizer, text):
        assert sentence


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống. Rồi mưa!", VI),
        ("Hôm nay Facebook và Google họp ở Hà Nội (lần hai).", VI),
        ("All of the people, and 25 of them in the house, went to see it.", EN),
    ],
)
def test_every_word_has_its_place(phonemizer: Phonemizer, text: str, config: VoiceConfig) -> None:
    said = utterance(text)
    sentences = phonemizer.sentences(text, said.words, config)
    assert [word for s in sentences for word, _ in s.words] == list(range(len(said.words)))
    for sentence in sentences:
        places = [index for _, index in sentence.words]
        assert places == sorted(places)
        assert all(2 <= place < len(sentence.ids) for place in places)


def test_a_word_begins_with_its_own_sound(phonemizer: Phonemizer) -> None:
    """Where the library joins words ("of the" is one group), the second is found inside."""
    text = "All of the people"
    (sentence,) = phonemizer.sentences(text, utterance(text).words, EN)
    first = [tiny.SYMBOLS[sentence.ids[index]] for _, index in sentence.words]
    assert first == ["ˈ", "ʌ", "ð", "ˈ"] or first == ["ɔ", "ʌ", "ð", "p"], first


def test_letters_for_voices_that_read_letters(phonemizer: Phonemizer) -> None:
    config = replace(VI, phoneme_type="text")
    assert said(phonemizer, "xin chao ban", config) == ["xin chao ban"]


def test_replacements_and_unknown_sounds(phonemizer: Phonemizer) -> None:
    config = replace(VI, replacements={"ˈ": (), "b": ("p", "h")})
    assert said(phonemizer, "ba", config) == ["phaː"]
    unknown = replace(VI, ids={k: v for k, v in VI.ids.items() if k != "b"})
    assert said(phonemizer, "ba", unknown) == ["ˈaː"]


def test_a_text_beyond_all_measure_comes_in_parts(phonemizer: Phonemizer) -> None:
    sentences = phonemizer.sentences("đi " * 2000, utterance("đi " * 2000).words, VI)
    assert len(sentences) > 5
    assert max(len(s.ids) for s in sentences) <= 2 * MAX_PHONEMES + 3
    assert [word for s in sentences for word, _ in s.words] == list(range(2000))
    assert len(phonemizer.sentences("đ" * 5000, (), VI)) >= 1


def test_the_table_of_marks_is_what_espeak_does() -> None:
    assert module._MARKS["."] == (".", True)
    assert module._MARKS[","] == (",", False)
    assert all(len(mark) == 1 for mark in module._MARKS)
