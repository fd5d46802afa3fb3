"""``sonca text``, run in process: what it prints and how it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonca.cli.text import app
from sonca.errors import InvalidRequest

RUNNER = CliRunner()
DEV = Path(__file__).parents[1] / "text" / "data" / "normalization_dev.tsv"


def test_explain_shows_each_piece() -> None:
    done = RUNNER.invoke(app, ["explain", "Ngày", "20/11", "ở", "TP.HCM"])
    assert done.exit_code == 0
    assert "hai mươi tháng mười một" in done.stdout
    assert "abbreviation" in done.stdout
    assert "rules/slashes.py" in done.stdout and "vietnamese/syllables.py" in done.stdout


def test_explain_reads_standard_input_and_writes_json() -> None:
    done = RUNNER.invoke(app, ["explain", "--json", "--region", "south", "-"], input="1.000 người")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows[0] == {
        "start": 0,
        "end": 5,
        "original": "1.000",
        "spoken": "một ngàn",
        "rule": "number",
        "foreign": None,
        "unsure": None,
    }


def test_explain_says_what_is_only_a_guess() -> None:
    done = RUNNER.invoke(app, ["explain", "Zorblax ở Hà Nội"])
    assert "foreign ?" in done.stdout
    assert "? Zorblax: read as English" in done.stdout
    assert "? Hà" not in done.stdout


def test_explain_takes_a_lexicon(tmp_path: Path) -> None:
    lexicon = tmp_path / "words.tsv"
    lexicon.write_text("GenZ\tgien dét\n", encoding="utf-8")
    done = RUNNER.invoke(app, ["explain", "GenZ", "--lexicon", str(lexicon)])
    assert "gien dét" in done.stdout and "lexicon" in done.stdout


def test_score_ends_with_json() -> None:
    done = RUNNER.invoke(app, ["score", str(DEV)])
    assert done.exit_code == 0
    last = json.loads(done.stdout.splitlines()[-1])
    assert set(last) == {"cases", "correct", "percent"}
    assert last["cases"] == 299
    assert last["percent"] >= 95


def test_score_prints_what_went_wrong(tmp_path: Path) -> None:
    table = tmp_path / "cases.tsv"
    table.write_text("unit\t5 km\tnăm dặm\nunit\t6 km\tsáu ki lô mét\n", encoding="utf-8")
    done = RUNNER.invoke(app, ["score", str(table)])
    assert "line 1 [unit]" in done.stdout and "năm ki lô mét" in done.stdout
    assert json.loads(done.stdout.splitlines()[-1]) == {"cases": 2, "correct": 1, "percent": 50.0}


def test_a_bad_table_is_an_error_that_names_the_line(tmp_path: Path) -> None:
    table = tmp_path / "cases.tsv"
    table.write_text("nothing\n", encoding="utf-8")
    done = RUNNER.invoke(app, ["score", str(table)])
    assert isinstance(done.exception, InvalidRequest)
    with pytest.raises(InvalidRequest, match="line 1"):
        raise done.exception
