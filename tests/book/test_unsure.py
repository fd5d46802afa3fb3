"""What the reader is unsure of is listed, the most frequent first, with a line for the lexicon."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from sonca.book.preview import unsure_words
from sonca.book.sources import read_book
from sonca.cli.book import app
from sonca.text import Lexicon, explain

STORY = (
    "Chương 1\n\nZorblax gặp Xtalin. Zorblax đi nguời không. Quyên uống cà phê ở Hà Nội, 12 giờ.\n"
)


def test_guesses_are_told_from_what_is_known() -> None:
    unsure = {t.original: t.unsure for t in explain("Zorblax ở Xtalingrát, nguời Hà Nội, 12 giờ")}
    assert unsure["Zorblax"] == "read as English"
    assert unsure["Xtalingrát"] == "cut into syllables by its spelling"
    assert unsure["nguời"]
    assert not any(unsure[word] for word in ("ở", "Hà", "Nội", "12", "giờ"))


def test_a_book_lists_them_by_how_often_they_occur(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(STORY, encoding="utf-8")
    found = list(unsure_words(read_book(path)))
    assert [(w.word, w.count) for w in found] == [("Zorblax", 2), ("Xtalin", 1), ("nguời", 1)]
    lines = tmp_path / "words.tsv"
    lines.write_text("".join(w.lexicon_line + "\n" for w in found), encoding="utf-8")
    assert len(Lexicon.load(lines).entries) == 3


def test_plan_shows_them(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(STORY, encoding="utf-8")
    shown = CliRunner().invoke(app, ["plan", str(path), "--no-measure"]).stdout
    assert "3 words are read by guess" in shown
    assert "2 ×  Zorblax\t" in shown
    told = json.loads(CliRunner().invoke(app, ["plan", str(path), "--no-measure", "--json"]).stdout)
    assert told["unsure"][0]["word"] == "Zorblax"
