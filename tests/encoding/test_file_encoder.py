"""A file gets its name when it is complete, with true sizes; failures leave what was there."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import threading
import wave
from pathlib import Path

import pytest
from encoding_helpers import read, speech_like

from sonca.encoding import FORMATS, FileEncoder, encode, format_of_path
from sonca.errors import StorageError, StorageFull
from sonca.store import AudioStore

SAMPLES = speech_like(1.2, 22_050)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_is_what_encode_gives(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"tiếng Việt{FORMATS[name].suffix}"
    with FileEncoder(path, format_of_path(path), 22_050) as encoder:
        for start in range(0, len(SAMPLES), 1000):
            encoder.feed(SAMPLES[start : start + 1000])
            assert not path.exists()
        encoder.finish()
    whole = encode(SAMPLES, 22_050, FORMATS[name])
    if name in {"wav", "pcm", "mp3", "aac", "flac"}:
        assert path.read_bytes() == whole
    else:  # ogg streams have random numbers
        assert len(read(path.read_bytes()).samples) == len(read(whole).samples)
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208


def test_what_was_there_stays_until_the_end_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"before")
    path.chmod(0o640)
    with FileEncoder(path, FORMATS["wav"], 22_050) as encoder:
        encoder.feed(SAMPLES)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
    with FileEncoder(path, FORMATS["wav"], 22_050) as encoder:
        encoder.finish()
    assert len(path.read_bytes()) == 44
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "real.wav", tmp_path / "link.wav"
    link.symlink_to(target)
    with FileEncoder(link, FORMATS["wav"], 22_050) as encoder:
        encoder.finish()
    assert link.is_symlink()
    assert target.stat().st_size == 44


def test_what_is_no_file_is_written_and_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    with FileEncoder(pipe, FORMATS["wav"], 22_050) as encoder:
        encoder.feed(SAMPLES)
        encoder.finish()
    reader.join()
    assert pipe.is_fifo()
    assert got[0][40:44] == b"\xff\xff\xff\xff"
    assert len(got[0]) == 44 + 2 * len(SAMPLES)


@pytest.mark.parametrize("name", FORMATS)
def test_an_open_file_is_used_and_left_open(name: str) -> None:
    file = io.BytesIO()
    with FileEncoder(file, FORMATS[name], 24_000) as encoder:
        encoder.feed(SAMPLES)
        encoder.finish()
    assert not file.closed
    assert len(file.getvalue()) == len(encode(SAMPLES, 24_000, FORMATS[name]))


SCRIPT = """
import sys, numpy as np
from sonca.encoding import FORMATS, FileEncoder
with FileEncoder(sys.stdout.buffer, FORMATS["wav"], 24000) as encoder:
    encoder.feed(np.zeros(24000, np.float32))
    encoder.finish()
"""


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["wb", "ab", "pipe"])
def test_stdout_gets_true_sizes_where_it_is_a_new_file(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    path.write_bytes(b"old:" if mode == "ab" else b"")
    command = [sys.executable, "-c", SCRIPT]
    if mode == "pipe":
        data = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60).stdout
    else:
        with path.open(mode) as file:
            subprocess.run(command, check=True, stdout=file, timeout=60)
        data = path.read_bytes()
    if mode == "wb":
        with wave.open(io.BytesIO(data)) as file:
            assert file.getnframes() == 24_000
    else:
        data = data.removeprefix(b"old:")
        assert data[40:44] == b"\xff\xff\xff\xff"
    assert len(data) == 44 + 48_000


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_is_told_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(StorageFull, match="No space left") as caught:  # noqa: SIM117
        with FileEncoder("/dev/full", FORMATS[name], 22_050) as encoder:
            for _ in range(20):
                encoder.feed(SAMPLES)
            encoder.finish()
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_that_fails_half_way_is_removed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"before")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("sonca.disk.os.fsync", full)
    encoder = FileEncoder(path, FORMATS[name], 22_050)
    encoder.feed(SAMPLES)
    with pytest.raises(StorageFull):
        encoder.finish()
    with pytest.raises(ValueError, match="finished"):
        encoder.feed(SAMPLES)
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_longest_file_name_will_do(tmp_path: Path) -> None:
    path = tmp_path / ("ế" * 83 + "aa.wav")  # 255 bytes
    with FileEncoder(path, FORMATS["wav"], 22_050) as encoder:
        encoder.finish()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("where", ["missing/x.wav", "file/x.wav", "folder"])
def test_a_path_that_cannot_be_written_is_an_error_of_ours(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match=where):
        FileEncoder(tmp_path / where, FORMATS["wav"], 22_050)


@pytest.mark.parametrize("name", FORMATS)
def test_errors_of_the_sink_come_through_as_they_are(name: str) -> None:
    class Failing(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise StorageFull("the quota is full")

    with pytest.raises(StorageFull, match="the quota is full"):  # noqa: SIM117
        with FileEncoder(Failing(), FORMATS[name], 24_000) as encoder:
            encoder.feed(SAMPLES)
            encoder.finish()


@pytest.mark.parametrize("name", FORMATS)
def test_the_stores_writer_is_a_file_to_encode_into(name: str, tmp_path: Path) -> None:
    store = AudioStore(tmp_path, quota_bytes=10**7)
    suffix = FORMATS[name].suffix
    with (
        store.writer(suffix=suffix, expires_in_s=60) as writer,
        FileEncoder(writer, FORMATS[name], 24_000) as encoder,
    ):
        encoder.feed(SAMPLES)
        encoder.finish()
        kept = writer.commit({})
    assert kept.size == kept.path.stat().st_size == len(encode(SAMPLES, 24_000, FORMATS[name]))
    if name == "wav":
        with wave.open(str(kept.path)) as file:
            assert file.getnframes() == len(SAMPLES)
    store.close()


def test_a_full_store_gives_the_file_up(tmp_path: Path) -> None:
    store = AudioStore(tmp_path, quota_bytes=10_000)
    with (
        store.writer(suffix=".flac", expires_in_s=60) as writer,
        FileEncoder(writer, FORMATS["flac"], 24_000) as encoder,
        pytest.raises(StorageFull, match="10000 bytes"),
    ):
        encoder.feed(SAMPLES)
        encoder.finish()
    assert store.stats().files == store.stats().unfinished == 0
    store.close()
