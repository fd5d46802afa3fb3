"""The files of the field's benchmark are what they say, at a small size."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.field.__main__ import _spoken
from benchmarks.field.makers import contract, pdf, scraped_novel
from sonca.book.sources import read_book


def test_a_scraped_novel(tmp_path: Path) -> None:
    made = scraped_novel(tmp_path, chapters=5, paragraphs=2)
    found = _spoken(made, read_book(made.path))
    assert found == {
        "chapters": 5,
        "chapters_wanted": 5,
        "missing": [],
        "heard_wrongly": [],
    }


@pytest.mark.parametrize("make", [lambda f: contract(f, articles=3), lambda f: pdf(f, pages=31)])
def test_a_contract_and_a_pdf(tmp_path: Path, make) -> None:  # type: ignore[no-untyped-def]
    made = make(tmp_path)
    found = _spoken(made, read_book(made.path))
    assert found["chapters"] == found["chapters_wanted"]
    assert found["missing"] == found["heard_wrongly"] == []
