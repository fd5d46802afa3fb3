"""Books over HTTP: built in the background, through restarts, each owner's own."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sonca.book.options import BookOptions
from sonca.engines import tone
from sonca.server.jobs import MAX_ACTIVE
from sonca.server.jobs.schemas import JobBody
from sonca.store.job_records import JobRecord, JobRecords
from tests.book.book_files import epub_parts, pack
from tests.book.book_helpers import SHORT, STORY, listen

from .conftest import WAIT_S, Live, running, wait_until

LONG = SHORT + "\n\n".join(["Mưa rơi."] * 20) + "\n\nLặng yên. Hết."


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with running(tmp_path / "data") as live:
        yield live


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Holds the engine before a sentence near the end of `LONG` until it is set."""
    event = threading.Event()
    speak = tone.ToneEngine.synthesize

    def waiting(self, utterance, voice, options):  # type: ignore[no-untyped-def]
        if "Lặng" in utterance.original:
            event.wait(WAIT_S)
        yield from speak(self, utterance, voice, options)

    monkeypatch.setattr(tone.ToneEngine, "synthesize", waiting)
    yield event
    event.set()


def start(live: Live, text: str = SHORT, **fields: Any) -> dict[str, Any]:
    answer = live.http.post("/v1/jobs", json={"text": text, **fields})
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{job['id']}"
    return job


