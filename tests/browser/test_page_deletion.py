"""A book is deleted ten seconds after it was asked for, if nobody takes that back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.browser.page_helpers import Shelf, book

TEN_S = 10_000


def card(page: Any, id: str) -> Any:
    return page.locator(f"[data-job='{id}']")


def delete(page: Any, id: str) -> None:
    card(page, id).locator("[data-delete]").click()


def undo(page: Any, id: str) -> Any:
    return card(page, id).locator("[data-way=undo]")


def held(page: Any) -> str:
    """What has the focus."""
    return str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


@pytest.fixture
def books(visit: Any) -> Any:
    """The page with three books and a clock that the test moves: (visit, shelf)."""
    seen = visit()
    seen.page.clock.install()
    shelf = Shelf(seen.page, book("a"), book("b"), book("c"))
    seen.page.click("[data-view-tab=books]")
    card(seen.page, "c").wait_for()
    return seen, shelf


def settle(page: Any) -> None:
    """Let requests that are on their way arrive."""
    page.evaluate("async () => { await fetch('/livez').catch(() => {}); }")


def test_a_deletion_waits_and_can_be_taken_back(books: Any) -> None:
    page, shelf = books[0].page, books[1]
    delete(page, "b")
    assert "Đã xoá “Sách b”." in card(page, "b").inner_text()
    assert page.inner_text("#said") == "Đã xoá “Sách b”."
    assert card(page, "b").locator("[data-delete]").is_hidden()
    assert held(page) == "Hoàn tác xoá “Sách b”"
    page.clock.run_for(TEN_S - 500)
    page.keyboard.press("Enter")
    assert card(page, "b").locator("h3").is_visible()
    assert held(page) == "Xoá “Sách b”"
    page.clock.run_for(3 * TEN_S)
    settle(page)
    assert shelf.deleted == []


def test_each_of_several_deletions_has_its_own_way_back(books: Any) -> None:
    page, shelf = books[0].page, books[1]
    delete(page, "a")
    page.clock.run_for(4_000)
    delete(page, "b")
    delete(page, "c")
    undo(page, "b").click()
    undo(page, "c").focus()
    page.clock.run_for(TEN_S - 3_500)
    card(page, "a").wait_for(state="detached")
    assert shelf.deleted == ["a"]
    assert undo(page, "c").is_visible()
    page.clock.run_for(TEN_S)
    card(page, "c").wait_for(state="detached")
    assert shelf.deleted == ["a", "c"]
    assert held(page) == "Xoá “Sách b”"  # the focus has a place to be
    delete(page, "b")
    page.clock.run_for(TEN_S)
    card(page, "b").wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "book-choose"
    assert page.locator("#book-jobs-title").is_hidden()


def test_a_fresh_list_brings_nothing_back(books: Any) -> None:
    page, shelf = books[0].page, books[1]
    delete(page, "a")
    asked = shelf.asked
    page.click("[data-view-tab=text]")
    page.click("[data-view-tab=books]")
    while shelf.asked == asked:
        settle(page)
    settle(page)
    assert undo(page, "a").is_visible() and card(page, "a").locator("h3").is_hidden()
    before = list(shelf.books)
    page.clock.run_for(TEN_S)
    card(page, "a").wait_for(state="detached")
    shelf.books = before  # as a list would be that was made a moment before
    page.click("[data-view-tab=text]")
    page.click("[data-view-tab=books]")
    settle(page)
    assert card(page, "b").is_visible() and card(page, "a").count() == 0


def test_a_page_that_is_left_has_deleted_nothing(books: Any) -> None:
    page, shelf = books[0].page, books[1]
    delete(page, "a")
    page.clock.run_for(5_000)
    page.reload()
    page.click("[data-view-tab=books]")
    card(page, "a").locator("h3").wait_for()
    page.clock.run_for(3 * TEN_S)
    settle(page)
    assert shelf.deleted == []
    assert card(page, "a").locator("h3").is_visible()


def test_a_deletion_that_fails_brings_the_book_back(books: Any) -> None:
    seen, shelf = books
    page = seen.page
    seen.expected.append("status of 503")
    error = {"message": "no", "code": "shutting_down"}
    shelf.error = {"status": 503, "json": {"error": error}, "headers": {"retry-after": "5"}}
    delete(page, "a")
    page.clock.run_for(TEN_S)
    card(page, "a").locator(".error").wait_for()
    assert "Chưa xoá được. Máy chủ sắp tắt" in card(page, "a").inner_text()
    assert card(page, "a").locator("h3").is_visible()
    shelf.error = None
    delete(page, "a")
    assert card(page, "a").locator(".error").is_hidden()
    page.clock.run_for(TEN_S)
    card(page, "a").wait_for(state="detached")


def test_a_book_that_is_gone_already_is_deleted(books: Any) -> None:
    seen, shelf = books
    seen.expected.append("status of 404")
    shelf.error = {"status": 404, "json": {"error": {"message": "no", "code": "not_found"}}}
    delete(seen.page, "a")
    seen.page.clock.run_for(TEN_S)
    card(seen.page, "a").wait_for(state="detached")


def test_a_new_book_waits_for_the_room_of_one_that_is_being_deleted(books: Any) -> None:
    seen, shelf = books
    page = seen.page
    seen.expected.append("status of 429")
    error = {"message": "full", "code": "too_many_books"}

    def make(route: Any) -> None:
        if route.request.method != "POST":
            return route.fallback()
        if not shelf.deleted:
            return route.fulfill(status=429, json={"error": error})
        shelf.books = [book("d"), *shelf.books]
        return route.fulfill(status=202, json=book("d"))

    page.route("**/v1/jobs", make)
    text = {"name": "a.txt", "mimeType": "text/plain", "buffer": "Chương 1\n\nXin.".encode()}
    page.set_input_files("#book-file", text)
    page.locator("#book-plan").wait_for(state="visible")
    delete(page, "a")
    page.click("#book-begin")
    page.locator("#book-status:has-text('đợi xoá xong')").wait_for()
    assert page.locator("#book-error").is_hidden()
    page.clock.run_for(TEN_S)
    card(page, "a").wait_for(state="detached")
    page.clock.run_for(1_000)
    card(page, "d").wait_for()
    assert page.locator(".book-job").first.get_attribute("data-job") == "d"  # the newest first
