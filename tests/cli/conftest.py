"""The command line is tested as people meet it: as a process."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import clean_environment, stand_in_speakers

Done = subprocess.CompletedProcess[bytes]
Run = Callable[..., Done]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A clean environment with a data folder of its own."""
    return clean_environment(tmp_path / "data")


@pytest.fixture
def command(forked: list[str]) -> list[str]:
    """What starts `sonca`; more arguments follow."""
    return forked


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
    """An environment in which sound is written down instead of played."""
    return stand_in_speakers(tmp_path / "speakers")
