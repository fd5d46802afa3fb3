"""Reads DOCX: paragraphs, headings, numbers of lists, tables; notes are not spoken."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from lxml import etree

from sonca.book.model import Source, TextBlock
from sonca.book.sources import safe_xml
from sonca.book.sources.archive import Archive
from sonca.book.sources.docx.body import Body, Notes
from sonca.book.sources.docx.contents import without_contents
from sonca.book.sources.docx.numbering import Numbering
from sonca.book.sources.docx.styles import TITLE, Styles
from sonca.errors import InvalidRequest

_DOCUMENT = "word/document.xml"
_OTHER = (
    (b"{\\rtf", "it is RTF with another name"),
    (b"\xd0\xcf\x11\xe0", "it is a .doc of an older Word, or has a password"),
    (b"%PDF", "it is a PDF; let its name end in .pdf"),
)


def read(path: Path) -> Source:
    """Reads a DOCX file. Raises `InvalidRequest` if it is damaged or locked."""
    _check(path)
    with closing(Archive(path, "DOCX file")) as archive:
        document = _main_part(archive)
        folder = document.rpartition("/")[0]
        styles = Styles(_part(archive, f"{folder}/styles.xml"))
        numbering = Numbering(_part(archive, f"{folder}/numbering.xml"))
        notes: Notes = {}
        for kind in ("footnote", "endnote"):
            name = f"{folder}/{kind}s.xml"
            if name in archive:
                reader = Body(styles, numbering, notes, skip="note", part=name)
                safe_xml.walk(archive.read(name), reader, name=name)
        body = Body(styles, numbering, notes)
        text = archive.read(document)
        try:
            safe_xml.walk(text, body, name=document)
        except InvalidRequest:
            if not (archive.mended and body.blocks):  # cut off with its file
                raise
        blocks = without_contents(body.blocks, body.listed)
        blocks += [block for left in notes.values() for block in left]
        title, author = _properties(archive)
    titles = [b.text for b in blocks if b.level == TITLE]
    if titles:  # a heading above all others
        blocks = [_lowered(block) for block in blocks]
    title = title or (titles[0] if titles else "")
    return Source("docx", tuple(blocks), title, author, mended=tuple(archive.mended))


def _check(path: Path) -> None:
    """Raises `InvalidRequest` for a file of another kind with a DOCX file's name."""
    with path.open("rb") as file:
        begin = file.read(8)
    for sign, why in _OTHER:
        if begin.startswith(sign):
            raise InvalidRequest(
                f"{path.name} is no DOCX file: {why}; open it in Word or LibreOffice and save it "
                "as .docx without a password",
                field="file",
            )


def _main_part(archive: Archive) -> str:
    """Returns the name of the part with the text: what the package says, if it is not the usual."""
    if _DOCUMENT in archive or "_rels/.rels" not in archive:
        return _DOCUMENT
    for relation in safe_xml.parse(archive.read("_rels/.rels"), name="_rels/.rels"):
        target = safe_xml.get(relation, "Target").lstrip("/")
        if safe_xml.get(relation, "Type").endswith("/officeDocument") and target in archive:
            return target
    return _DOCUMENT


def _part(archive: Archive, name: str) -> etree._Element | None:
    """Returns a part that the text can do without; None for one that is missing or damaged."""
    if name not in archive:
        return None
    data = archive.read(name)
    try:
        return safe_xml.parse(data, name=name)
    except InvalidRequest:
        archive.mended.append(f"{name} is damaged, and was passed over")
        return None


def _lowered(block: TextBlock) -> TextBlock:
    level = 1 if block.level == TITLE else block.level + 1 if block.level else 0
    return replace(block, level=min(level, 6))


def _properties(archive: Archive) -> tuple[str, str]:
    root = _part(archive, "docProps/core.xml")
    if root is None:
        return "", ""
    return safe_xml.text(root.find(".//{*}title")), safe_xml.text(root.find(".//{*}creator"))
