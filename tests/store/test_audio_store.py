"""Stored audio is found by its id until it expires, under a quota, from any thread."""

from __future__ import annotations

import hashlib
import io
import math
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonca.errors import InvalidRequest, NotFound, StorageError, StorageFull
from sonca.store import AudioStore, StoredAudio

HOUR_S = 3600.0


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[AudioStore]:
    store = AudioStore(tmp_path / "kept", quota_bytes=10_000, clock=clock)
    yield store
    store.close()


def keep(store: AudioStore, data: bytes = b"sound", expires_in_s: float = HOUR_S) -> StoredAudio:
    return store.put(data, suffix=".wav", metadata={}, expires_in_s=expires_in_s)


def audio_files(store: AudioStore) -> list[Path]:
    return sorted(store._folder.iterdir())


def test_what_is_kept_comes_back(store: AudioStore, clock: Clock) -> None:
    metadata = {"text": "Xin chào\n\x00\ud800 😀", "speed": 1.5, "voice": None, "marks": [1, {}]}
    kept = store.put(b"\x00\x01\xff", suffix=".mp3", metadata=metadata, expires_in_s=HOUR_S)
    assert store.get(kept.id) == kept
    assert kept.path.read_bytes() == b"\x00\x01\xff"
    assert kept.path.suffix == ".mp3"
    assert kept.metadata == metadata
    assert (kept.created_at, kept.expires_at) == (clock.now, clock.now + HOUR_S)
    assert kept.size == 3


def test_nobody_else_on_the_machine_can_read_it(store: AudioStore) -> None:
    kept = keep(store)
    assert kept.path.stat().st_mode & 0o077 == 0
    assert kept.path.parent.stat().st_mode & 0o077 == 0


def test_it_is_there_after_a_restart(store: AudioStore, tmp_path: Path, clock: Clock) -> None:
    kept = keep(store)
    store.close()
    again = AudioStore(tmp_path / "kept", quota_bytes=10_000, clock=clock)
    assert again.get(kept.id) == kept
    again.close()


def test_it_is_gone_the_moment_it_expires_though_nobody_swept(
    store: AudioStore, clock: Clock
) -> None:
    kept = keep(store)
    clock.now += HOUR_S - 0.001
    store.get(kept.id)
    clock.now += 0.001
    with pytest.raises(NotFound, match="expired"):
        store.get(kept.id)
    with pytest.raises(NotFound):
        store.open(kept.id)
    with pytest.raises(NotFound):
        store.delete(kept.id)


def test_a_sweep_removes_what_expired_and_only_that(store: AudioStore, clock: Clock) -> None:
    short, long = keep(store, expires_in_s=10), keep(store, expires_in_s=100)
    assert store.sweep() == 0
    clock.now += 10
    assert store.sweep() == 1
    assert not short.path.exists()
    assert store.get(long.id) == long
    assert store.stats().files == 1


def test_deleted_is_gone_but_who_has_it_open_reads_on(store: AudioStore) -> None:
    kept, file = store.open(keep(store, b"x" * 5000).id)
    with file:
        assert file.read(10) == b"x" * 10
        store.delete(kept.id)
        assert len(file.read()) == 4990
    assert audio_files(store) == []
    for call in (store.get, store.open, store.delete):
        with pytest.raises(NotFound):
            call(kept.id)


def test_a_file_that_vanished_is_not_found_and_its_record_goes(store: AudioStore) -> None:
    one, two = keep(store), keep(store)
    one.path.unlink()
    with pytest.raises(NotFound):
        store.get(one.id)
    assert store.stats().files == 1
    two.path.unlink()
    assert store.sweep() == 1
    assert store.stats().files == 0


@given(st.text())
def test_no_text_is_an_id(store_for_ids: AudioStore, id: str) -> None:
    with pytest.raises(NotFound) as caught:
        store_for_ids.get(id)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


@pytest.fixture(scope="module")
def store_for_ids(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AudioStore]:
    store = AudioStore(tmp_path_factory.mktemp("ids"), quota_bytes=1000)
    yield store
    store.close()


@pytest.mark.parametrize("id", ["..", "../audio.sqlite3", "a/../b", ".lock", "%2e%2e", "x" * 22])
def test_ids_cannot_leave_the_folder(store: AudioStore, id: str) -> None:
    kept = keep(store)
    for bad in (id, kept.id + "\n", kept.id + "/", kept.path.name, str(kept.path), "./" + kept.id):
        for call in (store.get, store.open, store.delete):
            with pytest.raises(NotFound):
                call(bad)
    assert store.get(kept.id)


def test_ids_cannot_be_guessed(store: AudioStore) -> None:
    ids = {keep(store, b"").id for _ in range(50)}
    assert len(ids) == 50
    assert {len(id) for id in ids} == {22}  # 128 random bits


@pytest.mark.parametrize("expires_in_s", [0, -1, math.nan, math.inf, 1e300])
def test_an_expiry_that_is_none_is_refused(store: AudioStore, expires_in_s: float) -> None:
    with pytest.raises(InvalidRequest):
        keep(store, expires_in_s=expires_in_s)
    assert audio_files(store) == []


