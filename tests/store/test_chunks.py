"""The chunk cache gives back what it was given, keeps its quota, and shrugs off damage."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from sonca.audio import AudioChunk, Mark
from sonca.store.chunks import ChunkCache

RNG = np.random.default_rng(0)


def key(n: int) -> str:
    return f"{n:064x}"


def chunk(samples: int = 1000) -> AudioChunk:
    wave = RNG.uniform(-1, 1, samples).astype(np.float32)
    return AudioChunk(wave, 22_050, (Mark("word", 0.125, (3, 7)), Mark("word", 0.5, (8, 9))))


def kept(root: Path, *chunks: AudioChunk, quota_bytes: int = 10**9) -> ChunkCache:
    """A cache on which those entries are written, keys counted from 0."""
    cache = ChunkCache(root, quota_bytes=quota_bytes)
    for n, one in enumerate(chunks):
        cache.put(key(n), lambda one=one: one)
    cache.close()
    return ChunkCache(root, quota_bytes=quota_bytes)


def test_what_is_kept_comes_back_the_same(tmp_path: Path) -> None:
    one = chunk()
    cache = kept(tmp_path, one)
    back = cache.get(key(0))
    assert back is not None
    assert np.array_equal(back.samples, one.samples)
    assert (back.sample_rate_hz, back.marks) == (one.sample_rate_hz, one.marks)
    assert cache.get(key(1)) is None
    assert (cache.hits, cache.misses) == (1, 1)


def test_an_empty_chunk_can_be_kept(tmp_path: Path) -> None:
    back = kept(tmp_path, AudioChunk(np.zeros(0, np.float32), 8000)).get(key(0))
    assert back is not None
    assert len(back.samples) == 0


def test_the_longest_unused_go_when_the_quota_is_reached(tmp_path: Path) -> None:
    cache = kept(tmp_path, *(chunk() for _ in range(10)))  # about 4.2 kB each
    for n in range(10):
        [path] = tmp_path.glob(f"*/{key(n)}*")
        os.utime(path, (n, n))
    assert cache.get(key(0)) is not None  # used just now
    small = ChunkCache(tmp_path, quota_bytes=30_000)
    small.put(key(99), chunk)
    small.close()
    total = sum(path.stat().st_size for path in tmp_path.rglob("*.chunk"))
    assert total <= 30_000
    assert small.get(key(0)) is not None
    assert small.get(key(99)) is not None
    assert small.get(key(1)) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[:30],
        lambda data: b"garbage" * 100,
        lambda data: data.replace(b"sonca1", b"sonca0"),
        lambda data: data.replace(b"samples", b"sampled"),
        lambda data: b"sonca1\n[1]\n",
    ],
)
def test_a_damaged_entry_counts_as_absent_and_is_removed(
    tmp_path: Path, damage: object, caplog: pytest.LogCaptureFixture
) -> None:
    cache = kept(tmp_path, chunk())
    [path] = tmp_path.rglob("*.chunk")
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert cache.get(key(0)) is None
    assert not path.exists()
    assert "damaged" in caplog.text


def test_a_full_disk_costs_the_entry_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: Path, target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    cache = kept(tmp_path, chunk())
    monkeypatch.undo()
    assert cache.get(key(0)) is None
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert "No space left" in caplog.text


def test_a_disk_that_refuses_is_told_of_once_until_it_works_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr("sonca.disk.write", refuse)
        kept(tmp_path, *[chunk()] * 50)
    assert len(caplog.records) == 1
    assert "Read-only" in caplog.text


@pytest.mark.parametrize("bad", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n"])
def test_only_hashes_are_keys(tmp_path: Path, bad: str) -> None:
    with pytest.raises(ValueError, match="not a cache key"):
        ChunkCache(tmp_path, quota_bytes=1).get(bad)


def test_many_threads_at_once(tmp_path: Path) -> None:
    cache = ChunkCache(tmp_path, quota_bytes=200_000)
    entries = {n: chunk(200) for n in range(40)}
    wrong: list[int] = []

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for n in rng.integers(0, 40, 200):
            back = cache.get(key(n))
            if back is None:
                cache.put(key(n), lambda n=n: entries[n])
            elif not np.array_equal(back.samples, entries[n].samples):
                wrong.append(int(n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cache.close()
    assert wrong == []
    assert cache.hits > 0


def test_a_defect_while_an_entry_is_written_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def defect() -> AudioChunk:
        raise ValueError("a defect")

    cache = ChunkCache(tmp_path, quota_bytes=1 << 20)
    cache.put("0" * 64, defect)
    cache.close()
    assert "a defect" in caplog.text
