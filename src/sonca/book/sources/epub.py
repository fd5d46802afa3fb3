"""Reads EPUB 2 and 3: the spine in its order, chapters from the table of contents (nav or NCX).

A small blemish costs nobody a book: what is missing or damaged is left out and reported. Protected
books are refused.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Container, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree

from sonca.book import limits
from sonca.book.model import Cover, Source, TextBlock
from sonca.book.sources import encodings, link_lists, markup, note_links, safe_xml
from sonca.book.sources.archive import Archive, resolve
from sonca.book.sources.document import Document
from sonca.book.structure import headings
from sonca.book.structure.front import FRONT
from sonca.errors import InvalidRequest

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_RIGHTS = "META-INF/rights.xml"
_PICTURES = {"image/jpeg", "image/png"}
_DOCUMENTS = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
_SUFFIXES = (".xhtml", ".html", ".htm")
_FRONT_KIND = re.compile(
    r"(?:\A|\s)(?:other\.)?(?:cover|title-?page|halftitlepage|copyright(?:-page)?|dedication"
    r"|colophon|imprint)\Z"
)
_PAGE_CHARS = 3000
_FONT_LOCKS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


@dataclass(frozen=True, slots=True)
class Item:
    """What a package lists."""

    part: str
    media_type: str
    properties: frozenset[str]

    @property
    def is_document(self) -> bool:
        known = self.media_type in _DOCUMENTS
        return known or self.part.lower().endswith(_SUFFIXES)


@dataclass(frozen=True, slots=True)
class Package:
    """The package of an EPUB file, as far as it can be read."""

    name: str
    element: etree._Element
    items: dict[str, Item]
    """By their ids."""
    documents: list[Item]
    """Those that are there, in the order of reading."""


def open_package(archive: Archive, mended: list[str]) -> Package:
    """Reads the package in an EPUB file, and tells `mended` what was wrong with it. Raises
    `InvalidRequest` if it has nothing to read."""
    name = _package_name(archive, mended)
    element = safe_xml.parse_leniently(archive.read(name), name=name, mended=mended)
    if element is None:
        raise archive.damaged(f"its package {name!r} is empty")
    items = _manifest(archive, element, name)
    return Package(name, element, items, _documents(archive, element, items, mended))


def read(path: Path) -> Source:
    """Reads an EPUB file. What is damaged or missing is left out, and reported; raises
    `InvalidRequest` if nothing is left, or if the file is protected."""
    mended: list[str] = []
    with closing(Archive(path, "EPUB file")) as archive:
        _refuse_protected(archive)
        package = open_package(archive, mended)
        contents = _contents(archive, package, mended)
        kinds = _kinds(archive, package)
        blocks = list(_blocks(archive, package.documents, contents, kinds))
        return Source(
            "epub",
            tuple(blocks),
            _metadata(package.element, "title"),
            _metadata(package.element, "creator"),
            _cover(archive, package),
            mended=(*archive.mended, *mended),
        )


def _documents(
    archive: Archive, package: etree._Element, items: dict[str, Item], mended: list[str]
) -> list[Item]:
    """Returns the documents in their order that are there."""
    spine = [
        items[ref] for ref in _spine(package, items) if ref in items and items[ref].is_document
    ]
    if not spine:
        spine = [item for item in items.values() if item.is_document]
        if spine:
            mended.append("the package names no order, so documents follow its list")
    if not spine:
        spine = [
            Item(name, "text/html", frozenset())
            for name in sorted(archive.names)
            if name.lower().endswith(_SUFFIXES)
        ]
        mended.append("the package lists no documents, so all were taken, by their names")
    missing = [item.part for item in spine if item.part not in archive]
    if spine and len(missing) == len(spine):
        raise archive.damaged(f"it has no part {missing[0][:200]!r}, nor any other document")
    mended += [f"{part} is missing" for part in missing[:20]]
    return [item for item in spine if item.part in archive]


def _refuse_protected(archive: Archive) -> None:
    """Raises `InvalidRequest` if anything but fonts is encrypted."""
    if _ENCRYPTION not in archive:
        return
    root = safe_xml.parse(archive.read(_ENCRYPTION), name=_ENCRYPTION)
    methods = [method.get("Algorithm") for method in root.iter("{*}EncryptionMethod")]
    if _RIGHTS in archive or any(m not in _FONT_LOCKS for m in methods):
        raise InvalidRequest(
            "the EPUB file is protected (DRM), so its text cannot be read; give a copy without "
            "protection",
            field="file",
        )


def _package_name(archive: Archive, mended: list[str]) -> str:
    """Returns the name of the package; one that no container names is looked for."""
    inside = [n for n in archive.names if n.replace("\\", "/").endswith(_CONTAINER)]
    container = archive.actual(_CONTAINER)
    if container not in archive and inside:
        container = min(inside, key=len)
        mended.append(f"the book was zipped with its folder {container[: -len(_CONTAINER)]!r}")
    if container in archive:
        root = safe_xml.parse_leniently(archive.read(container), name=container, mended=mended)
        for file in root.iter("{*}rootfile") if root is not None else ():
            folder = container.replace("\\", "/").removesuffix(_CONTAINER)
            name = archive.actual(resolve("", folder + file.get("full-path", ""))[0])
            if file.get("full-path") and name in archive:
                return name
    packages = sorted((n for n in archive.names if n.lower().endswith(".opf")), key=len)
    if not packages:
        raise archive.damaged("it has no part that lists its documents, a package (.opf)")
    mended.append(f"its container names no package, so {packages[0]} was taken")
    return packages[0]


def _metadata(package: etree._Element, name: str) -> str:
    found = (safe_xml.text(element) for element in package.iterfind(f"{{*}}metadata//{{*}}{name}"))
    values = [value for value in found if value]
    return ", ".join(values) if name == "creator" else (values[0] if values else "")


def _manifest(archive: Archive, package: etree._Element, base: str) -> dict[str, Item]:
    items: dict[str, Item] = {}
    times: Counter[str] = Counter()
    for item in package.iterfind("{*}manifest/{*}item"):
        part = archive.actual(resolve(base, item.get("href", "").replace("\\", "/"))[0])
        properties = frozenset(item.get("properties", "").split())
        id = item.get("id", "")
        times[id] += 1
        found = Item(part, item.get("media-type", "").lower(), properties)
        items[_nth(id, times[id])] = found
    return items


def _spine(package: etree._Element, items: Container[str]) -> Iterator[str]:
    """Yields the ids of what is read, in order. Where several have one id, each time it is named
    means the next of them."""
    times: Counter[str] = Counter()
    for ref in package.iterfind("{*}spine/{*}itemref"):
        id = ref.get("idref", "")
        times[id] += 1
        if ref.get("linear", "").lower() != "no":
            nth = _nth(id, times[id])
            yield nth if nth in items else id


def _nth(id: str, number: int) -> str:
    """Returns what tells apart items that were given one id."""
    return id if number == 1 else f"{id} {number}"


def _contents(archive: Archive, package: Package, mended: list[str]) -> dict[tuple[str, str], str]:
    """Returns by (part, anchor) the title of the chapter that begins there."""
    nav = next(
        (i for i in package.items.values() if "nav" in i.properties and i.part in archive), None
    )
    found = _nav(archive, nav.part, mended) if nav else {}
    spine = package.element.find("{*}spine")
    ncx = package.items.get(spine.get("toc", "")) if spine is not None else None
    if ncx is None or ncx.part not in archive:
        ncx = next((i for i in package.items.values() if _is_ncx(i) and i.part in archive), None)
    if len(found) > 1 or ncx is None:
        return found
    other = _ncx(archive, ncx.part, mended)  # the nav names the book's beginning, no more
    return other if len(other) > len(found) else found


def _is_ncx(item: Item) -> bool:
    return item.media_type.endswith("dtbncx+xml") or item.part.lower().endswith(".ncx")


def _nav(archive: Archive, part: str, mended: list[str]) -> dict[tuple[str, str], str]:
    root = safe_xml.parse_leniently(archive.read(part), name=part, mended=mended)
    navs = list(root.iter("{*}nav")) if root is not None else []
    tables = [nav for nav in navs if "toc" in safe_xml.get(nav, "type").split()] or navs
    found: dict[tuple[str, str], str] = {}
    for link in tables[0].iter("{*}a") if tables else ():
        title = safe_xml.text(link)
        if link.get("href") and title:
            found.setdefault(_place(archive, part, link.get("href")), title)
    return found


def _ncx(archive: Archive, part: str, mended: list[str]) -> dict[tuple[str, str], str]:
    root = safe_xml.parse_leniently(archive.read(part), name=part, mended=mended)
    found: dict[tuple[str, str], str] = {}
    for point in root.iter("{*}navPoint") if root is not None else ():
        title = safe_xml.text(point.find("{*}navLabel"))
        content = point.find("{*}content")
        if title and content is not None and content.get("src"):
            found.setdefault(_place(archive, part, content.get("src")), title)
    return found


def _place(archive: Archive, base: str, href: str) -> tuple[str, str]:
    part, anchor = resolve(base, href.replace("\\", "/"))
    return archive.actual(part), anchor


def _kinds(archive: Archive, package: Package) -> dict[str, str]:
    """Returns what the package says documents are (`cover`, `copyright-page`): its guide, and the
    landmarks of its nav."""
    found: dict[str, str] = {}
    for reference in package.element.iterfind("{*}guide/{*}reference"):
        part, anchor = _place(archive, package.name, reference.get("href", ""))
        if not anchor:
            found.setdefault(part, reference.get("type", "").lower())
    nav = next((i for i in package.items.values() if "nav" in i.properties), None)
    if nav is None or nav.part not in archive:
        return found
    root = safe_xml.parse_leniently(archive.read(nav.part), name=nav.part, mended=[])
    for table in root.iter("{*}nav") if root is not None else ():
        if "landmarks" in safe_xml.get(table, "type").split():
            for link in table.iter("{*}a"):
                part, anchor = _place(archive, nav.part, link.get("href", ""))
                if not anchor:
                    found.setdefault(part, safe_xml.get(link, "type").lower())
    return found


def _blocks(
    archive: Archive,
    spine: list[Item],
    contents: dict[tuple[str, str], str],
    kinds: dict[str, str],
) -> Iterator[TextBlock]:
    documents: dict[str, Document] = {}
    for item in spine:
        if item.part not in documents:
            document = documents[item.part] = _document(archive, item, contents)
            if _FRONT_KIND.search(kinds.get(item.part, "")) and _is_page(document.blocks):
                document.blocks = [replace(b, skip=b.skip or FRONT) for b in document.blocks]
    link_lists.mark_contents(documents)
    blocks = note_links.resolved(documents)
    for item in spine:
        yield from blocks.pop(item.part, ())


def _is_page(blocks: Sequence[TextBlock]) -> bool:
    """Returns whether a document is short, and no chapter's by its headings."""
    spoken = [block.text for block in blocks if block.skip is None]
    return sum(map(len, spoken)) <= _PAGE_CHARS and not any(map(headings.is_named, spoken))


