"""`kill -9` at random moments: the same command goes on, nothing is spoken twice, and the result is
that of an undisturbed build, byte for byte. `TEST_KILLS=50` kills fifty times."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from tests.book.book_helpers import STORY
from tests.book.test_build import _journaled

_BUILDER = [sys.executable, "-m", "tests.book.builder"]
_ROOT = Path(__file__).parents[2]
_WORD_S = 0.001
_KINDS = ("m4b", "srt", "vtt", "lrc", "json")


def _start(output: Path, word_s: float) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT / "src"), str(_ROOT)])}
    return subprocess.Popen(
        [*_BUILDER, str(STORY), str(output), str(word_s)],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=_ROOT,
    )


def _kills() -> int:
    return int(os.environ.get("TEST_KILLS", "4"))


def test_killed_at_random_moments_the_build_goes_on(tmp_path: Path) -> None:
    started = time.monotonic()
    whole = _start(tmp_path / "whole.m4b", _WORD_S)
    total = int(whole.communicate(timeout=300)[0])
    length_s = time.monotonic() - started
    wanted = {kind: (tmp_path / f"whole.{kind}").read_bytes() for kind in _KINDS}
    dice = random.Random(20)
    killed = builds = 0
    while killed < _kills():
        builds += 1
        output = tmp_path / f"{builds}.m4b"
        while True:  # one build, killed as often as it takes less than its whole time
            process = _start(output, _WORD_S)
            try:
                process.wait(dice.uniform(0.2, 1.0) * length_s)
            except subprocess.TimeoutExpired:
                process.kill()
                killed += 1
            process.communicate()
            if process.returncode == 0:
                break
            assert process.returncode == -9
            if killed % 3 == 2:  # let it finish now and then, and see what it had left to do
                before = _journaled(output.with_name(output.name + ".build"))
                last = _start(output, _WORD_S)
                assert int(last.communicate(timeout=300)[0]) == total - before
                break
        for kind in _KINDS:
            assert output.with_suffix(f".{kind}").read_bytes() == wanted[kind], (builds, kind)
        assert not output.with_name(output.name + ".build").exists()
        assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    assert builds
