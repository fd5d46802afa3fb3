"""How a book is to be read from its file, beyond what the file says: one set of options for every
command and for the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sonca.errors import InvalidRequest

Notes = Literal["skip", "paragraph", "chapter"]

_RANGE = re.compile(r"(?P<first>\d+)(?:\s*[-–]\s*(?P<last>\d+)?)?")


@dataclass(frozen=True, slots=True)
class BookOptions:
    """What a reader chooses. Raises `InvalidRequest` for a pattern that is none."""

    chapters: str = "auto"
    """Where chapters begin: ``auto``, ``toc``, ``headings``, ``files``, or a pattern that the
    lines match which begin one."""
    skip: str = ""
    """Chapters to leave out: numbers, ranges (``3-5``, ``9-``) and parts of titles, with commas
    between."""
    only: str = ""
    """The only chapters to read, written in the same way."""
    front: bool = False
    """Whether title pages, copyright, dedications and contents are read, too."""
    notes: Notes = "skip"
    """Whether notes are left out, or read after their paragraph or at the end of the chapter."""
    ocr: bool = False
    """Whether pages of a PDF that are pictures are recognized, by an installed Tesseract."""

    def __post_init__(self) -> None:
        if self.chapters not in ("auto", "toc", "headings", "files"):
            try:
                re.compile(self.chapters)
            except re.error as error:
                raise InvalidRequest(
                    f"chapters is {self.chapters!r}, which is no pattern ({error}); give toc, "
                    "headings, files, or a pattern such as '^Chương'",
                    field="chapters",
                ) from error

    def chosen(self, titles: list[str]) -> list[int]:
        """Returns the indices of the chapters that are to be read. Raises `InvalidRequest` for a
        number or a title that no chapter has, or if none is left."""
        wanted = _named(self.only, titles, "only") if self.only.strip() else set(range(len(titles)))
        left = sorted(wanted - _named(self.skip, titles, "skip"))
        if not left:
            raise InvalidRequest("skip and only leave no chapter to read", field="skip")
        return left


def _named(listed: str, titles: list[str], field: str) -> set[int]:
    found: set[int] = set()
    for item in (part.strip() for part in listed.split(",")):
        if not item:
            continue
        numbers = _RANGE.fullmatch(item)
        if numbers:
            first = int(numbers["first"])
            last = int(numbers["last"] or (first if item.isdigit() else len(titles)))
            if not 1 <= first <= last <= len(titles):
                raise InvalidRequest(
                    f"{field} names chapter {item}, the book has 1 to {len(titles)}", field=field
                )
            found.update(range(first - 1, last))
            continue
        matching = {i for i, title in enumerate(titles) if item.casefold() in title.casefold()}
        if not matching:
            raise InvalidRequest(
                f"{field} names {item[:60]!r}, which is in no chapter's title; "
                "sonca book plan shows them",
                field=field,
            )
        found |= matching
    return found
