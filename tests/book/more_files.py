"""Makes files of the cases in `data/more`: what other exporters, scrapers and converters write.

Each case has its inside and what is wanted of the spoken text: `+` a stretch that is there, `-` one
that is not, `~` and `!` the same of a pattern, `#` the number of chapters. ` / ` stands between
utterances, ` ‖ ` between chapters.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.book.book_files import CONTAINER, pack

_CASES = Path(__file__).parent / "data" / "more"
_HEAD = '<link rel="stylesheet" type="text/css" href="style.css"/>'
_W = " ".join(
    f'xmlns:{prefix}="http://schemas.{at}"'
    for prefix, at in {
        "w": "openxmlformats.org/wordprocessingml/2006/main",
        "r": "openxmlformats.org/officeDocument/2006/relationships",
        "m": "openxmlformats.org/officeDocument/2006/math",
        "wp": "openxmlformats.org/drawingml/2006/wordprocessingDrawing",
        "a": "openxmlformats.org/drawingml/2006/main",
        "wps": "microsoft.com/office/word/2010/wordprocessingShape",
        "mc": "openxmlformats.org/markup-compatibility/2006",
    }.items()
)
_XHTML = "application/xhtml+xml"
Case = dict[str, Any]


def cases(group: str) -> dict[str, Case]:
    """Returns the cases of a group by their names."""
    found: dict[str, Case] = json.loads((_CASES / f"{group}.json").read_text(encoding="utf-8"))
    return found


def write(case: Case, folder: Path) -> Path:
    """Writes the file of a case."""
    if case["kind"] == "epub":
        return _epub(case, folder / "a.epub")
    if case["kind"] == "docx":
        return _docx(case, folder / "a.docx")
    path = folder / f"a.{case['kind']}"
    path.write_text(case["text"], encoding="utf-8")
    return path


def _page(body: str, head: str = "") -> str:
    if body.lstrip().startswith(("<?xml", "<html", "<!DOCTYPE")):
        return body
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        'xmlns:epub="http://www.idpf.org/2007/ops">'
        f"<head><title></title>{head}</head><body>{body}</body></html>"
    )


def _entries(text: str) -> list[list[str]]:
    return [entry.split("|") for entry in text.split(";")]


def _nav(text: str) -> str:
    items = "".join(f'<li><a href="{href}">{title}</a></li>' for href, title in _entries(text))
    return _page(f'<nav epub:type="toc"><h1>Mục lục</h1><ol>{items}</ol></nav>')


def _ncx(text: str) -> str:
    points = "".join(
        f'<navPoint id="n{at}"><navLabel><text>{title}</text></navLabel><content src="{href}"/>'
        "</navPoint>"
        for at, (href, title) in enumerate(_entries(text))
    )
    return (
        '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>'
        f"{points}</navMap></ncx>"
    )


def _epub(case: Case, path: Path) -> Path:
    pages, css = case["pages"], case.get("css", "")
    parts = {"META-INF/container.xml": CONTAINER}
    items = refs = ""
    for at, (name, body) in enumerate(pages.items()):
        parts[f"OEBPS/{name}"] = _page(body, _HEAD if css else "")
        items += f'<item id="i{at}" href="{name}" media-type="{_XHTML}"/>'
        refs += f'<itemref idref="i{at}"/>'
    if css:
        parts["OEBPS/style.css"] = css
    if nav := case.get("nav"):
        parts["OEBPS/nav.xhtml"] = nav if nav.startswith("<") else _nav(nav)
        items += f'<item id="nav" href="nav.xhtml" properties="nav" media-type="{_XHTML}"/>'
    if ncx := case.get("ncx"):
        parts["OEBPS/toc.ncx"] = ncx if ncx.startswith("<") else _ncx(ncx)
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
    parts["OEBPS/content.opf"] = case.get("opf") or (
        '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Bến vắng</dc:title><dc:creator>'
        f"Lê Thử</dc:creator></metadata><manifest>{items}</manifest><spine>"
        f"{case.get('spine') or refs}</spine></package>"
    )
    return pack(path, parts | case.get("extra", {}))


def _docx(case: Case, path: Path) -> Path:
    parts = {"word/document.xml": f"<w:document {_W}><w:body>{case['body']}</w:body></w:document>"}
    for name in ("styles", "numbering", "footnotes"):
        if name in case:
            parts[f"word/{name}.xml"] = f"<w:{name} {_W}>{case[name]}</w:{name}>"
    return pack(path, parts)
