"""What `pip install .` brings, and how `make` finds its Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.processes import ROOT, clean_environment


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("hatchling", reason="the build tool is not installed")
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_has_everything_that_is_in_the_source(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("sonca/")}
    source = ROOT / "src"
    there = {
        str(path.relative_to(source))
        for path in (source / "sonca").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == there
    assert any(not name.endswith(".py") for name in inside)


def test_the_wheel_carries_licence_and_notice(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name for name in archive.namelist() if "/licenses/" in name}
    assert names == {"LICENSE", "NOTICE"}


@pytest.mark.slow
def test_the_installed_wheel_speaks(wheel: Path, tmp_path: Path) -> None:
    """`pip install .` in essence: the files of the wheel, and none of the source."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-m", "sonca", "say", "Xin chào.", "--voice", "quynh", "-o", "a.wav"],
        cwd=tmp_path,
        env=clean_environment(tmp_path / "data") | {"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "a.wav").stat().st_size > 10_000


def test_every_requirement_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    own = [extras[name] for name in ("test", "check", "bench", "piper", "viettts")]
    wanted = [*project["dependencies"], *(each for extra in own for each in extra)]
    wanted = [each for each in wanted if not each.startswith("sonca")]
    pins = (ROOT / "constraints.txt").read_text("utf-8")
    pinned = {_plain(name) for name in re.findall(r"^([\w.-]+)==[\w.+!]+$", pins, re.M)}
    assert {_plain(re.match(r"[\w.-]+", each)[0]) for each in wanted} <= pinned  # type: ignore[index]
    unpinned = [line for line in pins.splitlines() if "==" not in line and line[:1] != "#"]
    assert unpinned == []


def test_constraints_name_no_host() -> None:
    assert "://" not in (ROOT / "constraints.txt").read_text("utf-8")


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def find_python(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "scripts/find-python"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def fake_python(path: Path, *, version: str, has_venv: bool) -> str:
    """A command that answers find-python's questions as such a Python would."""
    right = version in ("3.11", "3.12", "3.13")
    path.write_text(
        "#!/bin/sh\n"
        'case "$2" in\n'
        f"*ensurepip*) exit {0 if has_venv else 1} ;;\n"
        f"*exit*) exit {0 if right else 1} ;;\n"
        f"*) echo {version} ;;\n"
        "esac\n"
    )
    path.chmod(0o755)
    return str(path)


def test_a_python_that_fits_is_found() -> None:
    done = find_python(PYTHON=sys.executable)
    assert done.stdout.strip() == sys.executable


def test_the_first_that_fits_is_taken(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "old", version="3.9", has_venv=True)
    bare = fake_python(tmp_path / "bare", version="3.12", has_venv=False)
    good = fake_python(tmp_path / "good", version="3.13", has_venv=True)
    assert find_python(PYTHON=f"missing {old} {bare} {good}").stdout.strip() == good


def test_no_python_is_told(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "old", version="3.9", has_venv=True)
    done = find_python(PYTHON=old)
    assert done.returncode == 1
    assert "3.11, 3.12 or 3.13" in done.stderr


def test_a_python_without_venv_is_told(tmp_path: Path) -> None:
    bare = fake_python(tmp_path / "bare", version="3.12", has_venv=False)
    # Not root, so that nothing is installed by a test.
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    done = find_python(PYTHON=bare, PATH=f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 1
    assert "apt-get install python3.12-venv" in done.stderr
