"""Text for voices of other languages is cut, not read."""

from __future__ import annotations

from sonca.text import Reading, plan

ENGLISH = Reading(language="en-US")


def spoken(text: str) -> list[str]:
    return [utterance.spoken for utterance in plan(text, reading=ENGLISH)]


def test_words_and_numbers_stay_as_they_are() -> None:
    assert spoken("Mr. Smith paid $3.50 at 10:30, didn't he?") == [
        "Mr. Smith paid $3.50 at 10:30, didn't he?"
    ]


def test_every_word_points_at_itself() -> None:
    text = "“Yes!” — said the (old) man, 25."
    words = [word for utterance in plan(text, reading=ENGLISH) for word in utterance.words]
    assert [text[slice(*word.source)] for word in words] == [
        "Yes",
        "said",
        "the",
        "old",
        "man",
        "25",
    ]


def test_sentences_have_pauses_and_nothing_is_lost() -> None:
    text = "One two. Three four!\n\nFive 😀 six…\n***"
    planned = plan(text, reading=ENGLISH)
    assert [u.spoken for u in planned] == ["One two.", "Three four!", "Five six…"]
    assert all(u.pause_s > 0 for u in list(planned)[:-1])
    assert [text[slice(*s.span)] for s in planned.skipped] == ["***"]


def test_controls_and_broken_characters_are_not_spoken() -> None:
    assert spoken("a\x01b \ud800 cafe\u0301") == ["ab café"]


def test_a_very_long_word_is_cut() -> None:
    planned = plan("x" * 5000, reading=ENGLISH)
    assert sum(len(u.spoken) for u in planned) == 5000
    assert max(len(u.spoken) for u in planned) <= 300
