"""Foreign words are always said, with and without espeak-ng."""

from __future__ import annotations

import pytest

from sonca.text import plan
from sonca.text.vietnamese import transliteration
from sonca.text.vietnamese.phonemes import from_ipa
from sonca.text.vietnamese.spelling import from_spelling
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import mapping, rows, section

WORDS = [
    "strength",
    "rhythm",
    "queue",
    "Wednesday",
    "Schwarzenegger",
    "Tchaikovsky",
    "Nguyen",
    "GitLab",
    "kubernetes",
    "psychology",
    "xylophone",
    "judge",
    "church",
    "vision",
    "thing",
    "onion",
    "yellow",
    "wow",
    "quick",
    "twelfths",
    "Björk",
    "Ångström",
    "Łódź",
]


@pytest.mark.parametrize("word", WORDS)
def test_words_become_syllables(word: str) -> None:
    said = transliteration.transliterate(word)
    assert said
    assert all(syllable(s) for s in said.split()), said


@pytest.mark.parametrize("word", WORDS)
def test_without_espeak_the_letters_are_read(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transliteration, "_phonemes", lambda w: "")
    transliteration.transliterate.cache_clear()
    said = transliteration.transliterate(word)
    transliteration.transliterate.cache_clear()
    assert said
    assert all(syllable(s) for s in said.split()), said


def test_a_missing_library_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> object:
        raise OSError("no such library")

    monkeypatch.setattr("sonca.espeakng.Library", broken)
    monkeypatch.setattr(transliteration, "_library", None)
    monkeypatch.setattr(transliteration, "_missing", False)
    transliteration._phonemes.cache_clear()
    transliteration.transliterate.cache_clear()
    (utterance,) = plan("Anh Blorptastic đến.")
    assert len(utterance.words) > 3
    transliteration._phonemes.cache_clear()
    transliteration.transliterate.cache_clear()


@pytest.mark.parametrize(
    ("ipa", "said"),
    [
        ("stˈaɪl", "xờ tai"),
        ("bˈʊkɪŋ", "bu kinh"),
        ("mˈeɪl", "meo"),
        ("lˈɒndən", "lon đơn"),
        ("blˈæk", "bờ léc"),
        ("", ""),
    ],
)
def test_phonemes(ipa: str, said: str) -> None:
    assert from_ipa(ipa) == said


def test_other_alphabets_are_said_and_scripts_without_one_are_silent() -> None:
    assert plan("Привет")[0].spoken
    assert len(plan("北京")) == 0
    assert from_spelling("xyz")


def test_every_listed_reading_is_made_of_syllables() -> None:
    tables = ("foreign", "acronyms", "shorthand", "web", "currencies", "documents", "signs")
    readings = [r for t in (*tables, "operators") for r in mapping(f"{t}.tsv").values()]
    readings += [row[1] for t in ("units", "abbreviations") for row in rows(f"{t}.tsv")]
    sections = (
        ("letters", "name"),
        ("letters", "sound"),
        ("letters", "english"),
        ("places", "place"),
        ("places", "road"),
    )
    readings += [r for t, kind in sections for r in section(f"{t}.tsv", kind).values()]
    assert len(readings) > 1000
    wrong = {r for r in readings for s in r.lstrip("=").split() if not syllable(s)}
    assert not wrong


def test_english_phonemes_are_used_where_espeak_is_installed() -> None:
    from sonca import espeakng

    if not espeakng.installed():
        pytest.skip("the package espeakng-loader is not installed")
    assert transliteration._phonemes("style")
    assert transliteration.transliterate("wednesday") == "oen dờ đây"


def test_words_of_an_english_sentence_are_english() -> None:
    (utterance,) = plan("The quick brown fox can jump over me.")
    assert all(w.foreign for w in utterance.words)
    (mixed,) = plan("Facebook Messenger cho Android")
    assert "cho" in mixed.spoken.split()
