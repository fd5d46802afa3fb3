"""What a reader chooses of a book: which chapters, and where they begin."""

from __future__ import annotations

import pytest

from sonca.book.options import BookOptions
from sonca.errors import InvalidRequest

TITLES = ["Mở đầu", "Chương 1: Sáng", "Chương 2: Chiều", "Chương 3: Tối", "Phụ lục"]


@pytest.mark.parametrize(
    ("skip", "only", "left"),
    [
        ("", "", [0, 1, 2, 3, 4]),
        ("1", "", [1, 2, 3, 4]),
        ("1, phụ lục", "", [1, 2, 3]),
        ("", "2-3", [1, 2]),
        ("", "4-", [3, 4]),
        ("CHIỀU", "chương", [1, 3]),
    ],
)
def test_chapters_are_chosen_by_number_range_and_title(
    skip: str, only: str, left: list[int]
) -> None:
    assert BookOptions(skip=skip, only=only).chosen(TITLES) == left


@pytest.mark.parametrize(
    ("skip", "only", "says"),
    [
        ("6", "", "1 to 5"),
        ("0", "", "1 to 5"),
        ("", "3-2", "1 to 5"),
        ("", "Chương 9", "no chapter's title"),
        ("1-", "", "no chapter to read"),
    ],
)
def test_what_no_chapter_has_is_an_error(skip: str, only: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says):
        BookOptions(skip=skip, only=only).chosen(TITLES)


def test_a_pattern_that_is_none_is_an_error() -> None:
    with pytest.raises(InvalidRequest, match="no pattern"):
        BookOptions(chapters="(")
