"""Every case of the development file and of our own is read as accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.errors import InvalidRequest
from sonca.text.evaluation import Case, cases, comparable, score

DATA = Path(__file__).parent / "data"


@pytest.mark.parametrize("name", ["normalization_dev.tsv", "cases.tsv"])
def test_cases_are_read_as_accepted(name: str) -> None:
    results = score(cases(DATA / name))
    wrong = [f"{r.case.input!r}: {r.spoken!r}" for r in results if not r.correct]
    assert len(results) > 290
    assert not wrong, "\n".join(wrong)


def test_plain_vietnamese_is_left_as_it_stands() -> None:
    text = (DATA / "story_vi.txt").read_text(encoding="utf-8")
    plain = [line for line in text.splitlines() if not any(c.isdigit() for c in line)]
    results = score(
        Case("plain", line, (comparable(line),), 0) for line in plain if line.strip("* ")
    )
    assert len(results) > 50
    assert [r.case.input for r in results if r.spoken != r.case.accepted[0]] == []


def test_comparison_drops_punctuation_and_keeps_symbols() -> None:
    assert comparable("“Chào”, ANH!") == "chào anh"
    assert comparable("5 + 5 = 10°") == "5 + 5 = 10°"


def test_input_is_decoded_and_empty_means_silence(tmp_path: Path) -> None:
    file = tmp_path / "cases.tsv"
    file.write_text("a\t\\n\\u2026\t<empty>\nb\tmột\\thai\tmột hai || mốt hai\n", encoding="utf-8")
    first, second = cases(file)
    assert (first.input, first.accepted) == ("\n…", ("",))
    assert (second.input, second.accepted) == ("một\thai", ("một hai", "mốt hai"))
    assert all(r.correct for r in score([first, second]))


def test_a_wrong_reading_is_counted_as_wrong() -> None:
    (result,) = score([Case("x", "5 km", ("năm dặm",), 1)])
    assert not result.correct
    assert result.spoken == "năm ki lô mét"


def test_a_foreign_word_may_be_accepted_as_it_is_written() -> None:
    (result,) = score([Case("x", "xem Netflix 4 giờ", ("xem netflix bốn giờ",), 1)])
    assert result.correct and not result.spoken_accepted


def test_a_bad_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cases.tsv"
    file.write_text("a\tmột\tmột\nkhông có gì\n", encoding="utf-8")
    with pytest.raises(InvalidRequest, match="line 2"):
        list(cases(file))
