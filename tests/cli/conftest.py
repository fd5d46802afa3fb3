"""The command line is tested as people meet it: as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Done = subprocess.CompletedProcess[bytes]
Run = Callable[..., Done]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A clean environment with a data folder of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("SONCA_")}
    return clean | {
        "PYTHONPATH": str(ROOT / "src"),
        "SONCA_DATA_DIR": str(tmp_path / "data"),
        "PYTHONUTF8": "1",
    }


@pytest.fixture
def command() -> list[str]:
    return [sys.executable, "-m", "sonca"]


@pytest.fixture
def sonca(tmp_path: Path, environment: dict[str, str], command: list[str]) -> Run:
    """Runs the command in an empty folder and returns what it did."""

    def run(
        *args: str | bytes, stdin: bytes = b"", env: dict[str, str] | None = None, code: int = 0
    ) -> Done:
        done = subprocess.run(
            [*command, *args],
            input=stdin,
            capture_output=True,
            cwd=tmp_path,
            env=environment | (env or {}),
            timeout=60,
        )
        assert done.returncode == code, done.stderr.decode()
        return done

    return run


@pytest.fixture
def refused(sonca: Run, tmp_path: Path) -> Callable[..., str]:
    """Runs what must fail: one line on stderr, nothing on stdout, no new file. Gives the line."""

    def run(*args: str | bytes, code: int = 2, **options: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        done = sonca(*args, code=code, **options)
        assert done.stdout == b""
        assert sorted(tmp_path.rglob("*")) == before
        lines = done.stderr.decode().splitlines()
        assert len(lines) == 1, done.stderr.decode()
        assert lines[0].startswith("sonca: ")
        return lines[0].removeprefix("sonca: ")

    return run


@pytest.fixture
def speakers(tmp_path: Path) -> dict[str, str]:
    """An environment in which `sounddevice` is a stand-in that writes down what it plays:
    float32 samples in ``heard.raw``, calls in ``calls.txt``."""
    room = tmp_path / "speakers"
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
"""
