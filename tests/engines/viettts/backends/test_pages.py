"""Pages of a mapped file are given back, and come back with the same content."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")

from sonca.engines.viettts.backends.openvino import pages


def resident(path: Path) -> int:
    """Pages of the file in this process, in bytes."""
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split()[0]:
            ours = line.endswith(str(path))
        elif ours and line.startswith("Rss:"):
            total += 1024 * int(line.split()[1])
    return total


@pytest.mark.skipif(
    not pages.MAPS.exists() or not hasattr(mmap, "MADV_DONTNEED"), reason="this is not Linux"
)
def test_pages_go_and_come_back(tmp_path: Path) -> None:
    content = np.random.default_rng(0).integers(0, 256, 1 << 20, np.uint8)
    path, other = tmp_path / "the weights.bin", tmp_path / "other.bin"
    for file in (path, other):
        content.tofile(file)
    mapped, neighbour = (np.memmap(file, np.uint8, "r") for file in (path, other))
    written = np.memmap(path, np.uint8, "c")  # a private copy: what is in it is nowhere else
    written[:] = 7
    assert mapped.sum() == neighbour.sum() == content.sum()
    before = resident(path)
    pages.release_pages(path)
    assert resident(path) <= before - (1 << 20)
    assert resident(other) >= 1 << 20
    np.testing.assert_array_equal(mapped, content)
    assert (written == 7).all()


def test_a_file_that_is_not_mapped_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.release_pages(tmp_path / "nowhere.bin")
    monkeypatch.setattr(pages, "MAPS", tmp_path / "no such system")
    pages.release_pages(tmp_path / "nowhere.bin")
