"""Every part against the golden numbers of upstream's own modules."""

import json
from pathlib import Path

import pytest

from benchmarks.viettts.parity import parts
from benchmarks.viettts.parity.__main__ import main
from benchmarks.viettts.parity.compare import Checks, relative
from benchmarks.viettts.parity.golden import GoldenFolder
from tests.engines.viettts.tiny import GOLDEN

pytestmark = pytest.mark.slow


def verify(checks: Checks, at_least: int) -> None:
    done = list(checks)
    assert len(done) >= at_least
    assert [check for check in done if not check.error <= check.limit] == []


@pytest.mark.parametrize(
    ("part", "at_least"), [("llm", 20), ("flow", 50), ("hift", 15)], ids=["llm", "flow", "hift"]
)
def test_network_equals_upstream(golden: GoldenFolder, part: str, at_least: int) -> None:
    torch = pytest.importorskip("torch", reason="the reference networks need PyTorch")
    from benchmarks.viettts.parity import models

    with torch.inference_mode():
        verify(getattr(models, part)(golden), at_least)


@pytest.mark.parametrize(
    ("part", "at_least"),
    [("sampling_part", 9), ("audio", 6), ("speed", 5), ("vad_part", 8), ("text_part", 40)],
)
def test_part_equals_upstream(golden: GoldenFolder, part: str, at_least: int) -> None:
    verify(getattr(parts, part)(golden), at_least)


def test_command_prints_errors_and_ends_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(GOLDEN), "--offline"]) == 0
    lines = capsys.readouterr().out.splitlines()
    errors = json.loads(lines[-1])
    assert {"sampling", "audio", "fbank", "speed", "text", "vad_select"} <= set(errors)
    assert all(error < 2e-3 for error in errors.values())


def test_command_refuses_what_is_no_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "missing"), "--offline"]) == 2
    assert "missing" in capsys.readouterr().err


def test_an_empty_folder_is_not_a_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path), "--offline"]) == 1


def test_wrong_numbers_are_seen() -> None:
    assert relative([1.0, 2.0], [1.0, 2.0]) == 0
    assert relative([1.0, 2.1], [1.0, 2.0]) > 1e-2
    assert relative([1.0, float("nan")], [1.0, 2.0]) == float("inf")
    assert relative([1.0], [1.0, 2.0]) == float("inf")
