"""Reads PDF: text in the order of reading, chapters from the outline or from sizes of type.

PDFium (pypdfium2) finds the characters and where they stand; the rest is done here. Running heads,
page numbers and notes are not spoken. Pages that are pictures have no text, unless it is asked to
recognize it.
"""

from __future__ import annotations

import contextlib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from sonca.book import limits
from sonca.book.model import Source, TextBlock
from sonca.book.sources import encodings
from sonca.book.sources.pdf import furniture, layout, ocr, parallel
from sonca.book.sources.pdf.lines import Line, Page, read_page
from sonca.book.sources.pdf.outline import Entry, outline
from sonca.book.sources.pdf.paragraphs import Column, Paragraph, paragraphs
from sonca.errors import InvalidRequest

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

_LOCK = Lock()
"""PDFium does one thing at a time."""
_MAX_CHARS = limits.MAX_TEXT_BYTES
_MIN_PAGE_CHARS = 8
"""A page with less is a picture, if one is on it."""
_HEADING_CHARS = 150
_LARGER = 1.12
_USELESS_TITLE = re.compile(
    r"(?:microsoft word|untitled|document\d*\Z|slide \d)|.*\.(?:docx?|pdf|tex|indd)\Z",
    re.IGNORECASE,
)
_CATALOG = re.compile(
    rb"(?<!\d)(\d{1,9})\s+(\d{1,5})\s+obj\b(?:(?!endobj)[\x00-\xff]){0,2000}?/Type\s*/Catalog\b"
)
_OLD_FONTS = ("tcvn3", "vni")


def read(path: Path, *, recognize: bool = False) -> Source:
    """Reads a PDF file. With `recognize`, pages without text are read by Tesseract. Raises
    `InvalidRequest` if it is damaged, has a password, or is all pictures."""
    mended: list[str] = []
    with _LOCK:
        document = _open(path, mended)
        with closing(document):
            pages = _pages(document, path.name, recognize=recognize)
            entries = outline(document)
            title, author = _named(document)
    text, found = _with_text(pages, path.name, recognize=recognize)
    blocks = _blocks(text, entries, (title, author))
    return Source("pdf", tuple(blocks), title, author, mended=(*mended, *found))


def _open(path: Path, mended: list[str]) -> PdfDocument:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(path)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        whole = _with_end(path) if error.err_code != pdfium.FPDF_ERR_PASSWORD else None
        if whole:
            with contextlib.suppress(pypdfium2.PdfiumError):
                document = pypdfium2.PdfDocument(whole)
                if 0 < len(document) <= limits.MAX_ENTRIES:
                    mended.append("the file ends too early; what is there of it is read")
                    return document
        if getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
            raise InvalidRequest(
                f"{path.name} has a password; save a copy without one and give that", field="file"
            ) from error
        raise InvalidRequest(
            f"{path.name} is not a PDF that can be read: it is damaged, or no PDF; open it in a "
            "reader and save or print it as PDF again",
            field="file",
        ) from error
    if not 0 < count <= limits.MAX_ENTRIES:
        document.close()
        raise InvalidRequest(
            f"{path.name} has {count:,} pages, the limit is {limits.MAX_ENTRIES:,}; split it",
            field="file",
        )
    return document


def _with_end(path: Path) -> bytes | None:
    """Returns a file that was cut off with an end that names its catalogue; None if it has none."""
    data = path.read_bytes()
    if not data[:1024].lstrip().startswith(b"%PDF") or not (found := _CATALOG.findall(data)):
        return None
    number, generation = found[-1]
    end = b"\ntrailer\n<< /Root %b %b R >>\nstartxref\n0\n%%%%EOF\n" % (number, generation)
    return data + end


def _pages(document: PdfDocument, name: str, *, recognize: bool) -> list[Page]:
    import pypdfium2

    pages: list[Page] = []
    chars = 0
    for number in range(len(document)):
        try:
            with closing(document[number]) as page:
                found = read_page(page, number)
                if recognize and _is_picture(found):
                    found = ocr.read_page(page, number)
        except pypdfium2.PdfiumError:
            found = Page(number, 0, 0, (), has_picture=True)  # a damaged page
        chars += sum(len(line.text) for line in found.lines)
        if chars > _MAX_CHARS:
            raise InvalidRequest(
                f"{name} has over {_MAX_CHARS:,} characters; split it", field="file"
            )
        pages.append(found)
    return pages


def _is_picture(page: Page) -> bool:
    return page.has_picture and sum(len(line.text) for line in page.lines) < _MIN_PAGE_CHARS


def _with_text(
    pages: Sequence[Page], name: str, *, recognize: bool
) -> tuple[list[Page], tuple[str, ...]]:
    """Returns the pages, and what was wrong with them. Raises `InvalidRequest` if there is no text
    at all."""
    pictures = [page.number + 1 for page in pages if _is_picture(page)]
    if not any(page.lines for page in pages):
        advice = "" if recognize else "; --ocr recognizes it with Tesseract, if that is installed"
        what = "pictures of pages (a scan) and no text" if pictures else "no text"
        raise InvalidRequest(f"{name} holds {what}{advice}", field="file")
    mended: tuple[str, ...] = ()
    if pictures:
        shown = ", ".join(map(str, pictures[:5])) + (" …" if len(pictures) > 5 else "")
        mended = (f"{len(pictures):,} of {len(pages):,} pages are pictures without text: {shown}",)
    read = sum(page.has_picture and not _is_picture(page) for page in pages)
    if recognize and read:
        mended += (f"{read:,} pages are pictures; Tesseract read them, not without mistakes",)
    found, font = _in_unicode(pages)
    if font:
        mended += (f"its letters are those of {font.upper()} fonts; they were put right",)
    return found, mended


