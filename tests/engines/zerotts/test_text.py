"""What the model is given to read."""

from __future__ import annotations

import pytest

from sonca.engines.zerotts.text import cleaned, written
from sonca.text import plan


def spoken_of(text: str) -> str:
    (said,) = plan(text).utterances
    return cleaned(written(said))


def test_foreign_words_keep_their_spelling_and_numbers_are_read() -> None:
    text = "Tôi dùng ChatGPT và iPhone 15 Pro Max."
    assert spoken_of(text) == "Tôi dùng ChatGPT và iPhone mười lăm Pro Max."


def test_two_foreign_words_of_one_spelling_are_two() -> None:
    assert spoken_of("Google Google xin chào.") == "Google Google xin chào."


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("- xin chào", "Xin chào."),
        (". . . xin chào!", "Xin chào!"),
        ("… ừ", "Ừ."),
        ("), thế à?", "Thế à?"),
        ("một; hai… ba", "Một, hai, ba."),
        ("xin\u0000 chào\u200b nhé\ud800", "Xin chào nhé."),
        ("thật sao?!", "Thật sao!"),
        ("kho\u0302ng", "Không."),
        ("?!…", ""),
        ("", ""),
    ],
)
def test_punctuation_is_what_the_model_can_voice(text: str, made: str) -> None:
    """No line begins with a mark, and every one ends with a stop."""
    assert cleaned(text) == made
