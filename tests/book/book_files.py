"""Makes files of every format, well and badly: nothing binary is kept in the repository."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path


def png(width: int = 8, height: int = 8) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


CONTAINER = """<?xml version="1.0"?><container version="1.0"
 xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile
 full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>"""

PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Bến Lạc</dc:title>
<dc:creator>Nguyễn A</dc:creator><dc:creator>Trần B</dc:creator>{meta}</metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>
<item id="c1" href="text/c%201.xhtml" media-type="application/xhtml+xml"/>
<item id="c2" href="text/c2.xhtml" media-type="application/xhtml+xml"/>
<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
</manifest><spine toc="ncx"><itemref idref="nav"/><itemref idref="c1"/><itemref idref="c2"/></spine>
</package>"""

NAV = """<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>
<nav epub:type="toc"><h1>Mục lục</h1><ol><li><a href="text/c%201.xhtml">Người lái đò</a></li>
<li><a href="text/c2.xhtml">Căn nhà</a></li><li><a href="text/c2.xhtml#ba">Chuyến đò</a></li></ol>
</nav></body></html>"""

NCX = """<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
<navPoint id="a"><navLabel><text>Người lái đò</text></navLabel>
<content src="text/c%201.xhtml"/></navPoint>
<navPoint id="b"><navLabel><text>Căn nhà</text></navLabel><content src="text/c2.xhtml"/></navPoint>
<navPoint id="c"><navLabel><text>Chuyến đò</text></navLabel>
<content src="text/c2.xhtml#ba"/></navPoint>
</navMap></ncx>"""

C1 = """<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html
 xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">
<head><title>x</title><style>p {color: red}</style></head><body><h1>Người lái đò</h1>
<p>Bến Lạc nằm ở khúc sông
 hẹp nhất<a epub:type="noteref" href="#n1"><sup>1</sup></a>.&nbsp;Hai bên bờ là tre.</p>
<p>Chiếc đò ấy<br/>của ông Thoại. <img src="x.png" alt="Con đò"/></p>
<aside epub:type="footnote" id="n1"><p>Một bến ở miền Trung.</p></aside></body></html>"""

C2 = """<html xmlns="http://www.w3.org/1999/xhtml"><body><h2>Căn nhà</h2>
<p>Nhà bà Khuê nằm cuối xóm.</p>
<section id="ba"><h2>Chuyến đò</h2><p>Đêm ấy Quyên không ngủ.</p></section>
<hr/><p>Hết.</p></body></html>"""


def epub_parts(**changes: str | bytes | None) -> dict[str, str | bytes]:
    """The parts of a good EPUB; `changes` by the names below, None leaves one out."""
    names = {
        "container": "META-INF/container.xml",
        "package": "OEBPS/content.opf",
        "nav": "OEBPS/nav.xhtml",
        "ncx": "OEBPS/toc.ncx",
        "c1": "OEBPS/text/c 1.xhtml",
        "c2": "OEBPS/text/c2.xhtml",
        "cover": "OEBPS/cover.png",
    }
    good: dict[str, str | bytes | None] = {
        "container": CONTAINER,
        "package": PACKAGE.replace("{meta}", ""),
        "nav": NAV,
        "ncx": NCX,
        "c1": C1,
        "c2": C2,
        "cover": png(),
    }
    parts: dict[str, str | bytes] = {"mimetype": "application/epub+zip"}
    for key, value in (good | changes).items():
        if value is not None:
            parts[names.get(key, key)] = value
    return parts


def pack(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return path


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx_parts(body: str | None = None) -> dict[str, str | bytes]:
    """A DOCX with a title, two headings, a note, a table and tracked changes."""

    def paragraph(text: str, style: str = "") -> str:
        style = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
        return f"<w:p>{style}<w:r><w:t>{text}</w:t></w:r></w:p>"

    body = body or (
        paragraph("Bến Lạc", "Title")
        + paragraph("Chương 1: Sáng", "H1")
        + "<w:p><w:r><w:t xml:space='preserve'>Trời </w:t></w:r><w:r><w:t>sáng dần.</w:t>"
        "<w:footnoteReference w:id='1'/></w:r>"
        "<w:del><w:r><w:delText>Bỏ</w:delText></w:r></w:del></w:p>"
        + paragraph("Chương 2: Chiều", "H1")
        + "<w:tbl><w:tr><w:tc>"
        + paragraph("Gió thổi.")
        + "</w:tc></w:tr></w:tbl>"
        + "<w:p><w:r><w:t>Một dòng</w:t><w:br/><w:t>hai dòng.</w:t></w:r></w:p>"
    )
    return {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": "<?xml version='1.0'?>"
        f"<w:document {_W}><w:body>{body}</w:body></w:document>",
        "word/styles.xml": f"<w:styles {_W}><w:style w:styleId='H1'><w:name w:val='heading 1'/>"
        "</w:style><w:style w:styleId='Title'><w:name w:val='Title'/></w:style></w:styles>",
        "word/footnotes.xml": f"<w:footnotes {_W}><w:footnote>{paragraph('Một ghi chú.')}"
        "</w:footnote></w:footnotes>",
        "docProps/core.xml": "<cp:coreProperties xmlns:cp='c' xmlns:dc='d'>"
        "<dc:title>Bến Lạc</dc:title>"
        "<dc:creator>Nguyễn A</dc:creator></cp:coreProperties>",
    }
