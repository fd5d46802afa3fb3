"""Upstream's package beside ours, with a driver that stands in for it."""

from __future__ import annotations

import http.server
import json
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sonca.bench import beside, setups, viettts
from sonca.bench.bare import wav
from sonca.bench.beside import Pair
from sonca.bench.peer_processes import Peer
from sonca.errors import InvalidRequest, SoncaError

DRIVER = Path(__file__).parents[2] / "benchmarks" / "upstream" / "driver.py"

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
def scripts(tmp_path: Path) -> Path:
    """The true driver, with a package that stands in for upstream's."""
    folder = tmp_path / "scripts"
    folder.mkdir()
    shutil.copy(DRIVER, folder)
    (folder / "package.py").write_text(FAKE_PACKAGE, encoding="utf-8")
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


@contextmanager
def speaking(scripts: Path) -> Iterator[Peer]:
    with beside.upstream(Path(sys.executable), scripts / "driver.py", Path("25"), 1) as peer:
        yield peer


def test_the_driver_speaks_lines(scripts: Path) -> None:
    with speaking(scripts) as peer:
        assert peer.first["versions"] == {"viet-tts": "0.1.0"}
        assert peer.first["rate_hz"] == 25
        answer = peer.ask({"text": "xin chào", "tokens": 50})
        assert answer["audio_s"] == 2.0
        assert answer["level"] == 0.5
        assert answer["parts_cpu_s"]["flow"] == 2.0
        assert answer["wall_s"] > 0 and answer["peak_mib"] > 10
        assert peer.ask({"text": "a", "tokens": 1, "llm_in_float32": True}) == {"cpu_s": 1.0}


def test_a_driver_that_dies_says_why(scripts: Path) -> None:
    with speaking(scripts) as peer:
        with pytest.raises(SoncaError, match="its last words"):
            peer.ask({"text": "die", "tokens": 1})
        with pytest.raises(SoncaError, match="its last words"):
            peer.ask({"text": "again", "tokens": 1})


def test_the_environment_or_its_python_is_taken(environment: Path) -> None:
    python = environment / "bin" / "python"
    assert beside.interpreter(environment) == python
    assert beside.interpreter(python) == python


def test_what_is_no_environment_of_upstream_is_refused(tmp_path: Path, environment: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"nowhere.*README"):
        beside.interpreter(tmp_path / "nowhere")
    with pytest.raises(InvalidRequest, match=r"bin/python.*README"):
        beside.interpreter(tmp_path)
    shutil.rmtree(environment / "lib")
    with pytest.raises(InvalidRequest, match=r"viet-tts is not installed.*README"):
        beside.interpreter(environment)
    with pytest.raises(InvalidRequest, match="--upstream-scripts"):
        beside.driver(tmp_path)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[viettts.Case]:
    """Our side costs 0.5 CPU seconds a second, without a model."""
    cases: list[viettts.Case] = []

    def ours(model: Path, case: viettts.Case) -> dict[str, Any]:
        cases.append(case)
        parts = {"llm": 0.1, "flow": 0.3, "vocoder": 0.1}
        return {"cpu_s": 0.5, "wall_s": 0.6, "parts_cpu_s": parts, "audio_s": case.seconds}

    @contextmanager
    def model(rate_hz: int, keep: Path | None) -> Iterator[tuple[Path, Path]]:
        yield Path(str(rate_hz)), Path("model")

    monkeypatch.setattr(beside, "_ours", ours)
    monkeypatch.setattr(viettts, "random_model", model)
    monkeypatch.setattr(viettts, "machine", lambda: {"cpu": "a test"})
    return cases


def measure_all(scripts: Path, out: Path, *, resume: bool = False) -> list[str]:
    said: list[str] = []
    beside.measure_all(
        Path(sys.executable), scripts / "driver.py", [25, 50], [1],
        keep=None, rounds=2, out=out, resume=resume, say=said.append,
    )  # fmt: skip
    return said