@pytest.mark.parametrize("suffix", ["", "wav", "./x", ".w/v", "..", ".part", ".wav\n"])
def test_a_suffix_that_is_none_is_refused(store: AudioStore, suffix: str) -> None:
    with pytest.raises(ValueError, match="suffix"):
        store.put(b"", suffix=suffix, metadata={}, expires_in_s=1)


def test_metadata_that_is_no_json_keeps_nothing(store: AudioStore) -> None:
    for bad in (object(), math.nan):
        with pytest.raises((TypeError, ValueError)):
            store.put(b"x", suffix=".wav", metadata={"bad": bad}, expires_in_s=1)
    assert audio_files(store) == []
    assert store.stats().unfinished == 0


def test_a_writer_is_found_only_when_committed(store: AudioStore, clock: Clock) -> None:
    with store.writer(suffix=".mp3", expires_in_s=HOUR_S) as writer:
        promised = (writer.id, writer.expires_at)
        for piece in (b"one", b"", b"two"):
            assert writer.write(piece) == len(piece)
            with pytest.raises(NotFound):
                store.get(writer.id)
            store.sweep()  # must leave what is being written
        clock.now += 60
        kept = writer.commit({"n": 1})
    assert kept.path.read_bytes() == b"onetwo"
    assert (kept.id, kept.expires_at) == promised
    assert store.get(kept.id) == kept
    with pytest.raises(StorageError):
        writer.write(b"more")
    with pytest.raises(StorageError):
        writer.commit({})
    assert store.get(kept.id) == kept


def test_an_abandoned_writer_leaves_nothing(store: AudioStore) -> None:
    with pytest.raises(KeyboardInterrupt), store.writer(suffix=".mp3", expires_in_s=1) as writer:
        writer.write(b"x" * 5000)
        raise KeyboardInterrupt
    writer.close()
    assert audio_files(store) == []
    assert store.stats() == type(store.stats())(files=0, size=0, quota=10_000, unfinished=0)


def test_a_writer_can_go_back_for_a_header(store: AudioStore) -> None:
    with store.writer(suffix=".wav", expires_in_s=1) as writer:
        assert writer.seekable()
        writer.write(b"????data")
        writer.seek(0)
        writer.write(b"HEAD")
        assert writer.tell() == 4
        writer.flush()
        kept = writer.commit({})
    assert kept.path.read_bytes() == b"HEADdata"
    assert kept.size == 8


def test_the_quota_is_kept_by_what_expires_first(store: AudioStore) -> None:
    late = keep(store, bytes(4000), expires_in_s=300)
    soon = keep(store, bytes(4000), expires_in_s=100)
    new = keep(store, bytes(4000), expires_in_s=200)
    with pytest.raises(NotFound):
        store.get(soon.id)
    assert not soon.path.exists()
    assert store.get(late.id)
    assert store.get(new.id)
    assert store.stats().size == 8000


def test_a_piece_larger_than_the_quota_is_refused_and_costs_nobody(store: AudioStore) -> None:
    kept = keep(store, bytes(4000))
    with pytest.raises(StorageFull, match="10000 bytes"):
        keep(store, bytes(10_001))
    with pytest.raises(StorageFull), store.writer(suffix=".wav", expires_in_s=9) as writer:
        while True:
            writer.write(bytes(999))
    assert [path.name for path in audio_files(store)] in ([], [kept.path.name])
    assert store.stats().unfinished == 0
    assert keep(store, bytes(10_000)).size == 10_000  # all of it can be used


def test_a_stream_may_fill_the_quota_to_the_last_byte(store: AudioStore) -> None:
    with store.writer(suffix=".wav", expires_in_s=9) as writer:
        for _ in range(1000):
            writer.write(bytes(10))
        with pytest.raises(StorageFull):
            writer.write(b"x")
    with store.writer(suffix=".wav", expires_in_s=9) as writer:
        for _ in range(1000):
            writer.write(bytes(10))
        assert writer.commit({}).size == 10_000


def test_unfinished_audio_counts(store: AudioStore) -> None:
    with store.writer(suffix=".wav", expires_in_s=9) as one:
        one.write(bytes(6000))
        assert 6000 <= store.stats().unfinished <= 7000
        with pytest.raises(StorageFull), store.writer(suffix=".wav", expires_in_s=9) as two:
            two.write(bytes(6000))
        one.commit({})
    assert store.stats().unfinished == 0
    assert store.stats().size == 6000


def test_a_smaller_quota_is_kept_at_the_next_start(tmp_path: Path) -> None:
    store = AudioStore(tmp_path, quota_bytes=10_000)
    soon, late = keep(store, bytes(1000), 100), keep(store, bytes(1000), 200)
    store.close()
    store = AudioStore(tmp_path, quota_bytes=1500)
    with pytest.raises(NotFound):
        store.get(soon.id)
    assert store.get(late.id)
    store.close()


