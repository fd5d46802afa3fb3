"""What people may import, what importing costs, and what may import what."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import sonca

ROOT = Path(__file__).resolve().parents[1]

PUBLIC = ["AudioChunk", "Mark", "Sonca", "SoncaError", "Speech", "Voice", "__version__"]
HEAVY = ["av", "fastapi", "numpy", "onnxruntime", "pydantic", "sounddevice", "torch", "uvicorn"]


def loaded_by(code: str) -> set[str]:
    """The top-level modules that are loaded when `code` has run in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def test_the_public_names_are_these() -> None:
    assert sorted(sonca.__all__) == PUBLIC
    assert dir(sonca) == sonca.__all__


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(sonca, name) is not None


def test_other_names_are_an_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Sing'"):
        sonca.Sing  # noqa: B018


@pytest.mark.parametrize("module", ["sonca.encoding", "sonca.voices"])
def test_packages_keep_their_export_lists(module: str) -> None:
    package = importlib.import_module(module)
    assert all(hasattr(package, name) for name in package.__all__)


def test_import_sonca_loads_nothing_heavy() -> None:
    assert loaded_by("import sonca").isdisjoint(HEAVY)


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nsys.argv = ['sonca', '--help']\nfrom sonca.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    )
    loaded = loaded_by(code)
    assert "typer" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_imports_only_point_down() -> None:
    """The layer rule of pyproject.toml."""
    linter = pytest.importorskip("importlinter.cli", reason="the checks are not installed")
    done = subprocess.run(
        [sys.executable, "-c", f"from {linter.__name__} import *; lint_imports_command()"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )
    assert done.returncode == 0, done.stdout + done.stderr
