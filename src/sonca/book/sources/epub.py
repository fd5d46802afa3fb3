"""Reads EPUB 2 and 3: the spine in its order, chapters from the table of contents (nav or NCX).

Protected books are refused; a document that is missing is an error that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from lxml import etree

from sonca.book import limits
from sonca.book.model import Cover, Source, TextBlock
from sonca.book.sources import encodings, markup, safe_xml
from sonca.book.sources.archive import Archive, resolve
from sonca.errors import InvalidRequest

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_RIGHTS = "META-INF/rights.xml"
_PICTURES = {"image/jpeg", "image/png"}
_DOCUMENTS = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
_FONT_LOCKS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


@dataclass(frozen=True, slots=True)
class _Item:
    part: str
    media_type: str
    properties: frozenset[str]


def read(path: Path) -> Source:
    """Reads an EPUB file. Raises `InvalidRequest` if it is damaged or protected."""
    with closing(Archive(path, "EPUB file")) as archive:
        _refuse_protected(archive)
        name = _package_name(archive)
        package = safe_xml.parse(archive.read(name), name=name)
        items = _manifest(package, name)
        spine = [items[ref] for ref in _spine(package) if ref in items]
        contents = _contents(archive, package, items)
        blocks = list(_blocks(archive, spine, contents))
        return Source(
            "epub",
            tuple(blocks),
            _metadata(package, "title"),
            _metadata(package, "creator"),
            _cover(archive, package, items),
        )


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


def _package_name(archive: Archive) -> str:
    root = safe_xml.parse(archive.read(_CONTAINER), name=_CONTAINER)
    for file in root.iter("{*}rootfile"):
        if file.get("full-path"):
            return resolve("", file.get("full-path"))[0]
    raise archive.damaged("its container names no package")


def _metadata(package: etree._Element, name: str) -> str:
    found = (safe_xml.text(element) for element in package.iterfind(f"{{*}}metadata//{{*}}{name}"))
    values = [value for value in found if value]
    return ", ".join(values) if name == "creator" else (values[0] if values else "")


def _manifest(package: etree._Element, base: str) -> dict[str, _Item]:
    items = {}
    for item in package.iterfind("{*}manifest/{*}item"):
        part = resolve(base, item.get("href", ""))[0]
        properties = frozenset(item.get("properties", "").split())
        items[item.get("id", "")] = _Item(part, item.get("media-type", "").lower(), properties)
    return items


def _spine(package: etree._Element) -> Iterator[str]:
    for ref in package.iterfind("{*}spine/{*}itemref"):
        if ref.get("linear", "").lower() != "no":
            yield ref.get("idref", "")


def _contents(
    archive: Archive, package: etree._Element, items: dict[str, _Item]
) -> dict[tuple[str, str], str]:
    """Returns by (part, anchor) the title of the chapter that begins there."""
    nav = next((i for i in items.values() if "nav" in i.properties and i.part in archive), None)
    found = _nav(archive.read(nav.part), nav.part) if nav else {}
    spine = package.find("{*}spine")
    ncx = items.get(spine.get("toc", "")) if spine is not None else None
    if ncx is None:
        ncx = next((i for i in items.values() if i.media_type.endswith("dtbncx+xml")), None)
    if len(found) > 1 or ncx is None or ncx.part not in archive:
        return found
    other = _ncx(archive.read(ncx.part), ncx.part)  # the nav names the book's beginning, no more
    return other if len(other) > len(found) else found


def _nav(data: bytes, part: str) -> dict[tuple[str, str], str]:
    navs = list(safe_xml.parse(data, name=part).iter("{*}nav"))
    tables = [nav for nav in navs if "toc" in safe_xml.get(nav, "type").split()] or navs
    found: dict[tuple[str, str], str] = {}
    for link in tables[0].iter("{*}a") if tables else ():
        title = safe_xml.text(link)
        if link.get("href") and title:
            found.setdefault(resolve(part, link.get("href")), title)
    return found


def _ncx(data: bytes, part: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for point in safe_xml.parse(data, name=part).iter("{*}navPoint"):
        title = safe_xml.text(point.find("{*}navLabel"))
        content = point.find("{*}content")
        if title and content is not None and content.get("src"):
            found.setdefault(resolve(part, content.get("src")), title)
    return found


def _blocks(
    archive: Archive, spine: list[_Item], contents: dict[tuple[str, str], str]
) -> Iterator[TextBlock]:
    for item in spine:
        if item.media_type not in _DOCUMENTS:
            continue
        data = archive.read(item.part)
        text, _ = encodings.decode(data, encodings.declared(data), name=item.part)
        document = markup.parse(text, part=item.part)
        if "nav" in item.properties:
            yield from (replace(b, skip=b.skip or "contents", level=0) for b in document.blocks)
            continue
        opens = {
            document.anchors.get(anchor, 0): title
            for (part, anchor), title in reversed(contents.items())
            if part == item.part
        }
        for index, block in enumerate(document.blocks):
            yield replace(block, opens=opens[index]) if index in opens else block


def _cover(archive: Archive, package: etree._Element, items: dict[str, _Item]) -> Cover | None:
    """Returns the picture that the package calls its cover, None if there is none to be had."""
    item = next((i for i in items.values() if "cover-image" in i.properties), None)
    if item is None:
        for meta in package.iter("{*}meta"):
            if meta.get("name") == "cover":
                item = items.get(meta.get("content", ""))
    if item is None or item.media_type not in _PICTURES or item.part not in archive:
        return None
    try:
        return Cover(archive.read(item.part, limit=limits.MAX_COVER_BYTES), item.media_type)
    except InvalidRequest:
        return None
