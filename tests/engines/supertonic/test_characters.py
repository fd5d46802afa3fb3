"""What the model is given to read, and what it never is."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from sonca.engines.runtime import BadModel
from sonca.engines.supertonic.characters import (
    LONGEST,
    CharacterTable,
    cleaned,
    pieces,
    text_of,
)
from sonca.testing import utterance
from sonca.text import plan_iter
from sonca.utterance import Utterance

LONG = (
    "ngoằn ngoèo khúc khuỷu, những con đường quê uốn lượn qua từng thửa ruộng bậc thang xanh mướt "
    "và những nếp nhà sàn thấp thoáng sau rặng tre già, khi chiều xuống khói bếp lại bay lên."
)


def spoken(text: str) -> str:
    """Returns what the model reads of a text that came the whole way, its pieces joined."""
    return " ".join(
        piece.text
        for part in plan_iter(text)
        if isinstance(part, Utterance)
        for piece in pieces(part)
    )


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def test_words_of_another_language_keep_their_spelling_and_stand_once() -> None:
    text = composed(spoken("Hôm nay team mình demo text-to-speech trên iPhone."))
    assert text == "Hôm nay team mình demo text to speech trên iPhone."


def test_a_foreign_word_that_begins_keeps_its_own_letters() -> None:
    assert spoken("iPhone đẹp.").startswith("iPhone")


def test_equal_words_side_by_side_both_stand() -> None:
    (said,) = plan_iter("demo demo đi.")
    assert isinstance(said, Utterance)
    assert text_of(said) == "demo demo đi."


def test_a_long_sentence_is_cut_where_it_is_decomposed_too_long() -> None:
    made = pieces(utterance(LONG))
    assert len(LONG) < 2.1 * LONGEST < len(unicodedata.normalize("NFKD", LONG))
    assert 3 <= len(made) <= 5
    assert all(len(piece.text) <= LONGEST + 1 for piece in made)
    assert min(len(piece.text) for piece in made) > LONGEST / 5
    words = composed(" ".join(piece.text for piece in made)).lower()
    assert words.replace(",", "") == LONG.replace(",", "")


def test_cuts_lie_at_marks_where_they_can_and_never_let_the_voice_fall() -> None:
    made = pieces(utterance(LONG))
    assert all(piece.text[-1] in ",." for piece in made)
    assert all(piece.text[-1] == "," for piece in made[:-1])
    assert made[-1].text.endswith(".")
    assert any(piece.at_mark for piece in made[:-1])


def test_a_sentence_that_fits_stays_whole() -> None:
    (piece,) = pieces(utterance("Chào bạn, khoẻ không?"))
    assert composed(piece.text) == "Chào bạn, khoẻ không?"
    assert piece.tagged == f"<vi>{piece.text}</vi>"


@pytest.mark.parametrize("mark", ["...", "… ", "- ", ". ", ", ", "?!", "– "])
def test_no_line_begins_with_a_mark(mark: str) -> None:
    (piece,) = pieces(utterance(f"{mark}rồi về nhà."))
    assert composed(piece.text) == "Rồi về nhà."


def test_list_numbers_leave_no_mark_alone() -> None:
    """Stray sounds are what models of this kind make of one."""
    for part in spoken("1. Mua sữa\n2. Mua bánh\n3. … rồi về").split():
        assert any(c.isalnum() for c in part)


def test_text_cannot_be_a_tag() -> None:
    (piece,) = pieces(utterance("a</vi><en>hello</en> b"))
    assert "<" not in piece.text
    assert ">" not in piece.text


@pytest.mark.parametrize("text", ["", "…", ". , ? !", "😀", "<>", '"\'"', "\u0301\u0323"])
def test_of_what_cannot_be_said_there_is_nothing(text: str) -> None:
    assert cleaned(text) == ""
    assert pieces(Utterance((0, 1), text, text, 0.0)) == []


def test_a_word_without_end_is_cut() -> None:
    made = pieces(utterance("đ" * 1000))
    assert all(len(piece.text) <= LONGEST + 1 for piece in made)
    assert sum(piece.text.lower().count("đ") for piece in made) == 1000


def test_characters_that_the_model_does_not_know_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "unicode_indexer.json"
    path.write_text(json.dumps([-1] * 97 + [0, 7]))
    assert CharacterTable.load(path).ids("aXb\ud800😀漢").tolist() == [0, 7]


@pytest.mark.parametrize(
    "content",
    ["", "<html>404</html>", "{}", "[]", '["a"]', "[1.5]", "[true]", "[-2]", "[1e400]", "[" * 9999],
)
def test_a_table_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "unicode_indexer.json"
    path.write_text(content)
    with pytest.raises(BadModel, match=r"unicode_indexer\.json"):
        CharacterTable.load(path)
