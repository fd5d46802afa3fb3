"""``sonca models``."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.supertonic import random_model as supertonic
from tests.engines.piper import tiny
from tests.processes import ROOT, clean_environment
from tests.voices.hub import Hub, serve


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Has the three Vietnamese voices, tiny ones."""
    hub, stop = serve()
    model = tiny.save(tmp_path / "remote")
    for path in ("vivos/x_low/vi_VN-vivos-x_low", "25hours_single/low/vi_VN-25hours_single-low"):
        base = f"rhasspy/piper-voices/vi/vi_VN/{path}.onnx"
        hub.files[base] = model.read_bytes()
        hub.files[f"{base}.json"] = model.with_name(model.name + ".json").read_bytes()
    yield hub
    stop()


def test_the_list_names_what_can_be_fetched(sonca) -> None:
    rows = json.loads(sonca("models", "list", "--json").stdout)
    by_name = {row["name"]: row for row in rows}
    assert by_name["vi_VN-vais1000-medium"]["megabytes"] == 63.2
    assert by_name["viet-tts"]["licence"] == "CC BY-NC"
    assert not any(row["installed"] for row in rows)
    assert rows[0]["name"] == "vieneu-v3-turbo"  # what listeners prefer comes first
    assert [row["name"] for row in rows if row["engine"] != "listen"][-1] == "viet-tts"
    lines = sonca("models", "list").stdout.decode().splitlines()
    assert len(lines) == len(rows)
    assert sonca("models", "list", "--installed").stdout == b""


@pytest.mark.slow
def test_pull_makes_a_voice_that_speaks(sonca, hub: Hub, tmp_path: Path) -> None:
    done = sonca("models", "pull", "vi_VN-vivos-x_low", "--yes", "--mirror", hub.address)
    assert b"CC BY-NC-SA" in done.stderr
    voices = json.loads(sonca("voices", "--engine", "piper", "--json").stdout)
    assert [voice["id"] for voice in voices] == ["vi_vn-vivos-x_low"]
    assert voices[0]["name"].startswith("VIVOS")
    sonca("say", "Xin chào.", "--voice", "vi_vn-vivos-x_low", "-o", "a.wav")
    assert (tmp_path / "a.wav").stat().st_size > 10_000
    assert sonca("models", "verify").stdout.decode().split() == ["vi_VN-vivos-x_low", "ok"]
    home = sonca("models", "path", "vi_VN-vivos-x_low").stdout.decode().strip()
    (Path(home) / "vi_VN-vivos-x_low.onnx").write_bytes(b"broken")
    assert b"broken" in sonca("models", "verify", code=1).stdout
    sonca("models", "remove", "vi_VN-vivos-x_low")
    assert not Path(home).exists()


def test_a_licence_that_asks_is_not_passed_over(refused, sonca, hub: Hub) -> None:
    done = sonca("models", "pull", "vi_VN-vivos-x_low", "--mirror", hub.address, code=2)
    assert b"no commercial use" in done.stderr
    assert b"add --yes" in done.stderr
    assert hub.asked == []


def test_a_passport_is_shown_before_a_pull_and_where_one_asks(sonca, hub: Hub) -> None:
    done = sonca("models", "pull", "vi_VN-vivos-x_low", "--mirror", hub.address, code=2)
    told = done.stderr.decode()
    assert "commercial use: forbidden" in told
    assert "trained on: VIVOS, 65 speakers" in told
    page = sonca("models", "show", "viet-tts").stdout.decode()
    assert "CC BY-NC, says its author" in page
    assert "consent of the speakers: not stated" in page
    rows = json.loads(sonca("models", "list", "--json").stdout)
    rights = {row["name"]: row["commercial"] for row in rows}
    assert rights["viet-tts"] == rights["vi_VN-vivos-x_low"] == "no"
    assert rights["vi_VN-25hours_single-low"] == "unclear"


def test_where_speech_is_sold_a_licence_that_forbids_it_is_refused(sonca, hub: Hub) -> None:
    command = ("models", "pull", "vi_VN-vivos-x_low", "--yes", "--mirror", hub.address)
    done = sonca(*command, code=2, env={"SONCA_COMMERCIAL": "1"})
    assert "SONCA_COMMERCIAL is set" in done.stderr.decode().splitlines()[-1]
    assert hub.asked == []


def test_without_a_network_it_says_what_to_do(sonca) -> None:
    done = sonca(
        "models", "pull", "vi_VN-vais1000-medium", "--mirror", "http://127.0.0.1:9", code=1
    )
    last = done.stderr.decode().splitlines()[-1]
    assert "fetch vi/vi_VN/vais1000/medium/vi_VN-vais1000-medium.onnx" in last
    assert "put the files into" in last


def test_an_unknown_model(refused) -> None:
    assert "vi_VN-vais1000-medium" in refused("models", "pull", "nobody")
    assert "there are: none" in refused("models", "remove", "a/b")
    assert "there are: none" in refused("models", "path", "../x")


@pytest.mark.slow
def test_add_takes_a_pair(sonca, tmp_path: Path) -> None:
    model = tiny.save(tmp_path / "own", "cua-toi", speakers=2)
    sonca("models", "add", str(model), "--title", "Giọng nhà", "--region", "south")
    voices = json.loads(sonca("voices", "--engine", "piper", "--json").stdout)
    assert [voice["id"] for voice in voices] == ["cua-toi-nguoi-0", "cua-toi-nguoi-1"]
    assert [voice["name"] for voice in voices] == ["Giọng nhà Người 0", "Giọng nhà Người 1"]
    assert {voice["region"] for voice in voices} == {"south"}
    rows = json.loads(sonca("models", "list", "--installed", "--json").stdout)
    assert [row["name"] for row in rows] == ["cua-toi"]


