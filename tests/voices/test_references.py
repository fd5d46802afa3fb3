"""Uploaded recordings are kept whole or not at all; a `voice_file` cannot lead anywhere else."""

from __future__ import annotations

import errno
import os
import random
import shutil
import threading
import time
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonca import disk
from sonca.audio import Samples
from sonca.errors import (
    BadAudio,
    InvalidRequest,
    NotFound,
    SoncaError,
    StorageError,
    StorageFull,
)
from sonca.voices.references import ReferenceStore, resolve_voice_file
from tests import killed

RATE_HZ = 16_000


def recording(seconds: float = 2.0) -> Samples:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * 220 * time_s)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> ReferenceStore:
    return ReferenceStore(tmp_path / "references", clock=lambda: 1_800_000_000.5)


def test_what_is_added_comes_back(store: ReferenceStore) -> None:
    added = store.add(recording(), RATE_HZ, name="  Giọng của mẹ ")
    assert added == store.get(added.id)
    assert store.list() == [added]
    assert added.id.startswith("ref-")
    assert added.name == "Giọng của mẹ"
    assert (added.duration_s, added.sample_rate_hz) == (2.0, RATE_HZ)
    assert added.created_at == 1_800_000_000.5
    with wave.open(str(added.path)) as file:
        assert file.getparams()[:4] == (1, 2, RATE_HZ, 2 * RATE_HZ)
    assert np.abs(added.samples() - recording()).max() < 1 / 32767
    assert added.samples().dtype == np.float32
    again = ReferenceStore(added.path.parent.parent)
    assert again.get(added.id) == added


def test_equal_recordings_have_equal_hashes_and_their_own_ids(store: ReferenceStore) -> None:
    one, two = (store.add(recording(), RATE_HZ, name=name) for name in ("một", "hai"))
    other = store.add(recording(2.5), RATE_HZ, name="một")
    faster = store.add(recording(), 2 * RATE_HZ, name="một")
    assert one.id != two.id
    assert one.content_hash == two.content_hash
    assert len({one.content_hash, other.content_hash, faster.content_hash}) == 3
    assert len(one.content_hash) == 64
    assert {reference.id for reference in store.list()} == {
        reference.id for reference in (one, two, other, faster)
    }


def test_deleted_is_gone(store: ReferenceStore) -> None:
    added, other = (store.add(recording(), RATE_HZ, name=name) for name in "ab")
    store.delete(added.id)
    for call in (store.get, store.delete):
        with pytest.raises(NotFound):
            call(added.id)
    with pytest.raises(NotFound):
        added.samples()
    assert store.list() == [other]
    assert [path.name for path in other.path.parent.parent.iterdir()] == [other.id]


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (0.0, r"0\.00 s.*at least 1 s"),
        (0.99, r"0\.99 s.*at least 1 s"),
        (30.2, r"30\.2 s.*at most 30 s"),
        (600, r"600\.0 s.*at most 30 s"),
    ],
)
def test_too_short_and_too_long_name_the_limit(
    store: ReferenceStore, seconds: float, message: str
) -> None:
    with pytest.raises(BadAudio, match=message) as caught:
        store.add(np.zeros(round(seconds * RATE_HZ), np.float32), RATE_HZ, name="x")
    assert caught.value.field == "file"
    assert store.list() == []


@pytest.mark.parametrize("seconds", [1.0, 30.0, 30.06])
def test_the_limits_themselves_are_allowed(store: ReferenceStore, seconds: float) -> None:
    assert store.add(recording(seconds), RATE_HZ, name="x").duration_s == seconds


