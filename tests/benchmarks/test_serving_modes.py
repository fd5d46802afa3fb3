"""The ways to serve are measured, and what is measured is shown. No figure is judged here."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.servers import baseline_server
from benchmarks.serving_modes import charts
from benchmarks.serving_modes.__main__ import main
from benchmarks.serving_modes.baseline_servers import BASELINES
from benchmarks.serving_modes.measure import MODES, Plan, measure
from benchmarks.tables import table
from sonca.errors import SoncaError

command = typer.Typer()
command.command()(main)


TINY = Plan(starts=1, rounds=2, loads=1, callers=(1, 2, 4, 8), load_s=0.05)


@pytest.fixture(scope="module")
def result() -> dict[str, object]:
    said: list[str] = []
    result = measure("tone", TINY, say=said.append)
    assert any("8 callers" in line for line in said)
    return result


@pytest.mark.slow
def test_every_setup_of_the_document_is_measured_beside_ours(result: dict[str, object]) -> None:
    rows = result["setups"]
    assert list(rows) == [  # type: ignore[call-overload]
        "direct",
        "executor",
        "executor-lock",
        "executor-pool-2",
        "executor-pool-2-warmup",
        "sonca",
    ]
    for row in rows.values():  # type: ignore[attr-defined]
        assert list(row["audio_s_per_s"]) == ["1", "2", "4", "8"]
        for key in ("start_to_ready_s", "first_request_s", "rtf_median", "livez_p99_ms"):
            assert row[key] > 0
        assert row["memory_peak_mib"] > 20
        assert row["livez_p50_ms"] <= row["livez_p99_ms"] <= row["livez_max_ms"]
    ratios = result["ratios"]
    assert ratios["direct"]["request_over_direct"] == 1  # type: ignore[index]
    assert ratios["sonca"]["request_over_direct"] > 0  # type: ignore[index]
    health = result["livez_p99_under_most_callers_ms"]
    assert set(health) == {*rows, "idle beside sonca"}  # type: ignore[call-overload]
    assert all(value > 0 for value in health.values())  # type: ignore[attr-defined]


@pytest.mark.slow
def test_a_result_is_shown_in_a_table(result: dict[str, object]) -> None:
    shown = table(result)
    assert "| start to ready, s |" in shown
    assert "| audio s/s, 8 callers |" in shown
    assert "an idle server beside the loaded `sonca`" in shown


@pytest.mark.slow
def test_charts_are_pictures(result: dict[str, object], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    svg, png = charts.draw(result, tmp_path)
    assert svg.read_text().startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(SoncaError, match="nothing-of-that-name"),
        baseline_server("direct", "nothing-of-that-name"),
    ):
        pass


@pytest.mark.parametrize("options", [["--engine", "espeak"], ["--engine", "viettts"]])
def test_forced_sentences_need_viettts_and_a_folder(options: list[str]) -> None:
    result = CliRunner().invoke(command, ["--sentence-s", "8", *options])
    assert result.exit_code == 2
    assert "--models-dir" in result.output


def test_ours_is_measured_beside_all_others() -> None:
    assert set(BASELINES) < set(MODES)
