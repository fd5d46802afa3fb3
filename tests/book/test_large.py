"""A long book takes the memory of a chapter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.book.book_helpers import STORY

_ROOT = Path(__file__).parents[2]
_MiB = 1024 * 1024
_BUILD = """
import resource, sys
from pathlib import Path
from sonca.book.cast import propose_cast
from sonca.book.build import Build
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.synthesizer import Sonca
book = read_book(Path(sys.argv[1]))
with Sonca("tone") as sonca:
    cast = propose_cast(book, sonca.catalogue.of("tone"))
    Build(book, Target(Path(sys.argv[2])), sonca, cast).run()
print(len(book.chapters), book.chars, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


def _peak(path: Path, output: Path) -> tuple[int, int, int]:
    """Chapters, characters and the peak of the memory of a process that builds the book."""
    environment = {**os.environ, "PYTHONPATH": str(_ROOT / "src")}
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, str(path), str(output)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    chapters, chars, peak = (int(word) for word in done.stdout.split())
    return chapters, chars, peak


@pytest.mark.slow
def test_memory_is_flat(tmp_path: Path) -> None:
    lines = STORY.read_text(encoding="utf-8").split("\n\n")
    lines = [x for x in lines if not x.startswith(("Chương", "***", "NGỌN", "HẾT"))]
    body = "\n\n".join(lines[: len(lines) // 2])
    peaks = {}
    for count in (1, 24):
        path = tmp_path / f"{count}.txt"
        text = "\n\n".join(f"Chương {n}: Số {n}\n\n{body}" for n in range(1, count + 1))
        path.write_text(text, encoding="utf-8")
        chapters, chars, peaks[count] = _peak(path, tmp_path / f"{count}.m4b")
        assert chapters == count
    assert chars > 90_000  # 350 MiB of sound
    assert peaks[24] - peaks[1] < 32 * _MiB
