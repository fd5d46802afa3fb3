"""Nothing that a person wrote or set is replaced without a way back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.book.book_helpers import STORY
from tests.browser.page_helpers import Shelf, book, drop

UNDO = "#text-notice [data-way=undo]"
REDO = "#text-notice [data-way=redo]"
MINE = "Bài tôi viết cả buổi sáng."
OTHER = "Nội dung của tệp vừa thả.\nDòng hai.".encode()
SHOWN = OTHER.decode()
AWAY = "about:blank"


def text_is(page: Any, text: str) -> None:
    page.wait_for_function("(text) => document.querySelector('#text').value === text", arg=text)


# The text


def test_a_file_dropped_on_the_books_tab_is_a_book(visit: Any) -> None:
    page = visit().page
    page.fill("#text", MINE)
    page.click("[data-view-tab=books]")
    drop(page, "truyen.txt", STORY.read_bytes(), "body")
    page.locator("#book-plan").wait_for(state="visible")
    assert page.input_value("#book-title") == "NGỌN ĐÈN Ở BẾN LẠC"
    page.click("[data-view-tab=text]")
    assert page.input_value("#text") == MINE
    drop(page, "khac.txt", OTHER, "body")
    text_is(page, SHOWN)
    assert page.input_value("#book-title") == "NGỌN ĐÈN Ở BẾN LẠC"


def test_a_book_dropped_on_the_text_is_shown_its_way(visit: Any) -> None:
    page = (seen := visit()).page
    page.fill("#text", MINE)
    drop(page, "truyen.epub", b"PK\x03\x04")
    assert "thẻ Sách nói" in seen.error("text")
    assert page.input_value("#text") == MINE


def test_a_text_that_a_file_replaced_comes_back(visit: Any) -> None:
    page = visit().page
    page.clock.install()
    page.fill("#text", MINE)
    drop(page, "a.txt", OTHER)
    text_is(page, SHOWN)
    assert "“a.txt”" in page.inner_text("#text-notice")
    assert "“a.txt”" in page.inner_text("#said")  # for a screen reader
    page.clock.run_for(9_000)
    page.type("#text", "x")
    page.clock.run_for(60_000)
    assert page.locator(UNDO).is_visible()  # nobody has to hurry
    page.focus(UNDO)
    page.keyboard.press("Enter")
    assert page.input_value("#text") == MINE
    assert page.evaluate("document.activeElement.dataset.way") == "redo"
    page.keyboard.press("Enter")
    assert page.input_value("#text") == "x" + SHOWN or page.input_value("#text") == SHOWN + "x"
    page.clock.run_for(11_000)
    page.type("#text", "y")
    assert page.locator("#text-notice").is_hidden()  # out of the way of who goes on


def test_the_keyboard_undoes_what_replaced_the_text(visit: Any) -> None:
    page = visit().page
    page.fill("#text", MINE)
    drop(page, "a.txt", OTHER)
    text_is(page, SHOWN)
    page.focus("#text")
    page.keyboard.press("End")
    page.keyboard.type("abc")
    for _ in range(10):
        if page.input_value("#text") == MINE:
            break
        page.keyboard.press("Control+z")
    assert page.input_value("#text") == MINE
    page.keyboard.press("Control+Shift+z")
    assert page.input_value("#text") == SHOWN
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+y")
    assert page.input_value("#text") == SHOWN


def test_several_files_in_a_row_come_back_one_by_one_and_after_a_reload(visit: Any) -> None:
    page = (seen := visit()).page
    page.fill("#text", MINE)
    for name in ("một", "hai"):
        drop(page, f"{name}.txt", name.encode())
        text_is(page, name)
    page.click(UNDO)
    assert page.input_value("#text") == "một"
    drop(page, "ba.txt", b"ba")  # what was undone stays in reach
    text_is(page, "ba")
    seen.open()
    assert page.input_value("#text") == "ba"
    found = []
    while page.locator(UNDO).is_visible():
        page.click(UNDO)
        found.append(page.input_value("#text"))
    assert set(found) >= {"một", "hai", MINE}


def test_a_text_is_opened_by_the_button_with_a_way_back(visit: Any) -> None:
    page = visit().page
    page.fill("#text", MINE)
    page.set_input_files("#file", {"name": "b.txt", "mimeType": "text/plain", "buffer": b"xin"})
    text_is(page, "xin")
    page.click(UNDO)
    assert page.input_value("#text") == MINE
    page.click("#clear")
    page.keyboard.type("a")  # the way back is not lost by going on
    page.click(UNDO)
    assert page.input_value("#text") == MINE


def test_another_tab_of_the_browser_takes_no_text_away(visit: Any) -> None:
    first = (seen := visit()).page
    first.fill("#text", "Một: bản đầu.")
    first.wait_for_function("() => localStorage['sonca.text'] === 'Một: bản đầu.'")
    second = first.context.new_page()
    second.goto(seen.server.url)
    text_is(second, "Một: bản đầu.")
    second.fill("#text", "Hai: bài khác hẳn.")
    second.wait_for_function("() => localStorage['sonca.text'].startsWith('Hai')")
    first.reload()  # its own text stays, though the other has written last
    text_is(first, "Một: bản đầu.")
    first.fill("#text", "Một: bản sau.")
    second.goto(AWAY)
    second.close()
    first.goto(AWAY)
    third = first.context.new_page()
    third.goto(seen.server.url)
    text_is(third, "Một: bản sau.")
    assert "thẻ" in third.inner_text("#text-notice")
    third.click(UNDO)
    assert third.input_value("#text") == "Hai: bài khác hẳn."
    third.reload()
    text_is(third, "Hai: bài khác hẳn.")
    third.click(REDO)
    assert third.input_value("#text") == "Một: bản sau."


def test_a_tab_that_is_only_closed_writes_nothing_over(visit: Any) -> None:
    first = (seen := visit()).page
    first.fill("#text", "Cũ.")
    first.wait_for_function("() => localStorage['sonca.text'] === 'Cũ.'")
    second = first.context.new_page()
    second.goto(seen.server.url)
    second.fill("#text", "Mới.")
    second.goto(AWAY)
    first.goto(AWAY)
    third = first.context.new_page()
    third.goto(seen.server.url)
    text_is(third, "Mới.")
    third.click(UNDO)
    assert third.input_value("#text") == "Cũ."


def test_a_text_that_the_browser_cannot_keep_is_not_left_without_a_question(visit: Any) -> None:
    page = visit().page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("#text", MINE)
    page.reload()
    assert not asked
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
    page.fill("#text", MINE + " Và thêm.")
    page.reload()
    assert asked == ["beforeunload"]


# The book that is being prepared


def prepare(page: Any) -> None:
    page.click("[data-view-tab=books]")
    drop(page, "truyen.txt", STORY.read_bytes(), "#books")
    page.locator("#book-plan").wait_for(state="visible")
    page.fill("#book-title", "Bến của tôi")
    page.fill("#book-author", "Tôi")
    page.select_option("#book-format", "opus")
    page.select_option("[data-person='Quyên']", "central-male")


def assert_mine(page: Any) -> None:
    assert page.input_value("#book-title") == "Bến của tôi"
    assert page.input_value("#book-author") == "Tôi"
    assert page.input_value("#book-format") == "opus"
    assert page.input_value("[data-person='Quyên']") == "central-male"


def test_another_book_leaves_a_way_back_to_the_edited_one(visit: Any) -> None:
    page = (seen := visit()).page
    prepare(page)
    page.click("[data-language=en]")
    page.click("[data-language=vi]")
    assert_mine(page)  # a language is no reason to lose a cast
    drop(page, "anh.png", b"\x89PNG", "#books")
    assert "không phải tệp sách" in seen.error("book")
    assert_mine(page)
    drop(page, "khac.txt", "Chương 1\n\nXin chào.".encode(), "#books")
    notice = page.locator("#plan-notice")
    notice.wait_for()
    assert "“Bến của tôi”" in notice.inner_text()
    assert page.input_value("#book-title") != "Bến của tôi"
    notice.locator("[data-way=undo]").click()
    assert_mine(page)
    page.click("#book-forget")
    assert page.locator("#book-plan").is_hidden()
    assert page.evaluate("document.activeElement.dataset.way") == "undo"
    page.keyboard.press("Enter")
    assert_mine(page)


def test_an_edited_cast_is_not_left_without_a_question(visit: Any) -> None:
    page = visit().page
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    prepare(page)
    page.reload()
    assert asked == ["beforeunload"]


def test_a_book_is_made_once_and_says_nothing_of_its_expiry(visit: Any) -> None:
    page = visit().page
    shelf = Shelf(page)
    sent = []

    def made(route: Any) -> None:
        if route.request.method != "POST":
            return route.fallback()
        sent.append(route.request.post_data_buffer)
        shelf.books = [book("1")]
        return route.fulfill(status=202, json=book("1"))

    page.route("**/v1/jobs", made)
    prepare(page)
    page.evaluate("() => { for (const _ of [1, 2]) document.querySelector('#book-begin').click() }")
    page.locator(".book-job").wait_for()
    assert len(sent) == 1
    assert b"Quy" in sent[0] and b"expiry" not in sent[0]
    assert page.locator("#book-plan").is_hidden()


# Until when a book is kept


@pytest.mark.parametrize("form", ["seconds", "text"])
def test_a_card_says_until_when_a_book_is_kept(visit: Any, form: str) -> None:
    page = visit(timezone_id="Asia/Ho_Chi_Minh").page
    page.clock.set_fixed_time("2025-11-28T03:00:00Z")
    times = {
        "1": ("2025-11-29T07:05:00Z", 1764399900),
        "2": ("2025-11-28T16:30:00Z", 1764347400),
        "3": ("2026-01-02T01:00:00Z", 1767315600),
    }
    until = {id: pair[0 if form == "text" else 1] for id, pair in times.items()}
    Shelf(
        page,
        *[book(id, expires_at=at) for id, at in until.items()],
        book("4"),
        book("5", state="failed", error="x", chapters_ready=0, expires_at=until["1"]),
    )
    page.click("[data-view-tab=books]")
    kept = page.locator("[data-kept]")
    kept.nth(4).wait_for(state="attached")
    assert kept.all_inner_texts() == [
        "Giữ đến 14:05 ngày 29/11",
        "Giữ đến 23:30 hôm nay",
        "Giữ đến 08:00 ngày 2/1/2026",
        "Giữ cho đến khi bạn xoá",
        "",
    ]
    page.click("[data-language=en]")
    assert kept.all_inner_texts()[:4] == [
        "Kept until 14:05 on November 29",
        "Kept until 23:30 today",
        "Kept until 08:00 on January 2, 2026",
        "Kept until you delete it",
    ]


# Errors by their cause

BUSY = {
    "queue_full": (429, "đang bận. Hãy thử lại sau 7 giây"),
    "too_many_requests": (429, "đang bận. Hãy thử lại sau 7 giây"),
    "too_many_books": (429, "đợi một cuốn xong hoặc xoá bớt"),
    "too_many_kept_books": (429, "xoá bớt sách"),
    "too_many_plans": (429, "thử lại sau 7 giây"),
    "some_new_limit": (429, "đang bận. Hãy thử lại sau 7 giây"),
    "shutting_down": (503, "sắp tắt nên không nhận thêm việc. Hãy thử lại sau 7 giây"),
    "some_new_reason": (503, "chưa sẵn sàng"),
    "storage_full": (507, "hết chỗ chứa"),
}


def refusal(code: str, status: int) -> dict[str, Any]:
    error = {"message": f"in English: {code}", "code": code, "param": None}
    return {"status": status, "json": {"error": error}, "headers": {"retry-after": "7"}}


def test_each_cause_of_a_refusal_has_its_words(visit: Any) -> None:
    page = (seen := visit()).page
    seen.expected.append("status of ")
    answer: dict[str, Any] = {}
    for path in ("**/v1/jobs/plan", "**/v1/audio/speech"):
        page.route(path, lambda route: route.fulfill(**answer))
    page.click("[data-view-tab=books]")
    for code, (status, told) in BUSY.items():
        answer = refusal(code, status)
        page.evaluate("() => { document.querySelector('#book-error').hidden = true; }")
        drop(page, "a.txt", b"Xin", "#books")
        shown = seen.error("book")
        assert told in shown and "English" not in shown, code
    page.click("[data-view-tab=text]")
    for code, (status, told) in BUSY.items():
        answer = refusal(code, status)
        page.click("#speak")
        assert told in seen.error("player"), code


def test_what_only_the_server_can_tell_is_told_with_a_word_before(visit: Any) -> None:
    page = (seen := visit()).page
    seen.expected.append("status of ")
    page.click("[data-view-tab=books]")
    answer = refusal("invalid_value", 400)
    page.route("**/v1/jobs/plan", lambda route: route.fulfill(**answer))
    drop(page, "a.txt", b"Xin", "#books")
    assert seen.error("book") == "Máy chủ báo lỗi:\nin English: invalid_value"
