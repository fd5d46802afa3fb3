"""The examples, run against a real server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import ROOT, clean_environment, free_port, serving, stand_in_speakers


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, forked: list[str]) -> Iterator[str]:
    room, port = tmp_path_factory.mktemp("server"), free_port()
    with serving([*forked, "serve"], port, clean_environment(room / "data"), room / "serve.log"):
        yield f"http://127.0.0.1:{port}"


def run(
    name: str, *args: str, room: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "examples" / name, *args],
        cwd=room,
        env=clean_environment(room) | (env or {}),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.slow
def test_openai_client(server: str, tmp_path: Path) -> None:
    done = run("openai_client.py", server, room=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "espeak" in done.stdout
    assert (tmp_path / "speech.wav").read_bytes().startswith(b"RIFF")
    assert "0.00 s: Hôm nay trời đẹp quá." in done.stdout
    assert "s: Chúng ta cùng đi dạo nhé!" in done.stdout
    assert done.stdout.endswith("event: speech.audio.done\n")


def test_play_stream(server: str, tmp_path: Path) -> None:
    speakers = stand_in_speakers(tmp_path / "speakers")
    done = run(
        "play_stream.py", "Xin chào các bạn.", "--server", server, room=tmp_path, env=speakers
    )
    assert done.returncode == 0, done.stderr
    heard = (tmp_path / "speakers/heard.raw").stat().st_size
    assert 0.5 < heard / 2 / 24_000 < 5
    assert (tmp_path / "speakers/calls.txt").read_text() == "open 24000 int16\nclose\n"


@pytest.mark.parametrize(
    ("args", "message"),
    [(["Chào.", "--voice", "nobody"], "nobody"), (["🙂"], "nothing"), ([""], "empty")],
)
def test_play_stream_tells_what_is_wrong(
    server: str, tmp_path: Path, args: list[str], message: str
) -> None:
    speakers = stand_in_speakers(tmp_path / "speakers")
    done = run("play_stream.py", *args, "--server", server, room=tmp_path, env=speakers)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_play_stream_without_a_server(tmp_path: Path) -> None:
    speakers = stand_in_speakers(tmp_path / "speakers")
    nowhere = f"http://127.0.0.1:{free_port()}"
    done = run("play_stream.py", "Chào.", "--server", nowhere, room=tmp_path, env=speakers)
    assert done.returncode == 1
    assert "sonca serve" in done.stderr