def job(live: Live, id: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = live.http.get(f"/v1/jobs/{id}", **options).json()
    return found


def finished(live: Live, id: str) -> dict[str, Any]:
    wait_until(lambda: job(live, id)["state"] not in ("queued", "running"), "the job's end")
    return job(live, id)


def test_a_text_becomes_an_m4b(live: Live, tmp_path: Path) -> None:
    begun = start(live, cast="auto", title="Sông", author="Nguyễn A")
    assert begun["state"] in ("queued", "running")
    done = finished(live, begun["id"])
    assert done["state"] == "done" and done["error"] is None and done["problems"] == []
    assert done["recipes"][""].startswith("engine=tone/")  # how the narrator was made
    assert done["expires_at"] is None, "kept until it is deleted"
    answer = live.http.get(done["audio"])
    assert answer.headers["content-type"] == "audio/mp4"
    (tmp_path / "a.m4b").write_bytes(answer.content)
    sound = listen(tmp_path / "a.m4b")
    assert [title for title, _, _ in sound.marks] == ["Chương 1: Sáng", "Chương 2: Chiều"]
    assert sound.tags["title"] == "Sông" and sound.tags["artist"] == "Nguyễn A"
    part = live.http.get(done["audio"], headers={"range": "bytes=4-11"})
    assert part.status_code == 206 and part.content == answer.content[4:12]
    spans = live.http.get(f"/v1/jobs/{done['id']}/captions?kind=json").json()["spans"]
    assert {s.get("speaker") for s in spans} == {None, "Thoại", "Quyên"}
    assert "-->" in live.http.get(f"/v1/jobs/{done['id']}/captions").text


def test_a_file_becomes_a_file_a_chapter(live: Live, tmp_path: Path) -> None:
    path = pack(tmp_path / "Bến Lạc.epub", epub_parts())
    with path.open("rb") as file:
        answer = live.http.post(
            "/v1/jobs", files={"file": (path.name, file)}, data={"format": "mp3", "speed": "2"}
        )
    done = finished(live, answer.json()["id"])
    assert done["state"] == "done" and done["audio"] is None
    assert [c["title"] for c in done["chapters"]] == ["Người lái đò", "Căn nhà", "Chuyến đò"]
    for chapter in done["chapters"]:
        (tmp_path / "c.mp3").write_bytes(live.http.get(chapter["audio"]).content)
        sound = listen(tmp_path / "c.mp3")
        assert len(sound.samples) / sound.rate_hz == pytest.approx(chapter["duration_s"], abs=0.2)
    assert live.http.get(f"/v1/jobs/{done['id']}/audio").status_code == 400
    captions = f"/v1/jobs/{done['id']}/captions"
    assert live.http.get(captions).status_code == 400
    assert "Căn nhà" in live.http.get(f"{captions}?kind=vtt&chapter=2").text
    assert live.http.get(f"{captions}?chapter=4").status_code == 404
    archive = live.http.get(done["archive"])
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as files:
        assert files.testzip() is None
        names = files.namelist()
    assert sum(name.endswith(".mp3") for name in names) == 3
    assert {"cover.png", "01 Người lái đò.srt", "03 Chuyến đò.json"} <= set(names)


def test_a_book_becomes_an_epub_to_read_along(live: Live) -> None:
    said = {"narrator": "Đọc", "year": 1990, "series": "Bộ", "part": "2", "words": True}
    done = finished(live, start(live, format="epub", title="Sông", **said)["id"])
    answer = live.http.get(done["audio"])
    assert answer.headers["content-type"] == "application/epub+zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        package = book.read("EPUB/package.opf").decode()
    assert '<meta property="media:narrator">Đọc</meta>' in package
    assert live.http.get(f"/v1/jobs/{done['id']}/captions").status_code == 400
    with zipfile.ZipFile(io.BytesIO(live.http.get(done["archive"]).content)) as files:
        assert files.namelist() == ["Sông.epub"]


def test_the_archive_of_an_m4b_has_its_captions_and_comes_at_the_end(
    live: Live, gate: threading.Event
) -> None:
    id = start(live, LONG, title="Sông")["id"]
    assert live.http.get(f"/v1/jobs/{id}/archive").status_code == 404
    gate.set()
    done = finished(live, id)
    with zipfile.ZipFile(io.BytesIO(live.http.get(done["archive"]).content)) as files:
        assert files.namelist() == [f"Sông.{kind}" for kind in ("m4b", "srt", "vtt", "lrc", "json")]


def test_a_finished_chapter_can_be_heard_before_the_book_is_done(
    live: Live, gate: threading.Event, tmp_path: Path
) -> None:
    id = start(live, LONG)["id"]
    wait_until(lambda: job(live, id)["chapters_ready"] == 1, "the first chapter")
    found = job(live, id)
    assert found["state"] == "running"
    assert found["chapters"][1]["audio"] is None
    (tmp_path / "c.m4a").write_bytes(live.http.get(found["chapters"][0]["audio"]).content)
    assert listen(tmp_path / "c.m4a").samples.max() > 0.1
    assert live.http.get(f"/v1/jobs/{id}/audio").status_code == 404
    assert live.http.get(f"/v1/jobs/{id}/audio?chapter=2").status_code == 404
    gate.set()
    assert finished(live, id)["chapters_ready"] == 2


@pytest.mark.slow
def test_progress_comes_as_events_until_the_end(live: Live, gate: threading.Event) -> None:
    id = start(live, LONG)["id"]
    states, opened = [], False
    with live.http.stream("GET", f"/v1/jobs/{id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("data:"):
                event = json.loads(line[5:])
                assert event["type"] == "job.progress"
                states.append(event["job"]["state"])
                if event["job"]["chapters_ready"] == 1 and not opened:
                    opened = True
                    gate.set()
    assert opened and states[-1] == "done" and "running" in states


def test_deleting_cancels_and_leaves_nothing(live: Live, gate: threading.Event) -> None:
    id = start(live, LONG)["id"]
    wait_until(lambda: job(live, id)["chapters_ready"] == 1, "the first chapter")
    assert live.http.delete(f"/v1/jobs/{id}").json()["deleted"]
    assert live.http.get(f"/v1/jobs/{id}").status_code == 404
    gate.set()
    wait_until(lambda: not (live.data_dir / "jobs" / id).exists(), "the folder's end")
    wait_until(lambda: live.stats.depth["bulk"] == 0, "the engine's line")
    assert live.http.get("/v1/jobs").json()["data"] == []
    assert live.http.delete(f"/v1/jobs/{id}").status_code == 404


@pytest.mark.slow
def test_a_job_goes_on_after_a_restart(tmp_path: Path, gate: threading.Event) -> None:
    data = tmp_path / "data"
    with running(data) as live:
        id = start(live, LONG)["id"]
        wait_until(lambda: job(live, id)["chapters_ready"] == 1, "the first chapter")
        threading.Timer(0.3, gate.set).start()  # a sentence that is being made is waited for
    assert JobRecords(data / "jobs" / "jobs.sqlite3").get(id) is not None
    gate.set()
    with running(data) as live:
        assert finished(live, id)["state"] == "done"
        assert live.http.get(f"/v1/jobs/{id}/audio").status_code == 200
        made = live.stats.utterances
    with running(tmp_path / "other") as live:
        assert finished(live, start(live, LONG)["id"])["state"] == "done"
        assert made < live.stats.utterances  # its first chapter was there


def test_what_was_running_when_the_process_died_waits_again(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite3"
    records = JobRecords(path)
    records.add(JobRecord("a", "", "queued", 1.0, None, "{}", "{}"))
    taken = records.take()
    assert taken is not None and taken.state == "running" and records.take() is None
    records.close()
    again = JobRecords(path)
    found = again.take()
    assert found is not None and found.id == "a"
    assert again.end("a", "done", "{}", 5.0) and not again.end("a", "done", "{}", 5.0)
    assert [r.id for r in again.expired(5.0)] == ["a"]
    again.close()


def test_the_next_job_is_of_who_has_fewest_running(tmp_path: Path) -> None:
    records = JobRecords(tmp_path / "jobs.sqlite3")
    for id, owner, at in (("a", "x", 1.0), ("b", "x", 2.0), ("c", "y", 3.0)):
        records.add(JobRecord(id, owner, "queued", at, None, "{}", "{}"))
    taken = [records.take() for _ in range(3)]
    assert [record.id for record in taken if record] == ["a", "c", "b"]
    records.close()


def test_an_owner_has_a_limit_and_only_their_own(tmp_path: Path, gate: threading.Event) -> None:
    with running(tmp_path / "data", api_keys="khoa-mot,khoa-hai") as live:
        keys = [{"authorization": f"Bearer khoa-{n}"} for n in ("mot", "hai")]

        def post(headers: dict[str, str]) -> httpx.Response:
            return live.http.post("/v1/jobs", json={"text": "Lặng gió."}, headers=headers)

        assert live.http.post("/v1/jobs", json={"text": "Gió."}).status_code == 401
        answers = [post(keys[0]) for _ in range(MAX_ACTIVE + 1)]
        assert [a.status_code for a in answers] == [202] * MAX_ACTIVE + [429]
        assert int(answers[-1].headers["retry-after"]) > 0
        other = post(keys[1])
        assert other.status_code == 202
        id = answers[0].json()["id"]
        for path in ("", "/events", "/audio", "/captions"):
            assert live.http.get(f"/v1/jobs/{id}{path}", headers=keys[1]).status_code == 404
        assert live.http.delete(f"/v1/jobs/{id}", headers=keys[1]).status_code == 404
        listed = live.http.get("/v1/jobs", headers=keys[1]).json()["data"]
        assert [each["id"] for each in listed] == [other.json()["id"]]
        gate.set()


@pytest.mark.slow
def test_a_job_expires_as_audio_does(live: Live) -> None:
    id = start(live, expiry_hours=0.0002)["id"]
    wait_until(lambda: live.http.get(f"/v1/jobs/{id}").status_code == 404, "the expiry")
    live.server.services.jobs.sweep()
    assert not (live.data_dir / "jobs" / id).exists()


def test_a_plan_shows_chapters_and_a_cast_that_can_be_sent_back(live: Live) -> None:
    text = STORY.read_text(encoding="utf-8")
    plan = live.http.post("/v1/jobs/plan", json={"text": text}).json()
    assert len(plan["chapters"]) == 3 and plan["unspoken"]
    assert [c["name"] for c in plan["cast"]][:2] == ["Thoại", "Quyên"]
    assert list((live.data_dir / "jobs").glob("*/")) == []
    cast = plan["cast_toml"].replace('gender = "male"', 'gender = ""')
    assert start(live, text, cast=cast)["state"] in ("queued", "running")


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"text": ""}, 400, "text"),
        ({"text": "***"}, 400, "spoken|read"),
        ({}, 400, "text"),
        ({"text": "Chào.", "voice": "nobody"}, 400, "nobody"),
        ({"text": "Chào.", "cast": "[narrator"}, 400, "cast"),
        ({"text": "Chào.", "cast": '[narrator]\nvoice="nobody"'}, 400, "nobody"),
        ({"text": "Chào.", "cast": "auto", "voice": "tone-f"}, 400, "cast"),
        ({"text": "Chào.", "lexicon": "one two"}, 400, "lexicon"),
        ({"text": "Chào.", "format": "exe"}, 400, "format"),
        ({"text": "Chào.", "speed": 9}, 400, "speed"),
        ({"text": "Chào.", "expiry_hours": -1}, 400, "expiry"),
        ([], 400, "dictionary"),
    ],
)
@pytest.mark.slow
def test_what_cannot_be_is_refused_at_once(live: Live, body: Any, status: int, word: str) -> None:
    import re

    answer = live.http.post("/v1/jobs", json=body)
    assert answer.status_code == status, answer.text
    assert re.search(word, answer.json()["error"]["message"])
    assert not [p for p in (live.data_dir / "jobs").iterdir() if p.is_dir()]


