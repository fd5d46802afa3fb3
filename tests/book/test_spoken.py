"""What `sonca book plan --spoken` prints is what a build says."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from sonca.book.sources import read_book
from sonca.book.spoken import spoken_chapters
from sonca.cli.book import app

STORY = "Bến Lạc\n\nChương 1: Sáng\n\nÔng Thoại 71 tuổi. Lên đò!\n\n***\n\nMưa.\n\nChương 2\n\nHết."


def printed(path: Path, *options: str) -> str:
    done = CliRunner().invoke(app, ["plan", str(path), "--spoken", *options])
    assert done.exit_code == 0
    return done.stdout


def test_a_line_is_an_utterance_and_an_empty_line_ends_a_chapter(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    assert printed(path) == (
        "bến lạc\nchương một: sáng\nông thoại bảy mươi mốt tuổi.\nlên đò!\nmưa.\n"
        "\nchương hai\nhết.\n"
    )


def test_a_lexicon_is_heeded(tmp_path: Path) -> None:
    path, words = tmp_path / "story.txt", tmp_path / "words.tsv"
    path.write_text(STORY, encoding="utf-8")
    words.write_text("Thoại\tthoại già\n", encoding="utf-8")
    assert "ông thoại già bảy mươi mốt tuổi.\n" in printed(path, "--lexicon", str(words))


def test_json_has_the_place_of_each_utterance(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text(STORY, encoding="utf-8")
    told = json.loads(printed(path, "--json"))
    assert [chapter["title"] for chapter in told["chapters"]] == ["Chương 1: Sáng", "Chương 2"]
    said = [u for chapter in told["chapters"] for u in chapter["utterances"]]
    assert [STORY[slice(*u["span"])] for u in said] == [
        *("Bến Lạc", "Chương 1: Sáng", "Ông Thoại 71 tuổi.", "Lên đò!", "Mưa."),
        *("Chương 2", "Hết."),
    ]
    assert [u["pause_s"] for u in said] == [0.9, 1.5, 0.35, 1.2, 2.0, 1.5, 2.0]


def test_what_is_spoken_stands_in_its_chapter(tmp_path: Path) -> None:
    path = tmp_path / "story.md"
    path.write_text("# Một\n\nTrời sáng.\n\n# Hai\n\nTrời tối.\n", encoding="utf-8")
    chapters = list(spoken_chapters(read_book(path)))
    assert [[line.spoken for line in lines] for lines in chapters] == [
        ["một", "trời sáng."],
        ["hai", "trời tối."],
    ]