@pytest.mark.slow
def test_add_refuses_what_is_no_voice(sonca, tmp_path: Path) -> None:
    broken = tiny.save(tmp_path / "own", "hong")
    broken.write_bytes(broken.read_bytes()[:1000])
    line = sonca("models", "add", str(broken), code=1).stderr.decode()
    assert "hong.onnx cannot be loaded" in line
    broken.with_name("hong.onnx.json").unlink()
    assert "is missing" in sonca("models", "add", str(broken), code=1).stderr.decode()
    good = tiny.save(tmp_path / "own", "tot")
    assert (
        "cannot be called 'a/b'"
        in sonca("models", "add", str(good), "--name", "a/b", code=2).stderr.decode()
    )
    assert (
        "must be one of"
        in sonca("models", "add", str(good), "--gender", "x", code=2).stderr.decode()
    )
    assert (
        "takes no models from files"
        in sonca("models", "add", str(good), "--engine", "espeak", code=2).stderr.decode()
    )
    assert sonca("models", "list", "--installed").stdout == b""


@pytest.mark.slow
def test_what_is_installed_shows_its_files(sonca, tmp_path: Path) -> None:
    model = tiny.save(tmp_path / "own", "cua-toi")
    sonca("models", "add", str(model))
    page = sonca("models", "show", "cua-toi").stdout.decode()
    assert "licence of the weights: not stated" in page
    assert hashlib.sha256(model.read_bytes()).hexdigest() in page
    assert "there are: cua-toi" in sonca("models", "show", "nobody", code=2).stderr.decode()


@pytest.mark.slow
def test_add_finds_the_engine_of_a_folder(sonca, tmp_path: Path) -> None:
    """Laid out as the hub's repository."""
    folder = supertonic.make(tmp_path / "giong-la")
    sonca("models", "add", str(folder))
    home = Path(sonca("models", "path", "giong-la").stdout.decode().strip())
    assert home.parts[-2:] == ("supertonic", "giong-la")
    assert (home / "onnx" / "vocoder.onnx").is_file()
    sonca("say", "Xin chào.", "--engine", "supertonic", "-o", "a.wav")
    assert (tmp_path / "a.wav").stat().st_size > 1000
    assert sonca("models", "verify").stdout.decode().split() == ["giong-la", "ok"]


def test_add_says_why_a_folder_is_no_model(sonca, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    line = sonca("models", "add", str(tmp_path / "photos"), code=2).stderr.decode()
    assert "photos is no model that an engine knows" in line
    assert "Traceback" not in line


def test_a_zip_is_a_voice_of_zerotts_or_refused(sonca, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lan.zip", "w") as archive:
        archive.writestr("co-lan/voice.npz", b"latents")
    sonca("models", "add", str(tmp_path / "lan.zip"), "--title", "Cô Lan", "--gender", "female")
    assert b"lan\tyes\tzerotts" in sonca("models", "list").stdout
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../evil/voice.npz", b"latents")
    line = sonca("models", "add", str(tmp_path / "evil.zip"), code=2).stderr.decode()
    assert "leads out of it" in line
    assert "Traceback" not in line


def test_nothing_to_verify(sonca) -> None:
    assert b"no model is here yet" in sonca("models", "verify").stderr


@pytest.mark.slow
def test_pull_says_what_else_is_missing_and_installs_it_when_asked(
    sonca, hub: Hub, tmp_path: Path
) -> None:
    """Where a package is missing and pip is another program, which notes what it is asked for."""
    (tmp_path / "stand_in.py").write_text(
        "from sonca import install\n"
        "install._installed = lambda requirement: False\n"
        "install._pip = lambda wanted: ['touch', *(w.partition('>')[0] for w in wanted)]\n"
        "install._PROJECT = install.Path('/nowhere/pyproject.toml')\n"
        "install.packages = lambda extra: ('one>=1', 'two>=2')\n"
    )
    (tmp_path / "sitecustomize.py").write_text("import stand_in\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src"), str(ROOT)])
    fresh = [sys.executable, "-m", "sonca"]
    environment = clean_environment(tmp_path / "data") | {"PYTHONPATH": path}

    def pull(*words: str, typed: bytes | None = None) -> str:
        name = "vi_VN-25hours_single-low"
        command = [*fresh, "models", "pull", name, "--yes", "--mirror", hub.address, *words]
        keyboard, terminal = os.openpty()
        os.write(keyboard, typed or b"")
        done = subprocess.run(
            command,
            env=environment,
            cwd=tmp_path,
            stdin=subprocess.DEVNULL if typed is None else terminal,
            capture_output=True,
        )
        os.close(keyboard)
        os.close(terminal)
        assert done.returncode == 0, done.stderr.decode()
        return done.stderr.decode()

    told = pull()
    assert "The engine piper also needs one>=1, two>=2." in told
    assert "EXTRAS=piper" in told or "To install them: touch one two" in told
    assert not (tmp_path / "one").exists()
    assert "To install them" in pull(typed=b"n\n")  # somebody sits there, and was asked
    assert not (tmp_path / "one").exists()
    assert "installing one>=1, two>=2" in pull(typed=b"y\n")
    assert (tmp_path / "one").exists()
    (tmp_path / "one").unlink()
    assert "installing one>=1, two>=2" in pull("--install")
    assert (tmp_path / "one").exists()