def _document(archive: Archive, item: Item, contents: dict[tuple[str, str], str]) -> Document:
    """Returns a document, with the titles of the chapters that begin in it."""
    data = archive.read(item.part)
    text, _ = encodings.decode(data, encodings.declared(data), name=item.part)

    def sheet(href: str) -> str:
        part = _place(archive, item.part, href)[0]
        if part not in archive:
            return ""
        with contextlib.suppress(InvalidRequest):
            return archive.read(part).decode("utf-8", "replace")
        return ""

    document = markup.parse(text, part=item.part, sheet=sheet)
    if "nav" in item.properties:
        document.blocks = [replace(b, skip=b.skip or "contents", level=0) for b in document.blocks]
        document.links.clear()
        return document
    opens = {
        document.anchors.get(anchor, 0): title
        for (part, anchor), title in reversed(contents.items())
        if part == item.part
    }
    for index, title in opens.items():
        if index < len(document.blocks):
            document.blocks[index] = replace(document.blocks[index], opens=title)
    return document


def _cover(archive: Archive, package: Package) -> Cover | None:
    """Returns the picture that the package calls its cover, None if there is none to be had."""
    item = next((i for i in package.items.values() if "cover-image" in i.properties), None)
    if item is None:
        for meta in package.element.iter("{*}meta"):
            if meta.get("name") == "cover":
                item = package.items.get(meta.get("content", ""))
    if item is None or item.media_type not in _PICTURES or item.part not in archive:
        return None
    try:
        return Cover(archive.read(item.part, limit=limits.MAX_COVER_BYTES), item.media_type)
    except InvalidRequest:
        return None
