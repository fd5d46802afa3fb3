"""Books from file to m4b: marks and captions against the sound itself, and what may go wrong."""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sonca import disk
from sonca.audio import AudioChunk
from sonca.book.build import Build, Progress, journal
from sonca.book.build.build_dir import BuildDir
from sonca.book.cast import Role, by_gender, cast_file, one_voice, propose_cast
from sonca.book.output import Target, publish
from sonca.book.sources import read_book
from sonca.engines import tone
from sonca.errors import Cancelled, InvalidRequest, StorageError, StorageFull, UnknownVoice
from sonca.store.chunks import ChunkCache
from sonca.synthesizer import Sonca
from sonca.text import Lexicon
from tests.book.book_helpers import SHORT, STORY, build, level, listen, mapping, write_book


@pytest.fixture(scope="module")
def sonca() -> Iterator[Sonca]:
    with Sonca("tone") as sonca:
        yield sonca


@pytest.fixture(scope="module")
def story(sonca: Sonca, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story as an m4b with a cast."""
    output = tmp_path_factory.mktemp("story") / "truyện.m4b"
    build(sonca, STORY, output)
    return output


@pytest.mark.slow
def test_an_m4b_has_chapters_tags_and_nothing_left_beside_it(story: Path) -> None:
    sound = listen(story)
    assert [title for title, _, _ in sound.marks] == [
        "Chương 1: Người lái đò cuối cùng",
        "Chương 2: Căn nhà có mười hai cánh cửa",
        "Chương 3: Chuyến đò thứ một trăm lẻ năm",
    ]
    assert sound.tags["title"] == "NGỌN ĐÈN Ở BẾN LẠC"
    names = {path.name for path in story.parent.iterdir()}
    assert names == {f"truyện.{kind}" for kind in ("m4b", "srt", "vtt", "lrc", "json")}


@pytest.mark.slow
def test_chapter_marks_stand_where_the_chapters_begin_in_the_sound(story: Path) -> None:
    sound = listen(story)
    told = mapping(story)
    for number, (_, start_s, _) in enumerate(sound.marks, start=1):
        first = next(s for s in told["spans"] if s["chapter"] == number)
        assert first["start_s"] == pytest.approx(start_s, abs=0.002)
        assert level(sound, start_s, start_s + 0.1) > 0.05
        if number > 1:
            assert level(sound, start_s - 1.5, start_s - 0.07) < 0.01


@pytest.mark.slow
def test_captions_say_when_every_sentence_sounds(story: Path) -> None:
    """Tones begin and end with their words: sound inside of each span, silence between them."""
    sound = listen(story)
    spans = mapping(story)["spans"]
    assert len(spans) > 150
    for span, following in itertools.pairwise(spans):
        start_s, end_s = span["start_s"], span["end_s"]
        assert level(sound, start_s, start_s + 0.15) > 0.05, span["text"]
        assert level(sound, end_s - 0.15, end_s) > 0.05, span["text"]
        gap_s = following["start_s"] - end_s
        if gap_s > 0.2:
            assert level(sound, end_s + 0.07, following["start_s"] - 0.07) < 0.02, span["text"]


@pytest.mark.slow
def test_the_map_leads_every_span_back_to_the_book(story: Path) -> None:
    text = STORY.read_text(encoding="utf-8")
    spans = mapping(story)["spans"]
    for span in spans:
        at = span["source"]["start"]
        assert text[at : at + span["end"] - span["start"]] == span["text"]
        for time_s, start, end in span["words"]:
            assert span["start_s"] - 0.001 <= time_s <= span["end_s"]
            assert span["start"] <= start < end <= span["end"]
    places = [span["source"]["start"] for span in spans]
    assert places == sorted(places)
    heard = "".join(text[p : p + s["end"] - s["start"]] for p, s in zip(places, spans, strict=True))
    kept = [c for c in text if c.isalnum()]
    assert [c for c in heard if c.isalnum()] == kept  # not a letter of the story is lost


@pytest.mark.slow
def test_captions_are_well_formed_and_agree(story: Path) -> None:
    srt = story.with_suffix(".srt").read_text(encoding="utf-8").strip().split("\n\n")
    vtt = story.with_suffix(".vtt").read_text(encoding="utf-8").strip().split("\n\n")
    lrc = story.with_suffix(".lrc").read_text(encoding="utf-8").strip().split("\n")
    assert vtt[0] == "WEBVTT"
    assert len(srt) == len(vtt) - 1 == len(lrc) - 1  # LRC has the title
    last = 0.0
    for number, block in enumerate(srt, start=1):
        head, times, *lines = block.split("\n")
        start, end = (_seconds(t) for t in times.split(" --> "))
        assert int(head) == number
        assert last - 0.002 <= start < end
        assert 1 <= len(lines) <= 2 and all(line.strip() for line in lines)
        last = start


def _seconds(clock: str) -> float:
    hours, minutes, seconds = clock.replace(",", ".").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def test_every_speaker_has_the_voice_of_the_cast(sonca: Sonca, tmp_path: Path) -> None:
    path = write_book(tmp_path)
    cast = cast_file.parse(
        '[narrator]\nvoice="low"\n[characters."Thoại"]\nvoice="high"\npitch=2.0\n', read_book(path)
    )
    build(sonca, path, tmp_path / "a.m4b", cast=cast)
    build(sonca, path, tmp_path / "b.m4b", cast=one_voice(Role("low")))
    with_cast, alone = (mapping(tmp_path / f"{n}.m4b")["spans"] for n in "ab")
    theirs = [s for s in with_cast if s.get("speaker") == "Thoại"]
    assert [s["text"] for s in theirs] == ["Cháu đi đâu?"]
    assert all("speaker" not in s for s in alone)
    assert _pitch(tmp_path / "a.m4b", theirs[0]) > 1.9 * _pitch(
        tmp_path / "b.m4b", next(s for s in alone if "Cháu đi đâu?" in s["text"])
    )


def _pitch(path: Path, span: dict[str, float]) -> float:
    """The strongest frequency of a span's first word."""
    sound = listen(path)
    start = round((span["start_s"] + 0.02) * sound.rate_hz)
    piece = sound.samples[start : start + round(0.15 * sound.rate_hz)]
    spectrum = np.abs(np.fft.rfft(piece * np.hanning(len(piece)), 1 << 16))
    return float(spectrum.argmax() * sound.rate_hz / (1 << 16))


def test_voices_come_out_equally_loud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One voice made ten times as quiet as it is said to be."""
    speak = tone.ToneEngine.synthesize

    def quiet(self, utterance, voice, options):  # type: ignore[no-untyped-def]
        for chunk in speak(self, utterance, voice, options):
            factor = np.float32(0.1 if voice == 2.0 else 1.0)
            yield AudioChunk(chunk.samples * factor, chunk.sample_rate_hz, chunk.marks)

    monkeypatch.setattr(tone.ToneEngine, "synthesize", quiet)
    path = write_book(tmp_path)
    cast = by_gender(read_book(path), "low", "high", "high")
    with Sonca("tone", loudness_lufs=-20.0) as sonca:
        build(sonca, path, tmp_path / "a.m4b", cast=cast)
    sound, spans = listen(tmp_path / "a.m4b"), mapping(tmp_path / "a.m4b")["spans"]
    levels = {
        kind: [
            level(sound, s["start_s"], s["end_s"]) for s in spans if bool(s.get("speaker")) == kind
        ]
        for kind in (True, False)
    }
    assert min(levels[True]) > 0.4 * max(levels[False])
    assert sound.samples.max() <= 1.0


@pytest.mark.parametrize("format", ["mp3", "opus"])
def test_a_file_a_chapter_with_a_playlist(sonca: Sonca, tmp_path: Path, format: str) -> None:
    path = write_book(tmp_path)
    report = build(sonca, path, tmp_path / "sách", format=format)
    rows = (tmp_path / "sách" / "sách.m3u8").read_text(encoding="utf-8").strip().split("\n")
    files = [row for row in rows if not row.startswith("#")]
    assert rows[0] == "#EXTM3U"
    assert files == [f"01 Chương 1 Sáng.{format}", f"02 Chương 2 Chiều.{format}"]
    for name, chapter in zip(files, report.chapters, strict=True):
        sound = listen(tmp_path / "sách" / name)
        assert len(sound.samples) / sound.rate_hz == pytest.approx(chapter.duration_s, abs=0.15)
        told = json.loads((tmp_path / "sách" / name).with_suffix(".json").read_text("utf-8"))
        for span in told["spans"]:
            assert level(sound, span["start_s"], span["start_s"] + 0.15) > 0.05
    assert not list(tmp_path.glob(".*")) and not (tmp_path / "sách.build").exists()


def test_a_cover_and_an_author_are_in_the_file(sonca: Sonca, tmp_path: Path) -> None:
    from dataclasses import replace

    from sonca.book.model import Cover
    from tests.book.book_files import png

    book = replace(
        read_book(write_book(tmp_path)), author="Nguyễn A", cover=Cover(png(), "image/png")
    )
    Build(book, Target(tmp_path / "a.m4b"), sonca, one_voice(Role())).run()
    sound = listen(tmp_path / "a.m4b")
    assert sound.pictures == 1
    assert sound.tags["artist"] == "Nguyễn A"
    assert len(sound.marks) == 2


def test_subtitles_keep_their_times(sonca: Sonca, tmp_path: Path) -> None:
    """The tone engine needs 0.2 s a word: the second must hurry, the third cannot make it."""
    text = (
        "1\n00:00:01,000 --> 00:00:03,000\nMột hai ba bốn\n\n"
        "2\n00:00:05,000 --> 00:00:06,000\nmột hai ba bốn năm sáu bảy tám\n\n"
        "3\n00:00:08,000 --> 00:00:08,500\nmột hai ba bốn năm sáu bảy tám\n\n"
        "4\n00:00:12,000 --> 00:00:14,000\nhết rồi\n"
    )
    path = write_book(tmp_path, text, "phim.srt")
    report = build(sonca, path, tmp_path / "phim.m4b")
    spans = mapping(tmp_path / "phim.m4b")["spans"]
    assert [s["start_s"] for s in spans] == [1.0, 5.0, 8.0, 12.0]
    assert spans[0]["end_s"] == pytest.approx(1.8, abs=0.01)
    assert spans[1]["end_s"] <= 6.0
    assert spans[2]["end_s"] == pytest.approx(8.8, abs=0.02)  # twice as fast and no faster
    assert [(p.text, p.reason) for p in report.problems] == [(spans[2]["text"], "late")]
    assert path.read_text(encoding="utf-8") == text  # its own captions have another name
    assert (tmp_path / "phim.captions.srt").is_file()
    sound = listen(tmp_path / "phim.m4b")
    assert level(sound, 12.0, 12.15) > 0.05 and level(sound, 9.0, 11.9) < 0.01


# What may go wrong


@pytest.mark.parametrize("word", ["sông", "núi"])
def test_a_sentence_that_cannot_be_made_is_marked_and_the_rest_is_there(
    sonca: Sonca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    speak = tone.ToneEngine.synthesize
    tries = []

    def failing(self, utterance, voice, options):  # type: ignore[no-untyped-def]
        if word in utterance.spoken:
            tries.append(utterance.spoken)
            raise ValueError("this engine cannot say that")
        yield from speak(self, utterance, voice, options)

    path = write_book(tmp_path)
    build(sonca, path, tmp_path / "whole.m4b")
    monkeypatch.setattr(tone.ToneEngine, "synthesize", failing)
    report = build(sonca, path, tmp_path / "a.m4b")
    assert [p.reason for p in report.problems] == ["failed"]
    assert word in report.problems[0].text
    assert len(tries) > 2
    captions = (tmp_path / "a.srt").read_text("utf-8").split("\n\n")
    assert "[không đọc được]" in next(block for block in captions if word in block)
    texts = {
        name: [span["text"] for span in mapping(tmp_path / f"{name}.m4b")["spans"]]
        for name in ("a", "whole")
    }
    assert texts["a"] == texts["whole"]


def test_an_engine_that_is_broken_is_an_error_and_the_build_goes_on_later(tmp_path: Path) -> None:
    path = write_book(tmp_path)
    broken = Sonca("tone")
    broken.load().loaded.result()
    broken.close()
    with pytest.raises(Exception, match="shut"):
        build(broken, path, tmp_path / "a.m4b")
    assert not (tmp_path / "a.m4b").exists()
    with Sonca("tone") as sonca:
        assert build(sonca, path, tmp_path / "a.m4b").utterances > 5


def test_a_full_disk_stops_the_build_and_the_same_command_goes_on(
    sonca: Sonca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_book(tmp_path)
    build(sonca, path, tmp_path / "whole.m4b")
    written, write = [], os.write

    def full(file: int, data: bytes) -> int:
        if len(written) == 4:
            write(file, data[: len(data) // 2])  # half a record, as a disk does
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(len(data))
        return write(file, data)

    with monkeypatch.context() as patch:
        patch.setattr(journal.os, "write", full)
        with pytest.raises(StorageFull, match="space"):
            build(sonca, path, tmp_path / "a.m4b")
    assert not (tmp_path / "a.m4b").exists()
    report = build(sonca, path, tmp_path / "a.m4b")
    assert report.utterances < len(mapping(tmp_path / "a.m4b")["spans"])
    assert (tmp_path / "a.m4b").read_bytes() == (tmp_path / "whole.m4b").read_bytes()


def test_a_full_disk_at_the_end_leaves_the_earlier_output(
    sonca: Sonca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_book(tmp_path)
    build(sonca, path, tmp_path / "a.m4b")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    write_book(tmp_path, SHORT + "\nThêm một câu nữa.\n")

    def full(*args: object, **kwargs: object) -> None:
        raise StorageFull("cannot write: no space")

    monkeypatch.setattr(publish, "write_m4b", full)
    with pytest.raises(StorageFull):
        build(sonca, path, tmp_path / "a.m4b", force=True)
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    assert {k: v for k, v in after.items() if k != path.name} == {
        k: v for k, v in before.items() if k != path.name
    }


def test_outputs_that_must_not_be_written(sonca: Sonca, tmp_path: Path) -> None:
    path = write_book(tmp_path)
    build(sonca, path, tmp_path / "a.m4b")
    before = (tmp_path / "a.m4b").read_bytes()
    with pytest.raises(InvalidRequest, match="--force"):
        build(sonca, path, tmp_path / "a.m4b")
    with pytest.raises(InvalidRequest, match=r"\.m4b"):
        build(sonca, path, tmp_path / "a.wav")
    with pytest.raises(InvalidRequest, match="does not exist"):
        build(sonca, path, tmp_path / "none" / "a.m4b")
    with pytest.raises(InvalidRequest, match="folder"):
        build(sonca, path, tmp_path / "a.m4b", format="mp3")
    with pytest.raises(InvalidRequest, match="unknown audio format"):
        build(sonca, path, tmp_path / "a.m4b", format="exe")
    assert (tmp_path / "a.m4b").read_bytes() == before
    build(sonca, path, tmp_path / "a.m4b", force=True)
    assert (tmp_path / "a.m4b").read_bytes() == before


def _die(*args: object) -> None:
    raise KeyboardInterrupt  # as far as files go, a death


@pytest.mark.slow
@pytest.mark.parametrize("exchanges", [True, False])
def test_a_folder_is_replaced_in_one_step_or_mended_by_the_next_build(
    sonca: Sonca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchanges: bool
) -> None:
    """Wherever a build dies, either the whole old folder is there or the whole new one."""
    path = write_book(tmp_path)
    output = tmp_path / "a"
    build(sonca, path, output, format="opus")
    first = {p.name: p.read_bytes() for p in output.iterdir()}
    write_book(tmp_path, SHORT + "\nThêm một câu nữa.\n")
    if not exchanges:
        monkeypatch.setattr(disk, "_exchange", lambda one, other: False)
    with monkeypatch.context() as patch:
        patch.setattr(disk, "sync_folder", _die)
        patch.setattr(disk.shutil, "rmtree", lambda *args, **kwargs: None)  # nothing is cleaned up
        with pytest.raises(KeyboardInterrupt), disk.new_folder(output, sole_writer=True) as draft:
            _copy(output, draft)
    assert {p.name: p.read_bytes() for p in output.iterdir()} == first
    old = disk._beside(output, ".old", fixed=True)
    shutil.rmtree(old, ignore_errors=True)
    output.rename(old)  # died between the two steps
    broken = Sonca("tone")
    broken.load().loaded.result()
    broken.close()
    with pytest.raises(Exception, match="shut"):
        build(broken, path, output, format="opus", force=True)
    assert {p.name: p.read_bytes() for p in output.iterdir()} == first
    build(sonca, path, output, format="opus", force=True)
    assert {p.name: p.read_bytes() for p in output.iterdir()} != first
    assert {p.name for p in tmp_path.iterdir()} == {path.name, "a"}


def _copy(source: Path, target: Path) -> Path:
    return Path(shutil.copytree(source, target, dirs_exist_ok=True))


@pytest.mark.parametrize("format", ["m4b", "mp3"])
def test_the_same_command_goes_on_when_it_died_while_publishing(
    sonca: Sonca, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    """Without --force: what is there is its own."""
    path = write_book(tmp_path)
    output = tmp_path / ("a.m4b" if format == "m4b" else "a")
    with monkeypatch.context() as patch:
        patch.setattr(BuildDir, "remove", _die)
        with pytest.raises(KeyboardInterrupt):
            build(sonca, path, output, format=format)
    if format == "m4b":
        output.unlink()  # its captions had their names before it
    report = build(sonca, path, output, format=format)
    assert report.utterances == 0 and report.reused_chapters == 2 and output.exists()
    with pytest.raises(InvalidRequest, match="--force"):
        build(sonca, path, output, format=format)


def test_a_cast_with_an_unknown_voice_is_refused_before_anything_is_made(
    sonca: Sonca, tmp_path: Path
) -> None:
    path = write_book(tmp_path)
    cast = cast_file.parse('[characters."Thoại"]\nvoice="nobody-at-all"\n', read_book(path))
    with pytest.raises(UnknownVoice, match="nobody-at-all"):
        build(sonca, path, tmp_path / "a.m4b", cast=cast)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_two_builds_of_one_output_do_not_meet(sonca: Sonca, tmp_path: Path) -> None:
    path = write_book(tmp_path)
    folder = tmp_path / "a.m4b.build"
    folder.mkdir()
    with disk.locked(folder / ".lock"), pytest.raises(StorageError, match="another process"):
        build(sonca, path, tmp_path / "a.m4b")


# Going on


@pytest.mark.slow
def test_a_stopped_build_goes_on_and_gives_the_same_bytes(sonca: Sonca, tmp_path: Path) -> None:
    book = read_book(STORY)
    cast = propose_cast(book, sonca.catalogue.of("tone"))
    whole = Build(book, Target(tmp_path / "whole.m4b"), sonca, cast).run()
    made = 0
    for stop_at in (20, 50, 90):
        builds: list[Build] = []
        reached = threading.Event()

        def watch(progress, limit=stop_at - made, builds=builds, reached=reached):  # type: ignore[no-untyped-def]
            if progress.utterances >= limit:
                builds[0].stop()
                reached.set()

        builds.append(Build(book, Target(tmp_path / "a.m4b"), sonca, cast, on_progress=watch))
        with pytest.raises(Cancelled):
            builds[0].run()
        made = _journaled(tmp_path / "a.m4b.build")
        assert reached.is_set()
    report = Build(book, Target(tmp_path / "a.m4b"), sonca, cast).run()
    assert report.utterances == whole.utterances - made
    for kind in ("m4b", "srt", "vtt", "lrc", "json"):
        a, b = (tmp_path / f"{name}.{kind}" for name in ("a", "whole"))
        assert a.read_bytes() == b.read_bytes(), kind


def test_what_an_older_version_began_is_found(tmp_path: Path) -> None:
    """Parts are named by a hash of what decides their sound: these are those since its peaks are
    at most -3 dB."""

    def watch(progress: Progress) -> None:
        if progress.phase == "joining":
            raise KeyboardInterrupt

    path = write_book(tmp_path)
    target = Target(tmp_path / "a.m4b")
    cast = one_voice(Role("low"))
    with Sonca("tone", loudness_lufs=-20.0) as sonca, pytest.raises(KeyboardInterrupt):
        words = Lexicon.parse("Quyên\tkhuyên", "tsv")
        Build(read_book(path), target, sonca, cast, lexicon=words, on_progress=watch).run()
    made = {path.stem for path in target.build_dir.glob("*.m4a")}
    assert made == {"00001-5c8be67e3178ce26", "00002-a1d27c1e39444157"}


def _journaled(folder: Path) -> int:
    """Utterances that a build's folder holds."""
    count = 0
    for path in folder.glob("*.log"):
        log = journal.ChapterLog(path)
        count += sum(len(entries) for entries in log.records.values())
        log.close()
    for path in folder.glob("*.json"):
        if path.name != "build.json" and path.with_suffix(".m4a").exists():
            count += len(path.read_text("utf-8").strip().split("\n")) - 1
    return count


@pytest.mark.slow
def test_an_edited_book_costs_what_was_edited(tmp_path: Path) -> None:
    with Sonca("tone", cache=ChunkCache(tmp_path / "cache", quota_bytes=1 << 30)) as sonca:
        path = write_book(tmp_path, STORY.read_text("utf-8"))
        build(sonca, path, tmp_path / "a.m4b")
    with Sonca("tone", cache=ChunkCache(tmp_path / "cache", quota_bytes=1 << 30)) as sonca:
        text = path.read_text("utf-8").replace("Bây giờ chỉ còn một.", "Bây giờ chỉ còn một chiếc.")
        write_book(tmp_path, text)
        build(sonca, path, tmp_path / "a.m4b", force=True)
        stats = sonca.load().stats
    assert stats.utterances <= 3  # the sentence, and what the cache had no time to keep
    assert stats.reused > 150


def test_a_log_cut_anywhere_opens_at_its_last_whole_record(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    log = journal.ChapterLog(path)
    record = journal.UtteranceRecord(0, (0, 5), 16_000, 0.3, ((0.0, 0, 5),), 1.0, 2, None)
    ends = [0]
    for number in range(3):
        samples = np.full(100 * (number + 1), 0.25, np.float32)
        log.append(record, samples)
        ends.append(path.stat().st_size)
    log.close()
    data = path.read_bytes()
    for size in range(0, len(data) + 1, 7):
        path.write_bytes(data[:size])
        log = journal.ChapterLog(path)
        whole = sum(end <= size for end in ends[1:])
        assert len(log.records.get(0, [])) == whole
        assert path.stat().st_size == ends[whole]
        log.append(record, np.full(7, -0.5, np.float32))
        entries = log.records[0]
        assert np.allclose(log.sound(entries[-1]), -0.5, atol=1e-4)
        log.close()


def test_a_log_with_a_changed_byte_ends_before_it(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    log = journal.ChapterLog(path)
    record = journal.UtteranceRecord(0, (0, 5), 16_000, 0.3, (), 1.0, 2, None)
    for _ in range(2):
        log.append(record, np.zeros(50, np.float32))
    log.close()
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(bytes(data))
    log = journal.ChapterLog(path)
    assert len(log.records[0]) == 1
    log.close()


def test_a_work_folder_of_the_users_keeps_what_is_his(sonca: Sonca, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "more").mkdir(parents=True)
    (mine / "notes.txt").write_text("giữ", encoding="utf-8")
    path = tmp_path / "a.txt"
    path.write_text("Xin chào.", encoding="utf-8")
    target = Target(tmp_path / "a.m4b", work_dir=mine)
    Build(read_book(path), target, sonca, one_voice(Role())).run()
    assert target.path.exists()
    assert sorted(each.name for each in mine.iterdir()) == ["more", "notes.txt"]
