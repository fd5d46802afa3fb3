"""The advice that works where one stands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sonca import install
from sonca.engines import registry
from sonca.engines.base import Setup
from sonca.errors import EngineNotInstalled
from tests.processes import ROOT

ENGINES = ("kokoro", "piper", "supertonic", "vieneu", "vieneu-nano", "viettts", "zerotts")


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment that no make has made."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    return tmp_path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that an extra wants is installed."""
    monkeypatch.setattr(install, "_installed", lambda requirement: False)


def test_each_engine_with_models_has_its_packages() -> None:
    for name in ENGINES:
        assert any(each.startswith("huggingface_hub") for each in install.packages(name)), name
    assert install.packages("nobody") == ()
    assert {*install.packages("viettts")} < {*install.packages("cuda")}


def test_an_extra_brings_all_that_its_engine_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_importable", lambda module: False)
    named = {"yaml": "pyyaml"}
    for spec in registry.BUILT_IN:
        reason = spec.load().missing(Setup()) or ""
        if reason.startswith("it needs "):
            modules = reason.removeprefix("it needs ").partition(": ")[0].split(", ")
            brought = {re.split("[<>=]", each)[0] for each in install.packages(spec.name)}
            brought = {each.replace("-", "_").lower() for each in brought}
            assert {named.get(module, module) for module in modules} <= brought, spec.name
        else:
            assert spec.name not in ENGINES, reason


def test_without_the_folder_the_installed_package_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_PROJECT", Path("/nowhere/pyproject.toml"))
    wanted = [
        "numpy>=2.0",
        "onnx>=1.17; extra == 'piper'",
        'onnxruntime<2,>=1.20 ; extra == "piper"',
        "x; extra == 'pip'",
    ]
    monkeypatch.setattr(install.importlib.metadata, "requires", lambda name: wanted)
    install.packages.cache_clear()
    try:
        assert install.packages("piper") == ("onnx>=1.17", "onnxruntime<2,>=1.20")
    finally:
        install.packages.cache_clear()


def test_after_make_the_advice_is_make(
    outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my sonca"
    folder.mkdir()
    (folder / "Makefile").touch()
    (outside / ".place").write_text(f"{folder}\n")
    assert install.command("piper") == f"make -C '{folder}' serve EXTRAS=piper"
    monkeypatch.chdir(folder)
    assert install.command("vieneu") == "make serve EXTRAS=vieneu"


def test_the_command_itself(outside: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    assert install.program() == f"{sys.executable} -m sonca"
    assert install.program(public=True) == "sonca"
    home = tmp_path / "home"
    command = home / ".venv" / "bin" / "sonca"
    command.parent.mkdir(parents=True)
    command.touch()
    (home / "Makefile").touch()
    (home / ".venv" / ".place").write_text(f"{home}\n")
    monkeypatch.setattr(sys, "prefix", str(home / ".venv"))
    assert install.program() == str(command)
    assert install.program(public=True) == ".venv/bin/sonca"
    monkeypatch.chdir(home)
    assert install.program() == ".venv/bin/sonca"
    monkeypatch.setattr(install.shutil, "which", lambda name: str(command))
    assert install.program() == "sonca"


def test_elsewhere_the_packages_are_named(outside: Path, bare: None) -> None:
    words = install.command("zerotts")
    assert words.startswith(f"{sys.executable} -m pip install ")
    assert "'tokenizers>=0.20'" in words
    assert "sonca[" not in words


def test_where_there_is_no_pip(outside: Path, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install.importlib.util, "find_spec", lambda name: None)
    assert install.command("piper").startswith(f"uv pip install --python {sys.executable} ")


def test_only_what_lacks_is_named(outside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_installed", lambda each: not each.startswith("sea-g2p"))
    assert install.command("kokoro").endswith(" install 'sea-g2p>=0.10'")
    assert install.needed("kokoro", "json") is None
    reason = install.needed("kokoro", "json", "no_such_module") or ""
    assert reason.startswith("it needs no_such_module: ")
    assert "sea-g2p" in reason


def test_it_installs_when_told(outside: Path, bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[str]:
        calls.append(command)
        return subprocess.CompletedProcess(command, len(calls) - 1, "", "a\nno network\n")

    monkeypatch.setattr(install.subprocess, "run", run)
    said: list[str] = []
    install.install("piper", said.append)
    assert calls[0][1:4] == ["-m", "pip", "install"]
    assert calls[0][-2:] == ["--constraint", str(ROOT / "constraints.txt")]
    assert "onnxruntime" in said[0]
    with pytest.raises(EngineNotInstalled, match=r"no network. Do it yourself: .* pip install"):
        install.install("piper", said.append)


def test_make_installs_extras_once(tmp_path: Path) -> None:
    """What make would do, without doing it."""
    if not shutil.which("make"):
        pytest.skip("no make here")
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / ".place").write_text(f"{ROOT}\n")
    (venv / ".ready").touch()

    def dry(*words: str) -> str:
        make = ["make", "-n", f"VENV={venv}", f"PY={sys.executable}", "serve", *words]
        return subprocess.run(make, capture_output=True, text=True, check=True, cwd=ROOT).stdout

    assert "--editable '.[vieneu]'" in dry("EXTRAS=vieneu,piper")
    assert "--editable '.[piper]'" in dry("EXTRAS=vieneu,piper")
    assert "--editable" not in dry()
    (venv / ".extra-piper").touch()
    assert "--editable" not in dry("EXTRAS=piper")


def test_make_setup_sets_up(tmp_path: Path) -> None:
    if not shutil.which("make"):
        pytest.skip("no make here")
    venv = tmp_path / "venv"
    venv.mkdir()
    (venv / ".place").write_text(f"{ROOT}\n")
    make = ["make", "-n", f"VENV={venv}", "setup", "EXTRAS=kokoro"]
    told = subprocess.run(make, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert "--editable ." in told
    assert "--editable '.[kokoro]'" in told
