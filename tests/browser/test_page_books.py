"""The Books tab: a file dropped, its chapters and cast seen, built, heard and kept."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.book.book_files import epub_parts, pack
from tests.book.book_helpers import STORY, listen
from tests.browser.page_helpers import drop
from tests.server.conftest import wait_until


def shot(page: Any, name: str) -> None:
    """A picture to look at, where `SHOTS` names a folder."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=f"{os.environ['SHOTS']}/{name}.png", full_page=True)


def open_books(visit: Any, *args: Any, **context: Any) -> Any:
    page = visit(*args, **context).page
    page.click("[data-view-tab=books]")
    page.locator("#books").wait_for(state="visible")
    return page


def plan(page: Any, path: Path) -> None:
    drop(page, path.name, path.read_bytes(), "#book-drop")
    page.locator("#book-plan").wait_for(state="visible")


DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}


@pytest.mark.parametrize("color", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_story_from_file_to_audiobook(
    visit: Any, tmp_path: Path, viewport: dict[str, int], color: str
) -> None:
    page = open_books(visit, color_scheme=color, viewport=viewport)
    look = f"{'phone' if viewport is PHONE else 'desktop'}-{color}"
    assert page.locator("main").is_hidden()
    shot(page, f"{look}-empty")
    plan(page, STORY)
    assert page.input_value("#book-title") == "NGỌN ĐÈN Ở BẾN LẠC"
    assert page.locator("#book-chapters li").count() == 3
    names = page.locator("#book-cast .name").all_inner_texts()
    assert names[:3] == ["Người kể", "Thoại", "Quyên"]
    assert "3 chương" in page.inner_text("#book-size")
    assert "dấu ngăn cảnh (3)" in page.inner_text("#book-unspoken")
    page.fill("#book-author", "Nguyễn A")
    page.select_option("[data-person='Quyên']", "south-female")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
    shot(page, f"{look}-plan")
    page.click("#book-begin")
    card = page.locator(".book-job").first
    card.wait_for()
    card.locator("summary").click()
    shot(page, f"{look}-building")
    save = card.locator("[data-save] .primary")
    save.wait_for(timeout=120_000)
    assert "Xong" in card.locator("[data-state-word]").inner_text()
    card.locator("[data-chapters] li button:enabled").nth(2).wait_for()
    card.locator("[data-chapters] li button").nth(1).click()
    page.wait_for_function("() => document.querySelector('#book-player').currentTime > 0.2")
    assert "Chương 2" in page.inner_text("#book-playing")
    shot(page, f"{look}-done")
    with page.expect_download() as download:
        save.click()
    download.value.save_as(tmp_path / "a.m4b")
    sound = listen(tmp_path / "a.m4b")
    assert len(sound.marks) == 3 and sound.tags["artist"] == "Nguyễn A"
    page.evaluate("() => document.querySelector('#book-player').pause()")
    card.locator("[data-delete]").click()
    card.locator("[data-way=undo]").wait_for()
    shot(page, f"{look}-deleted")
    url = f"{page.url.rstrip('/')}/v1/jobs"
    for each in httpx.get(url).json()["data"]:  # the next visit begins with none
        httpx.delete(f"{url}/{each['id']}")


def test_an_epub_as_a_file_a_chapter_in_english_on_a_phone(visit: Any, tmp_path: Path) -> None:
    path = pack(tmp_path / "bến.epub", epub_parts())
    page = open_books(visit, locale="en-GB", viewport={"width": 390, "height": 800})
    page.set_input_files("#book-file", path)
    page.locator("#book-plan").wait_for(state="visible")
    assert page.locator("#book-chapters .name").all_inner_texts() == [
        "Người lái đò",
        "Căn nhà",
        "Chuyến đò",
    ]
    assert "notes" in page.inner_text("#book-unspoken")
    page.select_option("#book-format", "mp3")
    shot(page, "books-phone-plan")
    overflow = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0
    page.click("#book-begin")
    card = page.locator(".book-job").first
    card.locator("[data-state-word]:has-text('Done')").wait_for(timeout=60_000)
    card.locator("summary").click()
    card.locator("[data-chapters] li button:enabled").nth(2).wait_for()
    with page.expect_download() as download:
        card.locator("[data-chapters] li").nth(1).locator("button").nth(1).click()
    assert download.value.suggested_filename == "Bến Lạc 002.mp3"
    shot(page, "books-phone-done")
    page.reload()
    page.click("[data-view-tab=books]")
    page.locator(".book-job [data-state-word]:has-text('Done')").first.wait_for()


def test_progress_is_seen_and_a_job_can_be_deleted(visit: Any, slow: Any) -> None:
    page = open_books(visit, slow)
    plan(page, STORY)
    page.click("#book-begin")
    card = page.locator(".book-job").first
    card.locator(".sentence:not(:empty)").wait_for()
    card.locator("[data-state-word]:has-text('%')").wait_for()
    shot(page, "books-progress")
    card.locator("[data-delete]").click()
    assert "Đã xoá “NGỌN ĐÈN Ở BẾN LẠC”." in card.inner_text()
    before = card.locator("progress").evaluate("(bar) => bar.value")
    page.wait_for_timeout(1_500)
    card.locator("[data-way=undo]").click()
    assert card.locator("[data-state-word]").is_visible()
    assert card.locator("progress").evaluate("(bar) => bar.value") > before  # it went on
    card.locator("[data-delete]").click()
    card.wait_for(state="detached")
    assert page.locator("#book-jobs-title").is_hidden()
    assert httpx.get(f"{slow.url}/v1/jobs").json()["data"] == []


def test_a_file_that_is_no_book_is_told_in_words(visit: Any, tmp_path: Path) -> None:
    start = visit()
    start.expected.append("400")
    page = start.page
    page.click("[data-view-tab=books]")
    (tmp_path / "a.epub").write_bytes(b"PK nothing")
    page.set_input_files("#book-file", tmp_path / "a.epub")
    box = page.locator("#book-error")
    box.wait_for(state="visible")
    assert "EPUB" in box.inner_text()
    assert page.locator("#book-plan").is_hidden()


def test_the_languages_change_in_place(visit: Any) -> None:
    page = open_books(visit)
    plan(page, STORY)
    page.click("[data-language=en]")
    assert page.inner_text("#book-begin") == "Make the audiobook"
    assert page.locator("#book-cast .name").first.inner_text() == "Narrator"
    page.click("[data-view-tab=text]")
    assert page.locator("main").is_visible() and page.locator("#books").is_hidden()


def test_chapters_can_be_left_out(visit: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "Chương 1\n\nÔng Tư kể.\n\nChương 2\n\nQuyên lên đò.\n\nChương 3\n\nMưa tạnh.\n",
        encoding="utf-8",
    )
    page = open_books(visit)
    plan(page, path)
    boxes = page.locator("#book-chapters input[type=checkbox]")
    assert boxes.count() == 3 and all(boxes.nth(i).is_checked() for i in range(3))
    boxes.nth(1).uncheck()
    shot(page, "left-out")
    with page.expect_response(lambda answer: answer.url.endswith("/v1/jobs")) as made:
        page.click("#book-begin")
    job = f"{page.url.rstrip('/')}/v1/jobs/{made.value.json()['id']}"
    wait_until(lambda: httpx.get(job).json()["state"] == "done", "the book")
    assert [c["title"] for c in httpx.get(job).json()["chapters"]] == ["Chương 1", "Chương 3"]