def test_broken_samples_are_cleaned(store: ReferenceStore) -> None:
    samples = recording()
    samples[:4] = np.nan, np.inf, -np.inf, 9
    read = store.add(samples, RATE_HZ, name="x").samples()
    assert read[:4].tolist() == [0, 1, -1, 1]
    assert np.isnan(samples[0])  # the caller's, and untouched


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\nb", "a\x00b", "a\ud800b", "a\u202eb"])
def test_names_are_checked(store: ReferenceStore, name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        store.add(recording(), RATE_HZ, name=name)
    assert caught.value.field == "name"


@pytest.mark.parametrize("id", ["", "..", "ref-..", "ref-", "ref-" + "/" * 22, "ref-" + "x" * 22])
def test_ids_cannot_leave_the_folder(store: ReferenceStore, id: str) -> None:
    added = store.add(recording(), RATE_HZ, name="x")
    for bad in (id, f"{added.id}/audio.wav", f"../references/{added.id}", added.id + "\n"):
        for call in (store.get, store.delete):
            with pytest.raises(NotFound):
                call(bad)
    assert store.list() == [added]


def test_a_damaged_recording_is_told_and_can_be_deleted(store: ReferenceStore) -> None:
    added, other = (store.add(recording(), RATE_HZ, name=name) for name in "ab")
    (added.path.parent / "reference.json").write_text("{")
    with pytest.raises(StorageError, match="delete it"):
        store.get(added.id)
    assert store.list() == [other]
    store.delete(added.id)
    with pytest.raises(NotFound):
        store.get(added.id)
    other.path.write_bytes(b"RIFF")
    with pytest.raises(StorageError):
        other.samples()


STEPS = [(Path, "mkdir"), (disk, "sync"), (disk, "sync_folder"), (Path, "rename")]


@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("where", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_failing_at_every_step_leaves_nothing(
    where: Any,
    name: str,
    after: bool,
    number: int,
    nth: int,
    store: ReferenceStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = store.add(recording(), RATE_HZ, name="first")
    original, calls = getattr(where, name), 0

    def failing(*arguments: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == nth and after:
            original(*arguments, **more)
        if calls == nth:
            raise OSError(number, os.strerror(number))
        return original(*arguments, **more)

    with monkeypatch.context() as patched:
        patched.setattr(where, name, failing)
        try:
            store.add(recording(), RATE_HZ, name="second")
        except StorageError as error:
            assert isinstance(error, StorageFull) == (number == errno.ENOSPC)
        else:
            assert calls < nth  # there is no second call of it
            return
    assert [path.name for path in first.path.parent.parent.iterdir()] == [first.id]
    assert store.list() == [first]


def add_and_delete(say: Callable[[str], None], root: Path) -> None:
    """Keeps recordings and lets them go, for ever."""
    store = ReferenceStore(root)
    ids: list[str] = []
    while True:
        ids.append(store.add(np.full(RATE_HZ, 0.25, np.float32), RATE_HZ, name="x").id)
        say(ids[-1])
        if len(ids) > 3:
            store.delete(ids.pop(0))


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    root = tmp_path / "references"
    chance = random.Random(20)
    for _ in range(10):
        end = killed.run(add_and_delete, root, dies_at=chance.randrange(100, 5000))
        assert end.was_killed
        store = ReferenceStore(root)
        there = {path.name for path in root.iterdir() if path.name.startswith("ref-")}
        whole = {reference.id for reference in store.list() if reference.samples().min() > 0.24}
        assert whole == there
        assert set(end.said[-3:]) <= whole


def test_left_overs_go_when_nobody_can_still_be_writing_them(tmp_path: Path) -> None:
    for name in (".sonca-1.gone", ".sonca-young.part", ".sonca-aged.part", "stranger"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "audio.wav").touch()
    os.utime(tmp_path / ".sonca-aged.part", (time.time() - 7200,) * 2)
    ReferenceStore(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".sonca-young.part", "stranger"}


def test_many_threads_at_once(store: ReferenceStore) -> None:
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                added = store.add(recording(1), RATE_HZ, name="x")
                store.list()
                assert len(added.samples()) == RATE_HZ
                store.delete(added.id)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert store.list() == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        ReferenceStore(tmp_path / "file" / "references")


# --- what a voice_file may be


@pytest.fixture
def voices_dir(tmp_path: Path) -> Path:
    """A folder with voices and with everything that is none; a secret lies beside it."""
    folder = tmp_path / "voices"
    folder.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"secret")
    (tmp_path / "voices-of-others").mkdir()
    (tmp_path / "voices-of-others" / "x.wav").touch()
    for name in ("diep-chi.wav", "giọng mẹ.mp3", ".hidden.wav"):
        (folder / name).write_bytes(b"sound")
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.wav").touch()
    (folder / "alias.wav").symlink_to("diep-chi.wav")
    (folder / "out.wav").symlink_to(tmp_path / "secret.wav")
    (folder / "out2.wav").symlink_to("../voices-of-others/x.wav")
    (folder / "device.wav").symlink_to("/dev/zero")
    (folder / "dangling.wav").symlink_to("nowhere.wav")
    (folder / "circle.wav").symlink_to("circle.wav")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.wav")
    return folder


def test_a_file_of_the_folder_is_taken(voices_dir: Path) -> None:
    for name in ("diep-chi.wav", "giọng mẹ.mp3"):
        assert resolve_voice_file(name, voices_dir) == voices_dir / name
    assert resolve_voice_file("alias.wav", voices_dir) == voices_dir / "diep-chi.wav"


def test_the_folder_may_itself_be_a_link(voices_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(voices_dir)
    found = resolve_voice_file("diep-chi.wav", tmp_path / "link")
    assert found == voices_dir / "diep-chi.wav"


def test_an_upload_is_taken(voices_dir: Path, store: ReferenceStore) -> None:
    added = store.add(recording(), RATE_HZ, name="x")
    assert resolve_voice_file(added.id, voices_dir, references=store) == added.path
    assert resolve_voice_file(added.id, None, references=store) == added.path
    store.delete(added.id)
    for references in (store, None):
        with pytest.raises(InvalidRequest, match="no uploaded recording") as caught:
            resolve_voice_file(added.id, voices_dir, references=references)
        assert caught.value.field == "voice_file"


REFUSED = [
    *("", " ", ".", "..", "../secret.wav", "sub/../../secret.wav", "up/secret.wav"),
    *("out.wav", "out2.wav", "device.wav", "dangling.wav", "circle.wav", "pipe.wav"),
    *("sub", "up", "sub/deep.wav", "./diep-chi.wav", "diep-chi.wav/", "diep-chi.wav/."),
    *("/etc/passwd", "//etc/passwd", "~/x.wav", "C:\\x.wav", "..\\secret.wav", "\\\\host\\x"),
    *("http://127.0.0.1/x.wav", "file:///etc/passwd", "data:audio/wav;base64,AAAA"),
    *("diep-chi.wav\x00", "diep-chi.wav\x00.mp3", "\x00", "diep-chi.wav\n", "\ud800", "\u202e.wav"),
    *(".hidden.wav", "missing.wav", "x" * 300, "x" * 100_000, "ẽ" * 200, "%2e%2e%2fsecret.wav"),
    *("ref-", "ref-../secret.wav", "ref-" + "A" * 22, "concat:diep-chi.wav", "-", "|ls"),
]


@pytest.mark.parametrize("name", REFUSED, ids=[ascii(name)[:30] for name in REFUSED])
def test_nothing_else_is(name: str, voices_dir: Path, store: ReferenceStore) -> None:
    with pytest.raises(InvalidRequest) as caught:
        resolve_voice_file(name, voices_dir, references=store)
    assert caught.value.field == "voice_file"
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 500


def test_the_absolute_path_of_an_allowed_file_is_refused(voices_dir: Path) -> None:
    with pytest.raises(InvalidRequest):
        resolve_voice_file(str(voices_dir / "diep-chi.wav"), voices_dir)


def test_the_message_says_what_is_allowed(voices_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"ref-….*diep-chi\.wav") as caught:
        resolve_voice_file("mất.wav", voices_dir)
    assert "'mất.wav'" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert "out.wav" not in str(caught.value)
    with pytest.raises(InvalidRequest, match="no folder for voices is configured"):
        resolve_voice_file("diep-chi.wav", None)
    shutil.rmtree(voices_dir)
    with pytest.raises(InvalidRequest, match="cannot be read"):
        resolve_voice_file("diep-chi.wav", voices_dir)


def test_what_lies_outside_and_what_does_not_exist_read_the_same(voices_dir: Path) -> None:
    messages = set()
    for name in ("out.wav", "../secret.wav", "../missing.wav", "missing.wav"):
        with pytest.raises(InvalidRequest) as caught:
            resolve_voice_file(name, voices_dir)
        messages.add(str(caught.value).replace(repr(name), "NAME"))
    assert len(messages) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(),
        st.lists(
            st.sampled_from(
                ["..", ".", "/", "sub", "up", "diep-chi.wav", "\x00", "secret.wav", "~"]
            )
        ).map("".join),
    )
)
def test_no_name_leads_out(voices_dir: Path, name: str) -> None:
    try:
        path = resolve_voice_file(name, voices_dir)
    except SoncaError:
        return
    assert path.parent == voices_dir
    assert path.is_file()
    assert not path.is_symlink()
