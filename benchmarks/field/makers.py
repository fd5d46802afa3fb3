"""Makes large files with the faults of their kind: a scraped novel, a PDF, a Word contract.

Each says what must be heard of it and what must not, so that a build can be checked by program.
"""

from __future__ import annotations

import textwrap
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from xml.sax.saxutils import escape

from sonca.bench.corpus import story

SILENT = ("truyenlau", "trang sau", "dịch giả chú")
"""Words of watermarks, running heads and notes: none of them may be heard."""


@dataclass(frozen=True, slots=True)
class Made:
    path: Path
    chapters: int
    """How many a reader would count."""
    said: tuple[str, ...]
    """Words that must be heard, in this order."""
    never: tuple[str, ...] = SILENT


def _prose() -> Iterator[str]:
    """Yields the story's paragraphs without headings, again and again."""
    return cycle(
        line for line in story().splitlines() if len(line) > 60 and not line.startswith("Chương")
    )


# A web novel


_CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
_PAGE = (
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{title}</title>'
    '<link rel="stylesheet" href="s.css"/></head><body><h2>{title}</h2>\n{body}</body></html>'
)


def scraped_novel(folder: Path, chapters: int = 500, paragraphs: int = 1) -> Made:
    """A web novel as a scraper packs it: each title said twice, watermarks hidden by a stylesheet,
    words broken to pass filters, notes after each chapter, and a contents of one entry."""
    prose = _prose()
    pages = {}
    for number in range(1, chapters + 1):
        title = f"Chương {number}: Đò ngang"
        lines = [title, *(next(prose) for _ in range(paragraphs))]
        lines[1] += ' Hắn định gi.ết con th/ú dữ<sup><a href="#n" id="m">[1]</a></sup>.'
        body = "\n".join(f"<p>{line}</p>" for line in lines)
        body += '<p class="wm">Đọc ở truyenlau.example</p><hr/>'
        body += '<p id="n"><a href="#m">[1]</a> Dịch giả chú: thú dữ ở đây là hổ.</p>'
        pages[f"c{number}.xhtml"] = _PAGE.format(title=title, body=body)
    items = "".join(
        f'<item id="i{i}" href="{name}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(pages)
    )
    refs = "".join(f'<itemref idref="i{i}"/>' for i in range(chapters))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Bến & Đò</dc:title></metadata>'
        '<manifest><item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        f'{items}</manifest><spine toc="ncx">{refs}</spine></package>'
    )
    ncx = (
        '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Start'
        '</text></navLabel><content src="c1.xhtml"/></navPoint></navMap></ncx>'
    )
    path = folder / "novel.epub"
    parts = {"content.opf": package, "toc.ncx": ncx, "s.css": ".wm{display:none}"} | pages
    _pack(
        path,
        {"mimetype": "application/epub+zip", "META-INF/container.xml": _CONTAINER}
        | {f"OEBPS/{name}": text for name, text in parts.items()},
    )
    return Made(path, chapters, ("chương một", "giết con thú dữ", "chương hai", "chương ba"))


# A contract


def _paragraph(text: str, level: int | None = None) -> str:
    numbered = (
        ""
        if level is None
        else f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    )
    return f"<w:p>{numbered}<w:r><w:t>{escape(text)}</w:t></w:r></w:p>"


def contract(folder: Path, articles: int = 60) -> Made:
    """A Word contract whose numbers, on three levels, are Word's own."""
    prose = _prose()
    body = [_paragraph("HỢP ĐỒNG THUÊ NHÀ")]
    for number in range(1, articles + 1):
        body.append(_paragraph(f"Nghĩa vụ thứ {number}", 0))
        for _ in range(3):
            body.append(_paragraph(next(prose), 1))
            body += [_paragraph("Trả tiền đúng hạn;", 2), _paragraph("Giữ gìn đồ đạc.", 2)]
    formats = [("decimal", "Điều %1."), ("decimal", "%2."), ("lowerLetter", "%3)")]
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for i, (kind, text) in enumerate(formats)
    )
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    path = folder / "contract.docx"
    _pack(
        path,
        {
            "[Content_Types].xml": "<Types/>",
            "word/document.xml": f"<w:document {w}><w:body>{''.join(body)}</w:body></w:document>",
            "word/numbering.xml": f'<w:numbering {w}><w:abstractNum w:abstractNumId="0">{levels}'
            '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
        },
    )
    said = ("điều một", "một", "a", "trả tiền đúng hạn", "bê", "giữ gìn đồ đạc", "điều hai")
    return Made(path, 1, said)


def _pack(path: Path, parts: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, text)


# A PDF


def pdf(folder: Path, pages: int = 300, chapter_pages: int = 15) -> Made:
    """A PDF with running heads and page numbers, its prose going on from page to page."""
    from tests.book.pdf_files import PdfFile

    file = PdfFile(title="Bến Lạc")
    prose = _prose()
    left: list[str] = []
    for number in range(1, pages + 1):
        file.page().put("BẾN LẠC" if number % 2 else "Trang sau", 160, 36, 9)
        y = 70.0
        if number % chapter_pages == 1:
            file.put(f"Chương {number // chapter_pages + 1}", 150, y, 18)
            y, left = y + 40, []
        lines = int((540 - y) // 40)  # large print
        while len(left) < lines:
            left += textwrap.wrap(next(prose), 58, initial_indent="   ")
        file.lines(left[:lines], 50, y, step=40)
        left = left[lines:]
        file.put(str(number), 205, 570, 9)
    return Made(file.write(folder / "book.pdf"), -(-pages // chapter_pages), ("chương một",))


MAKERS: dict[str, Callable[[Path], Made]] = {
    "novel": scraped_novel,
    "contract": contract,
    "pdf": pdf,
}