def _in_unicode(pages: Sequence[Page]) -> tuple[list[Page], str]:
    """Returns the pages with the letters of old Vietnamese fonts (.VnTime, VNI-Times) as Unicode,
    and which fonts those were."""
    sample = "\n".join(line.text for page in pages[:20] for line in page.lines)[:20_000]
    if sample.isascii() or encodings.plausibility(sample) > 0.5:
        return list(pages), ""
    for name in _OLD_FONTS:
        if encodings.plausibility(_decoded(sample, name)) > 0.8:
            return [
                replace(
                    page,
                    lines=tuple(replace(x, text=_decoded(x.text, name)) for x in page.lines),
                )
                for page in pages
            ], name
    return list(pages), ""


def _decoded(text: str, encoding: str) -> str:
    if encoding == "vni":
        data = text.encode("cp1252", "replace")
    else:
        data = text.encode("latin-1", "replace")
    return encodings.decode(data, encoding)[0]


# Blocks


def _blocks(
    pages: Sequence[Page], entries: Sequence[Entry], names: Sequence[str]
) -> list[TextBlock]:
    parts = furniture.sort(pages, names)
    size = furniture.usual_size(pages)
    columns = [
        _columns(page, layout.with_drop_caps(part.text, size))
        for page, part in zip(pages, parts, strict=True)
    ]
    found = [each for stream in parallel.streams(columns) for each in paragraphs(stream)]
    blocks: list[TextBlock] = []
    at = 0
    levels = _levels(found)
    opened = _opened(found, entries)
    notes = _notes(parts, found)
    for index, paragraph in enumerate(found):
        level = levels.get(round(paragraph.size, 1), 0)
        if len(paragraph.text) > _HEADING_CHARS:
            level = 0
        blocks.append(TextBlock(paragraph.text, level, start=at, opens=opened.get(index)))
        at += len(paragraph.text) + 1
        blocks += [TextBlock(mark, start=at, skip="note mark") for mark in paragraph.marks]
        for note in notes.get(index, ()):
            blocks.append(TextBlock(note, start=at, skip="note"))
            at += len(note) + 1
    for part in parts:
        for text, why in part.furniture:
            blocks.append(TextBlock(text, start=at, skip=why))
            at += len(text) + 1
    return blocks


def _notes(parts: Sequence[furniture.Sorted], found: Sequence[Paragraph]) -> dict[int, list[str]]:
    """Returns the notes of each page, by the last paragraph that begins on it or before."""
    last = {paragraph.page: index for index, paragraph in enumerate(found)}
    notes: dict[int, list[str]] = {}
    before = 0
    for page, part in enumerate(parts):
        before = last.get(page, before)
        if part.notes:
            notes.setdefault(before, []).extend(furniture.note_texts(part.notes))
    return notes


def _columns(page: Page, lines: Sequence[Line]) -> list[Column]:
    found = [each for each in layout.in_order(lines) if each]
    alone = len(found) == 1
    return [Column(page.number, each, page.width, alone) for each in found]


def _levels(found: Sequence[Paragraph]) -> dict[float, int]:
    """Returns heading levels by size: larger than the text, and never long."""
    sizes: Counter[float] = Counter()
    long: set[float] = set()
    for paragraph in found:
        size = round(paragraph.size, 1)
        sizes[size] += len(paragraph.text)
        if len(paragraph.text) > _HEADING_CHARS:
            long.add(size)
    if not sizes:
        return {}
    usual = sizes.most_common(1)[0][0]
    larger = sorted((s for s in sizes if s > _LARGER * usual and s not in long), reverse=True)
    return {size: min(level, 6) for level, size in enumerate(larger, start=1)}


def _opened(found: Sequence[Paragraph], entries: Sequence[Entry]) -> dict[int, str]:
    """Returns the paragraphs where chapters of the outline begin, with their titles: the one that
    says the title, or else the first at that place."""
    opened: dict[int, str] = {}
    firsts = [paragraph.page for paragraph in found]
    for entry in entries:
        start = bisect_right(firsts, entry.page - 1)
        end = bisect_right(firsts, entry.page)
        here = [i for i in range(start, end) if i not in opened]
        same = [i for i in here if _same(found[i].text, entry.title)]
        below = [i for i in here if entry.top is None or found[i].top >= entry.top - found[i].size]
        chosen = same or below or here or range(end, len(found))
        if chosen:
            opened.setdefault(chosen[0], entry.title)
    return opened


def _same(text: str, title: str) -> bool:
    one, other = (" ".join(re.findall(r"\w+", each.casefold())) for each in (text, title))
    return bool(one) and bool(other) and (one == other or one.startswith(other))


def _named(document: PdfDocument) -> tuple[str, str]:
    data: dict[str, Any] = document.get_metadata_dict(skip_empty=True)
    title, author = (" ".join(str(data.get(key, "")).split()) for key in ("Title", "Author"))
    return "" if _USELESS_TITLE.match(title) else title, author
