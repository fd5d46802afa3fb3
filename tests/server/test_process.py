"""The server as a process: signals, exit codes, what it prints."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.processes import ROOT, clean_environment

from .conftest import WAIT_S, wait_until

Refusal = Callable[..., tuple[int, str]]
LONG = "Một hai ba bốn năm. " * 2000


class Process:
    """`sonca serve` on a free port."""

    def __init__(self, command: list[str], data_dir: Path, log: Path, **settings: str) -> None:
        self._log = log
        environment = clean_environment(data_dir) | {
            f"SONCA_{name.upper()}": value for name, value in settings.items()
        }
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [*command, "serve", "--port", "0"],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=ROOT,
            )

    def url(self) -> str:
        """The address it prints when it is ready."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found is not None, (line, self.log())
        return found[0]

    def log(self) -> str:
        return self._log.read_text("utf-8")

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.log().splitlines()]

    def post(self, url: str, body: dict[str, object]) -> socket.socket:
        """Send a request whose answer is read slowly, or never."""
        data = json.dumps(body).encode()
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(WAIT_S)
        raw.connect(("127.0.0.1", int(url.rpartition(":")[2])))
        raw.sendall(
            b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(data) + data
        )
        return raw


@pytest.fixture
def command(forked: list[str]) -> list[str]:
    """What starts `sonca`; more arguments follow."""
    return forked


@pytest.fixture
def start(command: list[str], tmp_path: Path) -> Iterator[object]:
    """Start processes, and leave none behind."""
    with contextlib.ExitStack() as stack:

        def go(**settings: str) -> Process:
            number = len(list(tmp_path.iterdir()))
            running = Process(command, tmp_path / "data", tmp_path / f"log-{number}", **settings)
            stack.callback(end, running.process)
            return running

        yield go


def answers(url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{url}/livez").status_code == 200
    return False


def end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_it_says_where_it_is_and_ends_well(start) -> None:  # type: ignore[no-untyped-def]
    running = start()
    url = running.url()
    assert httpx.get(f"{url}/readyz").json() == {"status": "ready"}
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(WAIT_S) == 0
    assert not [line for line in running.lines() if line["level"] not in ("info", "debug")]


@pytest.mark.slow
@pytest.mark.parametrize(
    "by", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)]
)
def test_a_signal_lets_what_is_in_flight_finish(start, by: signal.Signals) -> None:  # type: ignore[no-untyped-def]
    running = start(engine="tone")
    url = running.url()
    raw = running.post(url, {"input": LONG, "response_format": "wav"})
    answer = http.client.HTTPResponse(raw, method="POST")
    answer.begin()
    assert answer.status == 200

    running.process.send_signal(by)
    wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 503, "the drain")
    assert httpx.get(f"{url}/readyz").json() == {"status": "draining"}
    assert httpx.get(f"{url}/livez").status_code == 200
    refused = httpx.post(f"{url}/v1/audio/speech", json={"input": "một"})
    assert refused.status_code == 503
    assert "retry-after" in refused.headers
    assert running.process.poll() is None

    seconds = (len(answer.read()) - 44) / 2 / 16_000  # IncompleteRead if it were cut
    assert seconds > 10_000 * 0.2
    assert running.process.wait(WAIT_S) == 0
    raw.close()


@pytest.mark.slow
def test_what_outlives_the_drain_is_cut(start) -> None:  # type: ignore[no-untyped-def]
    running = start(engine="tone", drain_s="0.3")
    raw = running.post(running.url(), {"input": LONG, "response_format": "wav"})
    assert raw.recv(100).startswith(b"HTTP/1.1 200")
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(WAIT_S) == 0
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while part := raw.recv(1 << 20):
            data += part
    assert not data.endswith(b"0\r\n\r\n")
    assert any("the drain is over" in str(line["message"]) for line in running.lines())
    assert not any("exception" in line for line in running.lines())
    raw.close()


def test_a_second_signal_stops_at_once(start) -> None:  # type: ignore[no-untyped-def]
    running = start(engine="tone", drain_s="600")
    url = running.url()
    raw = running.post(url, {"input": LONG, "response_format": "wav"})
    assert raw.recv(100).startswith(b"HTTP/1.1 200")
    running.process.send_signal(signal.SIGTERM)
    wait_until(lambda: httpx.get(f"{url}/readyz").status_code == 503, "the drain")
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(WAIT_S)
    raw.close()


def test_every_request_is_one_line_of_json(start) -> None:  # type: ignore[no-untyped-def]
    running = start(engine="tone")
    url = running.url()
    httpx.post(
        f"{url}/v1/audio/speech",
        json={"input": "một", "voice": "quynh"},
        headers={"x-request-id": "r-1"},
    )
    httpx.get(f"{url}/nothing%0a%1b[31m", headers={"x-request-id": "r-2"})
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(WAIT_S) == 0
    mine = [line for line in running.lines() if line.get("request_id") == "r-1"]
    warning, request = mine
    assert "quynh" in str(warning["message"])
    assert warning["level"] == "warning"
    assert (request["method"], request["path"], request["status"]) == (
        *("POST", "/v1/audio/speech", 200),
    )
    (other,) = [line for line in running.lines() if line.get("request_id") == "r-2"]
    assert other["status"] == 404
    assert other["error"] == "not_found"


