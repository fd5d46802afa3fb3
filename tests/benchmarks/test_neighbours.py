"""What neighbours do to each other is measured, in the smallest form. No figure is judged here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.neighbours.__main__ import main
from benchmarks.neighbours.building import book
from benchmarks.neighbours.callers import Stream
from benchmarks.neighbours.measure import run
from benchmarks.neighbours.new_voices import form, recording
from benchmarks.neighbours.plan import Plan
from sonca.bench.client import idle
from sonca.bench.process import Server, sonca_server
from sonca.encoding import decode
from sonca.errors import SoncaError

command = typer.Typer()
command.command()(main)
PART: dict[str, Any] = {"measured": {}}
TINY = Plan(
    plans=2,
    plan_chars=20_000,
    voice_s=0.1,
    newcomers=1,
    slots=4,
    books=1,
    book_chars=10_000,
    callers=3,
    half_sent=3,
    stalled=2,
    stalled_chars=5_000,
    hold_s=0.6,
    alone_s=0.3,
)


def measured(name: str) -> dict[str, Any]:
    """A scenario, with figures that can be."""
    said: list[str] = []
    result = run("tone", TINY, only=[name], say=said.append)
    assert said
    (found,) = result.items()
    assert found[0] == name
    for pair in found[1]["measured"].values():
        assert list(pair) == ["alone", "beside"]
        assert pair["alone"]["served"] > 0 and pair["alone"]["refused"] == 0
        for figures in pair.values():
            assert figures["served"] + figures["refused"] > 0
            if figures["served"]:
                assert 0 < figures["median_s"] <= figures["p95_s"] <= figures["max_s"] < 60
            else:
                assert set(figures) == {"served", "refused"}
    return found[1]  # type: ignore[no-any-return]


@pytest.mark.slow
def test_a_kept_file_while_books_are_planned() -> None:
    result = measured("plans")
    assert set(result["measured"]) == {"kept_file", "livez"}
    assert result["planned"] + result["refused"] == TINY.plans
    assert len(result["answered_after_s"]) == TINY.plans


@pytest.mark.slow
def test_a_stream_while_voices_are_made() -> None:
    result = measured("newcomers")
    assert set(result["measured"]) == {"cloned", "own_voice"}
    assert len(result["cloned_first_audio_s"]) == len(result["own_first_audio_s"]) == 1
    assert min(result["cloned_first_audio_s"] + result["own_first_audio_s"]) > 0


@pytest.mark.slow
def test_callers_while_books_are_built() -> None:
    result = measured("books")
    assert set(result["measured"]) == {"one_after_another", "at_once"}
    for pair in result["measured"].values():
        for figures in pair.values():
            assert figures["served"] + figures["refused"] == TINY.callers
    assert result["bulk_in_line"] > 0
    assert all(0 <= done <= 1 for done in result["books_done"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "half_sent", "stalled"), [("half_sent", 3, 0), ("stalled", 0, 2), ("crowd", 3, 2)]
)
def test_callers_beside_requests_that_never_end(name: str, half_sent: int, stalled: int) -> None:
    result = measured(name)
    assert set(result["measured"]) == {"callers", "livez", "readyz"}
    assert (result["half_sent"], result["stalled"]) == (half_sent, stalled)
    assert 0 <= result["in_flight_at_the_end"] <= half_sent + stalled
    assert result["in_flight_afterwards"] == 0
    assert 0 <= result["last_refused_after_s"] <= TINY.hold_s


def test_a_scenario_that_is_none_is_refused() -> None:
    refused = CliRunner().invoke(command, ["--only", "nothing-of-that-name"])
    assert refused.exit_code == 2 and "newcomers" in refused.output


def test_figures_are_added_to_those_of_the_load(tmp_path: Path) -> None:
    path = tmp_path / "load.json"
    path.write_text(json.dumps({"benchmark": "load", "engine": "espeak", "open_loop": {}}))
    refused = CliRunner().invoke(command, ["--engine", "tone", "--json", str(path)])
    assert refused.exit_code == 2 and "tone" in refused.output
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.neighbours.__main__.run", lambda *_, **__: {"plans": PART})
        assert CliRunner().invoke(command, ["--json", str(path)]).exit_code == 0
    result = json.loads(path.read_text())
    assert list(result) == ["benchmark", "engine", "open_loop", "neighbours"]
    assert result["neighbours"] == {"plans": PART}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server of the tone engine."""
    with sonca_server("tone") as server:
        yield server


@pytest.mark.slow
def test_a_stream_that_ends_too_early_is_no_measurement(server: Server) -> None:
    with (
        pytest.raises(SoncaError, match="all its sound is there"),
        Stream(server.port, "Xin chào.") as stream,
    ):
        stream.gaps_while(stream._thread.join)  # until all is read
    assert idle(server.port, "sonca_requests_in_flight ") == 0


@pytest.mark.slow
def test_a_stream_that_is_refused_says_why(server: Server) -> None:
    with pytest.raises(SoncaError, match="status 400"), Stream(server.port, ""):
        pass


def test_recordings_differ_and_can_be_read() -> None:
    one, two = recording(1), recording(2)
    assert one != two and one == recording(1)
    samples, rate_hz = decode(one, max_duration_s=30, max_bytes=1 << 20)
    assert len(samples) == 3 * rate_hz
    body, kind = form("file", "a.wav", one)
    assert one in body and kind.partition("boundary=")[2].encode() in body


def test_no_two_sentences_of_a_book_are_equal() -> None:
    one, two = book(30_000, 1), book(30_000, 2)
    lines = [line for line in (one + "\n\n" + two).split("\n\n") if line.endswith(".")]
    assert len(set(lines)) == len(lines) > 500
    assert one.startswith("Chương 1\n") and "Chương 3" in one
    assert 30_000 <= len(one) < 31_000 and one == book(30_000, 1)
