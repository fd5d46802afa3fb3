"""Upstream's package beside ours, with a driver that stands in for it."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.line_process import LineProcess
from benchmarks.viettts import measure as viettts
from benchmarks.vs_upstream import measure as vs_upstream
from benchmarks.vs_upstream.__main__ import main
from benchmarks.vs_upstream.measure import DRIVER, figures_of, pairs
from sonca.errors import InvalidRequest, SoncaError

command = typer.Typer()
command.command()(main)

FAKE_PACKAGE = """
import numpy as np
SAMPLE_RATE_HZ = 22050
def versions():
    return {"viet-tts": "0.1.0"}
class Upstream:
    def __init__(self, checkpoint, prompt, threads):
        print("the package is talkative")
        assert prompt.dtype == np.float32 and len(prompt) == 64000
        self.rate_hz = int(checkpoint)
        self.parts_cpu_s = {}
    def speak(self, text, tokens):
        if text == "die":
            raise RuntimeError("its last words")
        self.parts_cpu_s = {"llm": 3.0, "flow": 2.0, "vocoder": 1.0}
        return np.full(tokens * SAMPLE_RATE_HZ // self.rate_hz, 0.5, np.float32)
    def llm_in_float32(self, text, tokens):
        return 1.0
"""


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The true driver, with a package that stands in for upstream's."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    shutil.copy(DRIVER, folder)
    (folder / "package.py").write_text(FAKE_PACKAGE, encoding="utf-8")
    monkeypatch.setattr(vs_upstream, "DRIVER", folder / "driver.py")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment that looks as if viet-tts were installed in it."""
    folder = tmp_path / "environment"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(sys.executable)
    package = folder / "lib" / "python3.11" / "site-packages" / "viettts"
    package.mkdir(parents=True)
    (package / "tts.py").touch()
    return folder


@pytest.fixture
def upstream(scripts: Path) -> Iterator[LineProcess]:
    with vs_upstream.upstream(Path(sys.executable), Path("25"), 1) as process:
        yield process


@pytest.mark.slow
def test_the_driver_speaks_lines(upstream: LineProcess) -> None:
    assert upstream.first["versions"] == {"viet-tts": "0.1.0"}
    assert upstream.first["rate_hz"] == 25
    answer = upstream.ask({"text": "xin chào", "tokens": 50})
    assert answer["audio_s"] == 2.0
    assert answer["level"] == 0.5
    assert answer["parts_cpu_s"]["flow"] == 2.0
    assert answer["wall_s"] > 0 and answer["peak_mib"] > 10
    assert upstream.ask({"text": "a", "tokens": 1, "llm_in_float32": True}) == {"cpu_s": 1.0}


@pytest.mark.slow
def test_a_driver_that_dies_says_why(upstream: LineProcess) -> None:
    with pytest.raises(SoncaError, match="its last words"):
        upstream.ask({"text": "die", "tokens": 1})
    with pytest.raises(SoncaError, match="its last words"):
        upstream.ask({"text": "again", "tokens": 1})


def test_the_environment_or_its_python_is_taken(environment: Path) -> None:
    python = environment / "bin" / "python"
    assert vs_upstream.interpreter(environment) == python
    assert vs_upstream.interpreter(python) == python


def test_what_is_no_environment_of_upstream_is_refused(tmp_path: Path, environment: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"nowhere.*README"):
        vs_upstream.interpreter(tmp_path / "nowhere")
    with pytest.raises(InvalidRequest, match=r"bin/python.*README"):
        vs_upstream.interpreter(tmp_path)
    shutil.rmtree(environment / "lib")
    with pytest.raises(InvalidRequest, match=r"viet-tts is not installed.*README"):
        vs_upstream.interpreter(environment)


@pytest.fixture
def measured(scripts: Path, monkeypatch: pytest.MonkeyPatch) -> list[viettts.Case]:
    """Our side costs 0.5 CPU seconds a second, without a model."""
    cases: list[viettts.Case] = []

    def ours(model: Path, case: viettts.Case) -> dict[str, Any]:
        cases.append(case)
        parts = {"llm": 0.1, "flow": 0.3, "vocoder": 0.1}
        return {"cpu_s": 0.5, "wall_s": 0.6, "parts_cpu_s": parts, "audio_s": case.seconds}

    @contextmanager
    def model(rate_hz: int, keep: Path | None) -> Iterator[tuple[Path, Path]]:
        yield Path(str(rate_hz)), Path("model")

    monkeypatch.setattr(vs_upstream, "_ours", ours)
    monkeypatch.setattr(viettts, "random_model", model)
    monkeypatch.setattr(viettts, "machine", lambda: {"cpu": "a test"})
    return cases


def measure_all(out: Path, *, resume: bool = False) -> list[str]:
    said: list[str] = []
    python = Path(sys.executable)
    vs_upstream.measure_all(
        python, [25, 50], [1], keep=None, rounds=2, out=out, resume=resume, say=said.append
    )
    return said


@pytest.mark.slow
def test_both_sides_speak_in_turns(tmp_path: Path, measured: list[viettts.Case]) -> None:
    out = tmp_path / "out.json"
    said = measure_all(out)
    results = json.loads(out.read_text(encoding="utf-8"))["beside"]
    assert [result["pair"] for result in results] == [
        figures_of(pair) for rate in (25, 50) for pair in pairs(rate, 1)
    ]
    assert [case.seconds for case in measured] == [4, 4, 8, 8, 4, 4]
    first = results[0]
    assert first["upstream"]["audio_s"] == 4
    assert first["upstream"]["parts_cpu_s"]["llm"] == 0.75  # 3 s for 4 s of sound
    # In float32 the language model takes 1 s for these 4 s, and the rest what it took.
    assert first["upstream_in_float32"]["llm_cpu_s"] == 0.25
    assert first["upstream_in_float32"]["cpu_s"] == pytest.approx(
        first["upstream"]["cpu_s"] - 0.75 + 0.25
    )
    assert first["times_less_cpu"] == first["upstream"]["cpu_s"] / 0.5
    assert len(first["times_less_cpu_by_round"]) == 2
    assert any("times less CPU" in line for line in said)


@pytest.mark.slow
def test_what_is_measured_already_is_kept(tmp_path: Path, measured: list[viettts.Case]) -> None:
    out = tmp_path / "out.json"
    measure_all(out)
    report = json.loads(out.read_text(encoding="utf-8"))
    report["beside"] = [r for r in report["beside"] if r["pair"]["seconds"] == 4]
    out.write_text(json.dumps(report), encoding="utf-8")
    measured.clear()
    measure_all(out, resume=True)
    assert [case.seconds for case in measured] == [8, 8]
    found = [each["pair"] for each in json.loads(out.read_text(encoding="utf-8"))["beside"]]
    assert len(found) == 3 and {"rate_hz": 25, "threads": 1, "seconds": 8.0} in found
    measured.clear()
    measure_all(out)
    assert len(measured) == 6


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--upstream", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, InvalidRequest)
    assert "nowhere" in str(result.exception)