def test_uploads_that_are_no_books(live: Live) -> None:
    def post(name: str, data: bytes) -> httpx.Response:
        return live.http.post("/v1/jobs", files={"file": (name, data)})

    assert post("a.exe", b"MZ").status_code == 400
    assert post("../../a.epub", b"PK").status_code == 400
    assert post("a.epub", b"").status_code == 400
    assert live.http.post("/v1/jobs", data={"format": "mp3"}).status_code == 400
    assert (
        live.http.post("/v1/jobs", content=b"\xff\xfe", headers={"content-type": "x"}).status_code
        == 400
    )
    assert not [p for p in (live.data_dir / "jobs").iterdir() if p.is_dir()]


@pytest.mark.parametrize("id", ["x", "..", "%2e%2e%2fjobs", "a" * 22, "A" * 500])
def test_ids_that_are_none(live: Live, id: str) -> None:
    for path in ("", "/events", "/audio", "/captions"):
        assert live.http.get(f"/v1/jobs/{id}{path}").status_code == 404


def test_an_engine_that_fails_ends_the_job_with_words(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(self, utterance, voice, options):  # type: ignore[no-untyped-def]
        raise ValueError("no")
        yield

    monkeypatch.setattr(tone.ToneEngine, "synthesize", failing)
    done = finished(live, start(live, "Một câu.")["id"])
    assert done["state"] == "done"
    assert [p["reason"] for p in done["problems"]] == ["failed"]


def test_a_book_has_readings_of_its_own(live: Live) -> None:
    """By JSON and by form; a reading of ten words takes longer than one of one."""
    reading = "một hai ba bốn năm sáu bảy tám chín mười"
    plain = finished(live, start(live, "Gặp Zyx.")["id"])
    said = finished(live, start(live, "Gặp Zyx.", lexicon=f"Zyx\t{reading}\n")["id"])
    toml = f'[words]\n"Zyx" = "{reading}"\n'
    answer = live.http.post(
        "/v1/jobs",
        files={"file": ("a.txt", "Gặp Zyx.".encode())},
        data={"lexicon": toml, "lexicon_format": "toml"},
    )
    formed = finished(live, answer.json()["id"])
    assert said["duration_s"] > plain["duration_s"] + 0.5
    assert formed["duration_s"] == said["duration_s"]


def test_books_count_in_the_storage_quota(tmp_path: Path, gate: threading.Event) -> None:
    """Half of the quota is for books: more is refused, room comes back with a deletion, after a
    restart what is kept counts as before."""
    with running(tmp_path / "data", storage_quota_bytes=1 << 20) as live:
        store = live.server.services.audio
        first = start(live, LONG)["id"]
        held = store.stats().claimed
        assert len(LONG) * 600 < held < 1 << 19
        refused = live.http.post("/v1/jobs", json={"text": LONG})
        assert refused.status_code == 507
        assert "delete jobs" in refused.json()["error"]["message"]
        gate.set()
        finished(live, first)
        folder = live.data_dir / "jobs" / first
        files = {p.stat().st_ino: p.stat().st_size for p in folder.rglob("*") if p.is_file()}
        wait_until(lambda: store.stats().claimed == sum(files.values()), "the true size")
        kept = store.stats().claimed
    with running(tmp_path / "data", storage_quota_bytes=1 << 20) as live:
        store = live.server.services.audio
        assert store.stats().claimed == kept
        live.http.delete(f"/v1/jobs/{first}")
        assert store.stats().claimed == 0
        assert start(live, LONG)["state"] in ("queued", "running")


def test_chapters_are_chosen(live: Live) -> None:
    text = "Chương 1\n\nMưa.\n\nChương 2\n\nGió.\n\nChương 3\n\nHết."
    asked = {"text": text, "skip": "2", "only": "1-2"}
    plan = live.http.post("/v1/jobs/plan", json=asked).json()
    assert [chapter["title"] for chapter in plan["chapters"]] == ["Chương 1"]
    assert plan["chapters_by"] == "lines"
    made = finished(live, start(live, **asked)["id"])
    assert [chapter["title"] for chapter in made["chapters"]] == ["Chương 1"]


@pytest.mark.parametrize("fields", [{"skip": "9"}, {"only": "Bão"}, {"skip": "1-"}])
def test_chapters_that_are_not_there_are_refused(live: Live, fields: dict[str, str]) -> None:
    answer = live.http.post("/v1/jobs/plan", json={"text": "Mưa.", **fields})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] in fields


def test_every_option_of_a_book_can_be_given_to_a_job() -> None:
    given = JobBody(
        text="x", chapters="toc", skip="1", only="2", front=True, notes="chapter", ocr=True
    )
    assert given.book_options() == BookOptions("toc", "1", "2", True, "chapter", True)
