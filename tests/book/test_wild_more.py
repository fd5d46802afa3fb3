"""What other exporters, scrapers and converters write, each input with what a listener wants."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sonca.book import spoken
from sonca.book.sources import read_book
from tests.book import more_files

_GROUPS = ("notes", "markup", "chapters", "lines", "word", "other", "again")
_CASES = {
    f"{group}-{name}": case for group in _GROUPS for name, case in more_files.cases(group).items()
}


@pytest.mark.parametrize("name", _CASES)
def test_a_file_is_read_as_a_listener_wants(tmp_path: Path, name: str) -> None:
    book = read_book(more_files.write(_CASES[name], tmp_path))
    chapters = [[line.spoken for line in chapter] for chapter in spoken.spoken_chapters(book)]
    text = " ‖ ".join(" / ".join(chapter) for chapter in chapters)
    for wanted in _CASES[name]["want"]:
        sign, what = wanted[0], wanted[1:].strip()
        match sign:
            case "+":
                assert what in text
            case "-":
                assert what not in text
            case "~":
                assert re.search(what, text), (what, text)
            case "!":
                assert not re.search(what, text), (what, text)
            case "#":
                assert len(chapters) == int(what), text