def test_two_stores_on_one_folder_see_each_other(store: AudioStore, clock: Clock) -> None:
    other = AudioStore(store._folder.parent, quota_bytes=10_000, clock=clock)
    kept = keep(store)
    assert other.get(kept.id) == kept
    with store.writer(suffix=".wav", expires_in_s=HOUR_S) as writer:
        writer.write(b"half")
        other.sweep()
        third = AudioStore(store._folder.parent, quota_bytes=10_000, clock=clock)
        third.close()
        done = writer.commit({})
    assert other.get(done.id).path.read_bytes() == b"half"
    other.delete(done.id)
    with pytest.raises(NotFound):
        store.get(done.id)
    other.close()


def test_a_sweep_removes_strangers_and_minds_no_folder(store: AudioStore) -> None:
    kept = keep(store)
    (store._folder / "stranger.wav").write_bytes(b"x")
    (store._folder / "AAAAAAAAAAAAAAAAAAAAAA.part").write_bytes(b"half")
    (store._folder / "folder").mkdir()
    (store._folder / "link.wav").symlink_to("/etc/passwd")
    assert store.sweep() == 2
    assert store.get(kept.id)
    assert Path("/etc/passwd").exists()


@pytest.mark.slow
def test_many_threads_at_once(tmp_path: Path) -> None:
    store = AudioStore(tmp_path, quota_bytes=400_000)
    problems: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for round_ in range(15):
                data = os.urandom(1000 + 997 * number % 5000)
                kept = store.put(
                    *(data,),
                    suffix=".wav",
                    metadata={"sha": hashlib.sha256(data).hexdigest()},
                    expires_in_s=HOUR_S + round_,
                )
                if round_ % 3 == 0:
                    store.delete(kept.id)
                elif round_ % 5 == 0:
                    store.sweep()
                else:
                    got, file = store.open(kept.id)
                    with file:
                        assert hashlib.sha256(file.read()).hexdigest() == got.metadata["sha"]
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    stats = store.stats()
    assert stats.files == len(audio_files(store)) == 8 * 10
    assert stats.size == sum(path.stat().st_size for path in audio_files(store))
    assert stats.unfinished == 0
    store.close()


@pytest.mark.slow
def test_the_quota_holds_among_threads(tmp_path: Path) -> None:
    store = AudioStore(tmp_path, quota_bytes=50_000)
    totals: list[int] = []

    def work() -> None:
        for _ in range(20):
            keep(store, bytes(3000))
            stats = store.stats()
            totals.append(stats.size + stats.unfinished)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(totals) == 80
    assert 40_000 < max(totals) <= 50_000
    assert sum(path.stat().st_size for path in audio_files(store)) == store.stats().size
    store.close()


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        AudioStore(tmp_path / "file" / "kept", quota_bytes=1)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "audio.sqlite3").write_bytes(b"this is no database" * 100)
    with pytest.raises(StorageError, match=r"audio\.sqlite3"):
        AudioStore(tmp_path / "broken", quota_bytes=1)


def test_a_database_of_a_later_sonca_is_left_alone(tmp_path: Path) -> None:
    AudioStore(tmp_path, quota_bytes=1).close()
    with sqlite3.connect(tmp_path / "audio.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StorageError, match="version 99"):
        AudioStore(tmp_path, quota_bytes=1)


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = AudioStore(tmp_path, quota_bytes=1000)
    writer = store.writer(suffix=".wav", expires_in_s=9)
    writer.write(b"x")
    store.close()
    with pytest.raises(StorageError):
        writer.commit({})
    with pytest.raises(StorageError):
        keep(store)
    again = AudioStore(tmp_path, quota_bytes=1000)
    assert audio_files(again) == []
    again.close()


def test_writers_are_files_to_others(store: AudioStore) -> None:
    """What `sonca.encoding.FileEncoder` and `shutil` need of a file."""
    with store.writer(suffix=".wav", expires_in_s=9) as writer:
        source = io.BytesIO(bytes(5000))
        while piece := source.read(700):
            writer.write(piece)
        assert writer.size == writer.tell() == 5000
        assert writer.commit({}).size == 5000


def test_what_others_keep_counts_and_pushes_out_what_expires_first(store: AudioStore) -> None:
    first, _ = (keep(store, b"x" * 4000, expires_in_s=s) for s in (50, 60))
    store.quota.claim(5000)
    assert store.stats().claimed == 5000 and store.stats().files == 1
    with pytest.raises(NotFound):
        store.get(first.id)
    with pytest.raises(StorageFull, match="books hold 5000"):
        store.quota.claim(5001)
    assert store.stats().claimed == 5000
    store.quota.claim(6000, must_fit=False)  # it is there, whatever the quota says
    with pytest.raises(StorageFull), store.writer(suffix=".wav", expires_in_s=1) as writer:
        writer.write(b"x")
    store.quota.claim(-11_000)
    keep(store, b"x" * 9000, expires_in_s=60)
