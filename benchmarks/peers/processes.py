"""The systems that `benchmarks.peers.measure` measures: processes that speak lines, and servers.

Knows how to start, ask and stop each of them; what is measured is not its business.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.bench.process import Server
from sonca.errors import SoncaError

Post = Callable[[str], tuple[float, float]]
"""Sends a text and reads all of the WAV: seconds to the first sound, seconds of sound."""


class Peer:
    """A process that speaks what it is told and answers how long it took."""

    def __init__(self, python: str, script: Path, *arguments: object) -> None:
        self._name = script.stem
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed by `close`
        self._process = subprocess.Popen(
            [python, str(script), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
        )
        self.first = self._answer()
        """What it said when it was ready."""

    def speak(self, text: str) -> dict[str, float]:
        """Seconds to the first sound and to the last, of processor time and of sound; peak memory
        in MiB."""
        return self.ask(text)

    def ask(self, question: object) -> dict[str, Any]:
        """Send a line of JSON, wait for one. Raises `SoncaError` with its last words if it ends."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: its last words say why
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            words = self._log.read().decode(errors="replace").strip()[-600:]
            raise SoncaError(f"{self._name} gave up: {words or 'without a word'}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:  # in the middle of something long
            self._process.kill()
            self._process.wait()
        self._log.close()


def cpu_s(pid: int) -> float:
    """Processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post_ours(port: int) -> Post:
    """Asks our server on a port."""

    def post(text: str) -> tuple[float, float]:
        body = {"input": text, "response_format": "wav", "model": "piper"}
        return _posted(port, "/v1/audio/speech", body)

    return post


def post_piper(port: int) -> Post:
    """Asks piper's own server on a port."""
    return lambda text: _posted(port, "/synthesize", {"text": text})


def _posted(port: int, path: str, body: dict[str, str]) -> tuple[float, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    started = time.perf_counter()
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    head = response.read(46)
    first_s = time.perf_counter() - started
    data = head + response.read()
    connection.close()
    if response.status != 200:
        raise SoncaError(f"status {response.status} from port {port}: {data[:200]!r}")
    with wave.open(io.BytesIO(data)) as sound:
        # A stream's header does not know its length: count the bytes.
        return first_s, (len(data) - 44) / 2 / sound.getframerate()


def our_server(model: Path, stack: ExitStack) -> Server:
    """``sonca serve`` with this voice alone and no cache."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sonca-peers-")))
    home = folder / "models" / "piper"
    home.mkdir(parents=True)
    for path in (model, model.with_name(model.name + ".json")):
        shutil.copyfile(path, home / path.name)
    env = {
        "SONCA_DATA_DIR": str(folder),
        "SONCA_ENGINE": "piper",
        "SONCA_CACHE_QUOTA_BYTES": "0",
        "SONCA_LOG_LEVEL": "warning",
    }
    return Server([sys.executable, "-m", "sonca", "serve", "--port", "{port}"], env)


@dataclass
class PiperServer(Server):
    """``python -m piper.http_server``; it is ready when it lists its voices."""

    def __init__(self, model: Path, python: str) -> None:
        super().__init__(
            [python, "-m", "piper.http_server", "-m", str(model), "--port", "{port}"],
            {"PYTHONUNBUFFERED": "1"},
        )

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/voices")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()
