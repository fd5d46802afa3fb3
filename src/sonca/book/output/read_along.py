"""Writes a read-along book: EPUB 3 with Media Overlays, its sound inside.

A page's overlay lists its clips in the order in which they are heard.
"""

from __future__ import annotations

import hashlib
import uuid
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sonca.book.model import Book
from sonca.book.output.about import About
from sonca.book.output.pages import Clip, Opening, Page, document, escaped

_CONTAINER = """\
<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
ACTIVE = "-epub-media-overlay-active"
"""Class of the element that is heard."""
_STYLE = """\
body { line-height: 1.5; }
p { margin: 0; text-indent: 1.5em; }
h1, h2, .separator { text-align: center; text-indent: 0; margin: 1em 0; }
.cover { text-align: center; margin: 0; }
.cover img { max-width: 100%; max-height: 100vh; }
"""
HIGHLIGHT = f".{ACTIVE} {{ background-color: #ffe08a; color: #000; }}\n"
_ACCESS = (
    ("accessMode", "textual"),
    ("accessMode", "auditory"),
    ("accessModeSufficient", "textual"),
    ("accessModeSufficient", "auditory"),
    ("accessibilityFeature", "synchronizedAudioText"),
    ("accessibilityFeature", "tableOfContents"),
    ("accessibilityHazard", "unknown"),
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A file of the package that is not a page of the text."""

    name: str
    media_type: str
    source: Path | bytes
    properties: str = ""


@dataclass(frozen=True, slots=True)
class _Item:
    """A row of the manifest."""

    id: str
    name: str
    media_type: str
    properties: str = ""
    overlay: str = ""


def write_read_along(
    path: Path,
    book: Book,
    about: About,
    pages: Iterable[Page],
    resources: Iterable[Resource],
    *,
    cover_page: bool = True,
) -> None:
    """Writes the package to `path`. Pages are taken one at a time, in the order of reading; before
    them comes one of the cover, if there is a cover and `cover_page` is set."""
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/epub+zip")
        _Writer(package, book, about).write(pages, resources, cover_page)


