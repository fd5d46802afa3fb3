"""Reads DOCX: paragraphs and heading styles of WordprocessingML; notes are not spoken."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sonca.book.model import Source, TextBlock
from sonca.book.sources import safe_xml
from sonca.book.sources.archive import Archive

_DOCUMENT = "word/document.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_HEADING = re.compile(r"(?:heading|tiêu ?đề|u)\s*(\d)\Z", re.IGNORECASE)
_TITLE = -1
"""Level of the book's title."""
_CONTENTS = re.compile(r"(?:toc|mục ?lục)\s*\w*\Z", re.IGNORECASE)


def read(path: Path) -> Source:
    """Reads a DOCX file. Raises `InvalidRequest` if it is damaged or locked."""
    with closing(Archive(path, "DOCX file")) as archive:
        styles = _styles(archive)
        body = _Body(styles)
        safe_xml.walk(archive.read(_DOCUMENT), body, name=_DOCUMENT)
        blocks = body.blocks
        for name in _NOTES:
            if name in archive:
                notes = _Body(styles, skip="note", part=name)
                safe_xml.walk(archive.read(name), notes, name=name)
                blocks += notes.blocks
        title, author = _properties(archive)
    titles = [b.text for b in blocks if b.level == _TITLE]
    if titles:  # a heading above all others
        blocks = [_lowered(block) for block in blocks]
    return Source("docx", tuple(blocks), title or (titles[0] if titles else ""), author)


def _lowered(block: TextBlock) -> TextBlock:
    level = 1 if block.level == _TITLE else block.level + 1 if block.level else 0
    return replace(block, level=min(level, 6))


def _properties(archive: Archive) -> tuple[str, str]:
    name = "docProps/core.xml"
    if name not in archive:
        return "", ""
    root = safe_xml.parse(archive.read(name), name=name)
    return safe_xml.text(root.find(".//{*}title")), safe_xml.text(root.find(".//{*}creator"))


def _styles(archive: Archive) -> dict[str, int | str]:
    """Returns by style's id a heading's level, or why such a paragraph is not spoken."""
    name = "word/styles.xml"
    found: dict[str, int | str] = {}
    if name not in archive:
        return found
    for style in safe_xml.parse(archive.read(name), name=name).iter("{*}style"):
        label = style.find("{*}name")
        meaning = _meaning(safe_xml.get(label, "val") if label is not None else "")
        if meaning is not None:
            found[safe_xml.get(style, "styleId")] = meaning
    return found


def _meaning(name: str) -> int | str | None:
    if name.strip().lower() == "title":
        return _TITLE
    heading = _HEADING.match(name.strip())
    if heading:
        return int(heading[1])
    return "contents" if _CONTENTS.match(name.strip()) else None


class _Body:
    """Gathers paragraphs; tracked deletions and field codes are other elements and stay out."""

    def __init__(
        self, styles: dict[str, int | str], *, skip: str | None = None, part: str = ""
    ) -> None:
        self.blocks: list[TextBlock] = []
        self._styles = styles
        self._skip = skip
        self._part = part
        self._text: list[str] = []
        self._style: int | str | None = None
        self._writing = False
        self._depth = 0  # paragraphs inside paragraphs: text boxes
        self._at = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        match safe_xml.local(tag):
            case "p":
                self._depth += 1
                if self._depth > 1:
                    self._flush()
            case "pStyle":
                value = safe_xml.get(attributes, "val")
                self._style = self._styles.get(value, _meaning(value))
            case "outlineLvl":
                level = safe_xml.get(attributes, "val")
                if level.isdigit() and int(level) < 9 and self._style is None:
                    self._style = int(level) + 1
            case "t":
                self._writing = True
            case "tab":
                self._text.append(" ")
            case "br" | "cr":
                self._text.append("\n")
            case "noBreakHyphen":
                self._text.append("-")
            case "Fallback":  # the same again for older programs
                self._skip, self._before = "hidden", self._skip

    def end(self, tag: str) -> None:
        match safe_xml.local(tag):
            case "p":
                self._flush()
                self._depth -= 1
            case "t":
                self._writing = False
            case "Fallback":
                self._skip = self._before

    def data(self, text: str) -> None:
        if self._writing:
            self._text.append(text)

    def close(self) -> None: ...

    def _flush(self) -> None:
        lines = (" ".join(line.split()) for line in "".join(self._text).split("\n"))
        text = "\n".join(line for line in lines if line)
        self._text.clear()
        style, self._style = self._style, None
        if not text:
            return
        skip = self._skip or (style if isinstance(style, str) else None)
        level = style if isinstance(style, int) and skip is None else 0
        self.blocks.append(TextBlock(text, min(level, 6), self._part, self._at, skip=skip))
        self._at += len(text) + 1