def test_both_sides_speak_in_turns(
    scripts: Path, tmp_path: Path, measured: list[viettts.Case]
) -> None:
    out = tmp_path / "out.json"
    said = measure_all(scripts, out)
    results = json.loads(out.read_text(encoding="utf-8"))["beside"]
    assert [result["pair"] for result in results] == [
        asdict(pair) for rate in (25, 50) for pair in beside.pairs(rate, 1)
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
    assert any("25 Hz, 1 thread(s), 8 s" in line for line in said)


def test_what_is_measured_already_is_kept(
    scripts: Path, tmp_path: Path, measured: list[viettts.Case]
) -> None:
    out = tmp_path / "out.json"
    measure_all(scripts, out)
    report = json.loads(out.read_text(encoding="utf-8"))
    report["beside"] = [r for r in report["beside"] if r["pair"]["seconds"] == 4]
    out.write_text(json.dumps(report), encoding="utf-8")
    measured.clear()
    measure_all(scripts, out, resume=True)
    assert [case.seconds for case in measured] == [8, 8]
    found = beside.kept(out)
    assert len(found) == 3 and beside.has(found, Pair(25, 1, 8.0))
    measured.clear()
    measure_all(scripts, out)
    assert len(measured) == 6


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    result = CliRunner().invoke(viettts.app, ["--upstream", str(tmp_path / "nowhere")])
    assert isinstance(result.exception, InvalidRequest)
    assert "nowhere" in str(result.exception)


def test_a_slow_engine_gets_fewer_requests() -> None:
    plan = setups.Plan()
    assert setups.fitted(plan, 0.5) is plan
    slow = setups.fitted(plan, 50.0)  # each of six setups takes eight seconds
    assert (slow.starts, slow.rounds, slow.loads, slow.callers) == (1, 4, 1, (1, 2))
    slowest = setups.fitted(setups.QUICK, 500.0)
    assert (slowest.starts, slowest.rounds, slowest.loads, slowest.callers) == (1, 1, 1, (1,))


def test_sentences_can_be_forced_in_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    from types import SimpleNamespace

    from sonca.bench.random_models import force
    from sonca.engines.base import Setup
    from sonca.engines.viettts.engine import VietTTSEngine
    from sonca.engines.viettts.manner import Manner

    flow = SimpleNamespace(flow=SimpleNamespace(rate_hz=25.0))

    def create(cls: type, setup: Setup) -> Any:
        return SimpleNamespace(folder=SimpleNamespace(config=flow), manner=Manner())

    monkeypatch.setattr(VietTTSEngine, "create", classmethod(create))
    force(8.0)
    engine: Any = VietTTSEngine.create(Setup())
    assert engine.manner.limits.forced_tokens == 200
    assert engine.manner.limits.tokens(3, 25.0) == (200, 200)


def test_the_recording_that_both_clone_is_speech_to_ours() -> None:
    from sonca.bench.random_models import PROMPT_S, RATE_HZ, reference_wave
    from sonca.engines.viettts import vad
    from sonca.engines.viettts.reference_audio import prepare

    heard = prepare(reference_wave(), RATE_HZ, vad.by_level, 5.0)
    assert len(heard) == PROMPT_S * RATE_HZ
    assert np.abs(heard).max() < 1


def test_an_idle_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server closes it after some seconds; slow engines leave it idle for longer."""
    from sonca.bench import client

    connections: list[int] = []

    class Speak(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(1)
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = wav(np.zeros(2205, np.float32), 22050)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Speak)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        caller = client.Caller(server.server_port)
        assert [caller.synthesize("a").audio_s for _ in range(2)] == [0.1, 0.1]
        assert len(connections) == 1
        monkeypatch.setattr(client, "_IDLE_S", -1.0)
        assert caller.synthesize("a").audio_s == 0.1
        assert len(connections) == 2
        caller.close()
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("options", [["--engine", "espeak"], ["--engine", "viettts"]])
def test_forced_sentences_need_viettts_and_a_folder(options: list[str]) -> None:
    from sonca.cli.bench import app

    result = CliRunner().invoke(app, ["setups", "--sentence-s", "8", *options])
    assert result.exit_code == 2
    assert "--models-dir" in result.output
