"""What several tests of the page do with files and books."""

from __future__ import annotations

from typing import Any

DROP = """([name, bytes, place]) => {
  const files = new DataTransfer();
  files.items.add(new File([new Uint8Array(bytes)], name));
  for (const kind of ["dragenter", "dragover", "drop"]) {
    document.querySelector(place).dispatchEvent(
      new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: files }));
  }
}"""


def drop(page: Any, name: str, data: bytes, place: str = "#text") -> None:
    """Drop a file as a person would, on an element."""
    page.evaluate(DROP, [name, list(data), place])


def book(id: str, **changes: Any) -> dict[str, Any]:
    """A job as the server tells it: a book that is done."""
    return {
        "id": id,
        "object": "job",
        "state": "done",
        "title": f"Sách {id}",
        "author": "",
        "format": "mp3",
        "created_at": 1,
        "expires_at": None,
        "chapters_ready": 1,
        "chapters_total": 1,
        "error": None,
        "duration_s": 12.0,
        "problems": [],
        "audio": None,
        "progress": None,
    } | changes


class Shelf:
    """A server's list of books, told by the test; counts what the page deletes."""

    def __init__(self, page: Any, *books: dict[str, Any]) -> None:
        self.books = list(books)
        self.deleted: list[str] = []
        self.asked = 0
        self.error: dict[str, Any] | None = None
        """Answered to a deletion, with `status`."""
        page.route("**/v1/jobs", self._list)
        page.route("**/v1/jobs/*", self._one)

    def _list(self, route: Any) -> None:
        if route.request.method != "GET":
            return route.fallback()
        self.asked += 1
        return route.fulfill(json={"object": "list", "data": self.books})

    def _one(self, route: Any) -> None:
        if route.request.method != "DELETE":
            return route.fallback()
        if self.error is not None:
            return route.fulfill(**self.error)
        id = route.request.url.rpartition("/")[2]
        self.deleted.append(id)
        self.books = [each for each in self.books if each["id"] != id]
        return route.fulfill(json={"id": id, "object": "job.deleted", "deleted": True})