@pytest.fixture
def refusal(command: list[str], tmp_path: Path) -> Refusal:
    """Runs a server that cannot start, and gives its exit code and its one line."""

    def run(*options: str, **settings: str) -> tuple[int, str]:
        environment = clean_environment(tmp_path / "data") | {
            f"SONCA_{name.upper()}": value for name, value in settings.items()
        }
        done = subprocess.run(
            [*command, "serve", *options],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            cwd=ROOT,
        )
        assert "Traceback" not in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        return done.returncode, done.stderr

    return run


def test_a_port_that_is_taken(refusal: Refusal) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        code, said = refusal("--port", str(port))
    assert code in (1, 2)
    assert str(port) in said
    assert "--port" in said


@pytest.mark.parametrize(
    ("options", "settings", "says"),
    [
        (["--engine", "nope", "--port", "0"], {}, "espeak"),
        ([], {"queue_limit": "0"}, "SONCA_QUEUE_LIMIT"),
        ([], {"qeue_limit": "5"}, "SONCA_QEUE_LIMIT"),
        ([], {"port": "http"}, "SONCA_PORT"),
        (["--log-level", "loud"], {}, "log"),
        (["--host", "256.1.1.1"], {}, "256.1.1.1"),
        (["--host", "192.0.2.1", "--port", "0"], {}, "--host must be an address of this machine"),
    ],
)
def test_settings_that_cannot_be(
    refusal: Refusal, options: list[str], settings: dict[str, str], says: str
) -> None:
    code, said = refusal(*options, **settings)
    assert code in (1, 2)
    assert says.lower() in said.lower()


def test_a_folder_that_cannot_be_used(refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, said = refusal("--data-dir", str(tmp_path / "file"), "--port", "0")
    assert code == 1
    assert str(tmp_path / "file") in said


@pytest.mark.slow
def test_an_engine_that_cannot_be_loaded(tmp_path: Path) -> None:
    """The process ends with one line, instead of a server that will never speak."""
    script = (
        "from sonca.engines.registry import BUILT_IN, EngineSpec; "
        "BUILT_IN.append(EngineSpec('unloadable', 'tests.server.engines:BrokenEngine')); "
        "from sonca.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "serve", "--engine", "unloadable", "--port", "0"],
        env=clean_environment(tmp_path / "data")
        | {"PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.returncode == 1
    assert "no such device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_device_that_the_default_engine_cannot_use_ends_the_process(start) -> None:  # type: ignore[no-untyped-def]
    running = start(device="cuda")
    assert running.process.wait(WAIT_S) == 1
    last = running.log().splitlines()[-1]
    assert "the device cuda was asked for, but the engine espeak runs on cpu" in last
    assert "Traceback" not in running.log()


@pytest.mark.slow
def test_kept_audio_outlives_a_kill(start) -> None:  # type: ignore[no-untyped-def]
    first = start(engine="tone")
    url = first.url()
    answer = httpx.post(f"{url}/api/tts/synthesize", json={"text": "Một hai ba."})
    stalled = first.post(url, {"input": LONG})
    assert stalled.recv(10)
    first.process.kill()
    first.process.wait()
    stalled.close()
    wait_until(lambda: not answers(url), "its end")
    second = start(engine="tone")
    url = second.url()
    kept = httpx.get(f"{url}/api/tts/audio/{answer.headers['x-file-id']}")
    assert kept.content == answer.content
    stats = httpx.get(f"{url}/api/tts/storage/stats").json()["stats"]
    assert stats["total_files"] == 1
    second.process.send_signal(signal.SIGTERM)
    assert second.process.wait(WAIT_S) == 0


def test_the_server_says_it_is_alive_while_it_loads(start) -> None:  # type: ignore[no-untyped-def]
    """Ready comes from loading alone: nothing was spoken to warm up."""
    running = start()
    url = running.url()
    end = time.monotonic() + WAIT_S
    told = ""
    while "sonca_utterances_total" not in told and time.monotonic() < end:
        told = httpx.get(f"{url}/metrics").text
    assert 'sonca_utterances_total{engine="espeak"} 0.0' in told


@pytest.mark.slow
def test_what_is_loaded_at_the_start_is_not_looked_through_for_garbage(tmp_path: Path) -> None:
    program = """
import gc, os, signal
from sonca.server.run import run
from sonca.settings import read

def ready(url):
    print(len(gc.get_objects()), gc.get_freeze_count(), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)

run(read(), on_ready=ready)
"""
    environment = clean_environment(tmp_path) | {"SONCA_ENGINE": "tone", "SONCA_PORT": "0"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, cwd=ROOT, timeout=WAIT_S
    )
    assert done.returncode == 0, done.stderr
    watched, frozen = map(int, done.stdout.split())
    assert frozen > 20 * watched