class _Writer:
    def __init__(self, package: zipfile.ZipFile, book: Book, about: About) -> None:
        self._package = package
        self._book = book
        self._about = about
        self._items: list[_Item] = []
        self._spine: list[str] = []
        self._contents: list[tuple[str, Opening]] = []
        self._durations_s: dict[str, float] = {}
        """By the id of an overlay."""

    def write(self, pages: Iterable[Page], resources: Iterable[Resource], cover_page: bool) -> None:
        self._text("META-INF/container.xml", _CONTAINER)
        self._add("style", "style.css", "text/css", _STYLE + HIGHLIGHT)
        self._cover(cover_page)
        for number, page in enumerate(pages, start=1):
            self._page(number, page)
        for number, resource in enumerate(resources, start=1):
            self._resource(f"r{number}", resource)
        self._add("nav", "nav.xhtml", "application/xhtml+xml", self._nav(), properties="nav")
        self._text("EPUB/package.opf", self._opf())

    def _text(self, name: str, text: str) -> None:
        self._package.writestr(name, text.encode(), zipfile.ZIP_DEFLATED)

    def _add(self, id: str, name: str, media_type: str, text: str, *, properties: str = "") -> None:
        self._text(f"EPUB/{name}", text)
        self._items.append(_Item(id, name, media_type, properties))

    def _resource(self, id: str, resource: Resource) -> None:
        name = f"EPUB/{resource.name}"  # sound and pictures are packed already
        if isinstance(resource.source, Path):
            self._package.write(resource.source, name)
        else:
            self._package.writestr(name, resource.source)
        self._items.append(_Item(id, resource.name, resource.media_type, resource.properties))

    def _cover(self, page: bool) -> None:
        cover = self._book.cover
        if cover is None:
            return
        name = "images/cover.png" if cover.media_type == "image/png" else "images/cover.jpg"
        self._resource("cover", Resource(name, cover.media_type, cover.data, "cover-image"))
        if not page:
            return
        title = escaped(self._book.title)
        picture = f'<p class="cover"><img src="../{name}" alt="{title}"/></p>'
        shown = document(self._book.title, picture, self._about.language)
        self._add("cover-page", "text/cover.xhtml", "application/xhtml+xml", shown)
        self._spine.append("cover-page")

    def _page(self, number: int, page: Page) -> None:
        id = f"p{number}"
        overlay = ""
        self._text(f"EPUB/{page.name}", page.markup)
        if page.clips:
            overlay = f"m{number}"
            name = f"overlays/{number:04}.smil"
            self._add(overlay, name, "application/smil+xml", _smil(page.name, page.clips))
            self._durations_s[overlay] = sum(clip.end_s - clip.begin_s for clip in page.clips)
        self._items.append(
            _Item(id, page.name, "application/xhtml+xml", page.properties, overlay=overlay)
        )
        self._spine.append(id)
        self._contents += [(page.name, opening) for opening in page.openings]

    def _nav(self) -> str:
        rows = "\n".join(
            f'<li><a href="{_href(name, opening.id)}">{escaped(opening.title) or "–"}</a></li>'
            for name, opening in self._contents
        )
        body = f'<nav epub:type="toc" id="toc"><h1>Mục lục</h1><ol>\n{rows}\n</ol></nav>'
        return document(self._book.title, body, self._about.language).replace("../", "")

    def _opf(self) -> str:
        manifest = "\n".join(map(_manifest_row, self._items))
        spine = "\n".join(f'<itemref idref="{id}"/>' for id in self._spine)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n'
            '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
            f'unique-identifier="id" xml:lang="{self._about.language}">\n'
            f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">\n{self._metadata()}\n'
            f"</metadata>\n<manifest>\n{manifest}\n</manifest>\n<spine>\n{spine}\n</spine>\n"
            "</package>\n"
        )

    def _metadata(self) -> str:
        book, about = self._book, self._about
        rows = [
            f'<dc:identifier id="id">urn:uuid:{_identity(book)}</dc:identifier>',
            f"<dc:title>{escaped(book.title) or '–'}</dc:title>",
            f"<dc:language>{about.language}</dc:language>",
            _meta("dcterms:modified", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        ]
        if book.author:
            rows.append(f'<dc:creator id="author">{escaped(book.author)}</dc:creator>')
        if about.year:
            rows.append(f"<dc:date>{about.year:04}</dc:date>")
        if about.description:
            rows.append(f"<dc:description>{escaped(about.description)}</dc:description>")
        if about.series:
            series = escaped(about.series)
            rows.append(f'<meta property="belongs-to-collection" id="series">{series}</meta>')
            rows.append(_meta("collection-type", "series", refines="series"))
            if about.part:
                rows.append(_meta("group-position", about.part, refines="series"))
        if about.narrator:
            rows.append(_meta("media:narrator", about.narrator))
        rows += [
            _meta("media:duration", clock(seconds), refines=id)
            for id, seconds in self._durations_s.items()
        ]
        rows.append(_meta("media:duration", clock(sum(self._durations_s.values()))))
        rows.append(_meta("media:active-class", ACTIVE))
        rows += [_meta(f"schema:{name}", value) for name, value in _ACCESS]
        return "\n".join(rows)


def clock(seconds: float) -> str:
    """Returns seconds as a SMIL clock value, 1:02:03.456."""
    minutes, milliseconds = divmod(round(seconds * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{milliseconds // 1000:02}.{milliseconds % 1000:03}"


def _smil(page: str, clips: Iterable[Clip]) -> str:
    rows = "\n".join(
        f'<par id="o{number}"><text src="../{_href(page, clip.id)}"/>'
        f'<audio src="../{clip.sound}" clipBegin="{clock(clip.begin_s)}" '
        f'clipEnd="{clock(clip.end_s)}"/></par>'
        for number, clip in enumerate(clips, start=1)
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<smil xmlns="http://www.w3.org/ns/SMIL" xmlns:epub="http://www.idpf.org/2007/ops" '
        f'version="3.0"><body epub:textref="../{_href(page)}">\n{rows}\n</body></smil>\n'
    )


def _href(page: str, id: str = "") -> str:
    from urllib.parse import quote

    return quote(page) + (f"#{escaped(id)}" if id else "")


def _meta(name: str, value: str, *, refines: str = "") -> str:
    about = f' refines="#{refines}"' if refines else ""
    return f'<meta property="{name}"{about}>{escaped(value)}</meta>'


def _manifest_row(item: _Item) -> str:
    more: Mapping[str, str] = {"properties": item.properties, "media-overlay": item.overlay}
    extra = "".join(f' {name}="{value}"' for name, value in more.items() if value)
    return f'<item id="{item.id}" href="{_href(item.name)}" media-type="{item.media_type}"{extra}/>'


def _identity(book: Book) -> uuid.UUID:
    """Returns the same for equal books."""
    told = hashlib.sha256(f"{book.title}\0{book.author}".encode("utf-8", "surrogatepass"))
    for chapter in book.chapters:
        for paragraph in chapter.paragraphs:
            told.update(paragraph.text.encode("utf-8", "surrogatepass"))
    return uuid.uuid5(uuid.NAMESPACE_OID, told.hexdigest())
