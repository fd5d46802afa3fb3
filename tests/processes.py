"""Running Sonca as a process: its environment, a server on a free port, speakers that listen."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def clean_environment(data_dir: Path) -> dict[str, str]:
    """An environment with no settings of whoever runs the tests, nor of the make that does, and a
    data folder of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SONCA_", "MAKE", "ARGS"))}
    return clean | {
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUTF8": "1",
        "SONCA_DATA_DIR": str(data_dir),
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def resident_bytes() -> int:
    """Memory of this process that is in use."""
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def forked_command(folder: Path) -> Iterator[list[str]]:
    """A command that does as ``python -m sonca`` does, without the time that imports take."""
    own = [sys.executable, "-X", "utf8", "-B", str(ROOT / "tests/forked.py")]
    address = str(folder / "forked")
    environment = clean_environment(folder)
    with subprocess.Popen(
        [*own, "listen", address], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as waiting:
        assert waiting.stdin is not None and waiting.stdout is not None
        assert waiting.stdout.readline() == b"ready\n"
        yield [own[0], "-IS", *own[1:], "ask", address]
        waiting.stdin.close()


@contextlib.contextmanager
def serving(
    command: Sequence[str],
    port: int,
    environment: dict[str, str],
    log: Path,
    ends_with: Collection[int] = (0,),
) -> Iterator[subprocess.Popen[bytes]]:
    """A server that is ready; stopped by SIGTERM, which must end it with 0 (or `ends_with`)."""
    with log.open("wb") as out:
        running = subprocess.Popen(
            command,
            env=environment | {"SONCA_PORT": str(port)},
            stdout=out,
            stderr=out,
            cwd=ROOT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/readyz", running, log)
        yield running
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) in ends_with, log.read_text("utf-8")
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()


def _wait_for(url: str, running: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert running.poll() is None, log.read_text("utf-8")
        with contextlib.suppress(urllib.error.URLError, ConnectionError, TimeoutError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"not ready in a minute:\n{log.read_text('utf-8')}")


def stand_in_speakers(room: Path) -> dict[str, str]:
    """Variables under which `sounddevice` is a stand-in that writes down what it plays in
    `room`: float32 samples in ``heard.raw``, calls in ``calls.txt``."""
    room.mkdir()
    (room / "sounddevice.py").write_text(_SOUNDDEVICE, "utf-8")
    return {"PYTHONPATH": f"{room}{os.pathsep}{ROOT / 'src'}", "SPEAKERS": str(room)}


_SOUNDDEVICE = """
import os, pathlib

class PortAudioError(Exception):
    pass

room = pathlib.Path(os.environ["SPEAKERS"])

def note(text):
    with (room / "calls.txt").open("a") as file:
        file.write(text + "\\n")

def query_devices(kind):
    assert kind == "output"
    if os.environ.get("NO_DEVICE"):
        os.write(2, b"ALSA lib confmisc.c: cannot find card 0\\n")
        raise PortAudioError("Error querying device -1")
    return {"name": "Loa", "default_samplerate": 48000.0}

def check_output_settings(channels, dtype, samplerate):
    if os.environ.get("ONLY_48K") and samplerate != 48000:
        raise PortAudioError("Invalid sample rate", -9997)

class OutputStream:
    def __init__(self, samplerate, channels, dtype):
        note(f"open {samplerate}")
        assert (channels, dtype) == (1, "float32")
    def start(self):
        note("start")
    def write(self, samples):
        assert samples.ndim == 2 and samples.shape[1] == 1 and str(samples.dtype) == "float32"
        with (room / "heard.raw").open("ab") as file:
            file.write(samples.tobytes())
        if os.environ.get("UNPLUG"):
            raise PortAudioError("Device unavailable", -9985)
    def stop(self):
        note("stop")
    def abort(self):
        note("abort")
    def close(self):
        note("close")

class RawOutputStream:
    def __init__(self, samplerate, channels, dtype):
        note(f"open {samplerate} {dtype}")
        assert channels == 1
    def __enter__(self):
        return self
    def __exit__(self, *exc):
        note("close")
    def write(self, data):
        assert len(data) % 2 == 0
        with (room / "heard.raw").open("ab") as file:
            file.write(data)
"""
