"""A finished book is heard again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sonca import Sonca
from sonca.book.build import Build
from sonca.book.cast import Role, one_voice
from sonca.book.check import UNHEARD, check
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.encoding.encoder import encode
from sonca.encoding.formats import format_for
from sonca.errors import InvalidRequest
from sonca.listening import Listener
from sonca.text import Reading
from tests.listening.ears import Ears

TEXT = "Chiều hôm ấy trời nổi cơn gió lạnh. Đò nhỏ trôi giữa sông đêm vắng người."
WORDS = TEXT.lower().replace(".", "").split()
READING = Reading()


@pytest.fixture(scope="module", params=["m4b", "mp3"])
def book(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    source = folder / "b.txt"
    source.write_text(f"Chương 1\n\n{TEXT}\n\nChương 2\n\n{TEXT}", encoding="utf-8")
    path = folder / ("b.m4b" if request.param == "m4b" else "out")
    with Sonca("tone") as sonca:
        Build(read_book(source), Target(path, request.param), sonca, one_voice(Role("low"))).run()
    return path


def ears(*without: str) -> Listener:
    words = [*WORDS, "chương", "một", "hai"]
    return Listener(Ears(word for word in words if word not in without))


def test_what_is_as_it_should_be_is_beyond_doubt(book: Path) -> None:
    found = check(book, ears(), READING)
    assert (found.sentences, found.doubtful, found.listened) == (6, (), True)


def test_a_sentence_with_unheard_words_is_told_with_its_place(book: Path) -> None:
    told: list[tuple[int, int]] = []
    without = ("trời", "nổi", "cơn", "gió")
    found = check(book, ears(*without), READING, lambda *at: told.append(at)).doubtful
    assert [(each.chapter, each.title, each.reason) for each in found] == [
        (1, "Chương 1", UNHEARD),
        (2, "Chương 2", UNHEARD),
    ]
    assert {each.text for each in found} == {"Chiều hôm ấy trời nổi cơn gió lạnh."}
    assert {each.heard for each in found} == {"chiều hôm ấy lạnh"}
    assert told[-1] == (6, 6)


def test_without_ears_the_build_s_own_notes_are_told(book: Path, tmp_path: Path) -> None:
    json_path = sorted(book.glob("*.json"))[0] if book.is_dir() else book.with_suffix(".json")
    value = json.loads(json_path.read_text("utf-8"))
    value["spans"][1]["problem"] = "failed"
    copy = tmp_path / json_path.name
    copy.write_text(json.dumps(value), "utf-8")
    sound = next(p for p in json_path.parent.glob("*.m[4p][b3]") if p.stem == json_path.stem)
    copy.with_suffix(sound.suffix).write_bytes(sound.read_bytes())
    found = check(copy, None, READING)
    assert not found.listened
    assert [(each.reason, each.heard) for each in found.doubtful] == [("failed", None)]
    assert [each.reason for each in check(copy, ears(), READING).doubtful] == ["failed"]


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"chapters": [], "spans": [{}]}', '{"chapters": 3, "spans": 2}']
)
def test_other_json_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "b.json").write_text(content, "utf-8")
    (tmp_path / "b.m4b").write_bytes(b"")
    with pytest.raises(InvalidRequest, match="is not the JSON"):
        check(tmp_path / "b.m4b", None, READING)


@pytest.mark.parametrize("name", ["nothing.m4b", "nothing.json", "b.epub", "."])
def test_what_is_no_book_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidRequest, match="no book that can be checked"):
        check(tmp_path / name, None, READING)


def test_sound_that_is_too_short_is_doubtful(book: Path, tmp_path: Path) -> None:
    if book.is_dir():
        pytest.skip("one of a kind is enough")
    (tmp_path / "b.json").write_bytes(book.with_suffix(".json").read_bytes())
    (tmp_path / "b.mp3").write_bytes(
        encode(np.zeros(24_000, np.float32), 24_000, format_for("mp3"))
    )
    found = check(tmp_path / "b.mp3", ears(), READING)
    assert len(found.doubtful) == found.sentences
