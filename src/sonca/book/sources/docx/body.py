"""Walks through the text of a DOCX file: paragraphs, tables, text boxes, tracked changes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sonca.book.model import TextBlock
from sonca.book.sources import rows, safe_xml
from sonca.book.sources.docx import omml
from sonca.book.sources.docx.fields import Fields
from sonca.book.sources.docx.numbering import Numbering
from sonca.book.sources.docx.paragraph import NEW_PAGE, Paragraph
from sonca.book.sources.docx.styles import Styles, is_on
from sonca.book.sources.formulas import Node

_LEFT_OUT = frozenset(
    # Deleted, moved away, said again for older programs, the base under a ruby text.
    ("del", "moveFrom", "Fallback", "rubyBase", "pPrChange", "rPrChange", "sectPr", "tblPr")
)
_CHANGED_MARKS = frozenset(("del", "moveFrom"))
_HIDDEN = frozenset(("vanish", "webHidden", "specVanish"))


_HIGH, _LOW = "superscript", "subscript"
_FIGURES = re.compile(r"[\d+−–-]{1,4}\Z")
_TINY_HALF_POINTS = 4


def _is_shade(attributes: Mapping[str, str]) -> bool:
    """Returns whether a shading has a colour that white letters can be read on."""
    return safe_xml.get(attributes, "fill").lower() not in ("", "auto", "ffffff", "none")


@dataclass(slots=True)
class _Run:
    """The look of a run of text."""

    hidden: str | None = None
    position: str = ""
    lifted: str = ""
    """As `position`, for text that was only moved up or down: figures, or else nothing."""
    white: bool = False
    shaded: bool = False
    bold: bool = False
    half_points: int = 0
    """Size of its letters, 0 where nothing is said."""


Notes = dict[tuple[str, str], list[TextBlock]]
"""The blocks of each note, by its kind (``footnote`` or ``endnote``) and id."""


class Body:
    """A parser target that gathers the blocks of a part, each note after the paragraph that
    refers to it; or, in a part of notes, the notes."""

    def __init__(
        self,
        styles: Styles,
        numbering: Numbering,
        notes: Notes,
        *,
        skip: str | None = None,
        part: str = "",
    ) -> None:
        self.blocks: list[TextBlock] = []
        self.listed: set[int] = set()
        """Indexes of blocks that look like lines of a table of contents."""
        self._styles = styles
        self._numbering = numbering
        self._notes = notes
        self._note_id = ""
        self._skip = skip
        self._part = part
        self._at = 0
        self._left_out = 0  # elements open inside one that is left out, itself included
        self._writing = False
        self._in_mark = False  # in what is said of a paragraph's end
        self._run = _Run()
        self._paragraphs: list[Paragraph] = []
        self._sinks: list[list[TextBlock]] = []  # of cells and text boxes
        self._rows: list[list[list[TextBlock]]] = []  # cells
        self._fields = Fields()
        self._links = 0
        self._formula: list[Node] = []
        self._carried_notes: list[tuple[str, str]] = []
        self._carried: list[str] = []  # drop cap, or a paragraph whose end was deleted

    # What the parser tells

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        tag = safe_xml.local(tag)
        if self._left_out:
            self._left_out += 1
        elif tag in _LEFT_OUT:
            if self._in_mark and tag in _CHANGED_MARKS and self._paragraphs:
                self._paragraphs[-1].goes_on = True
            self._left_out = 1
        elif self._formula or tag == "oMath":
            self._formula.append(Node(tag, dict(attributes)))
        elif tag in _STARTS:
            _STARTS[tag](self, attributes)
        elif self._fields.start(tag, attributes):
            if formula := self._fields.take_formula():
                self._write(formula)
        elif self._paragraphs:
            if self._in_mark:
                self._property(tag, attributes)
            else:
                self._start_in_run(tag, attributes)

    def end(self, tag: str) -> None:
        tag = safe_xml.local(tag)
        if self._left_out:
            self._left_out -= 1
        elif self._formula:
            self._end_formula()
        elif tag in _ENDS:
            _ENDS[tag](self)
        elif self._fields.open:
            self._fields.end(tag)

    def data(self, text: str) -> None:
        if self._left_out:
            return
        if self._formula:
            self._formula[-1].text += text
        elif self._writing:
            self._write(text)
        else:
            self._fields.instruct(text)

    def close(self) -> None: ...

    # Text

    def _write(self, text: str) -> None:
        if not self._paragraphs:
            return
        paragraph, hidden = self._paragraphs[-1], self._run.hidden
        if self._fields.open:
            if self._fields.in_instruction:
                return
            hidden = hidden or self._fields.hidden
            paragraph.page_number |= hidden == "page number"
        hidden = hidden or self._unseen()
        if hidden:
            paragraph.leave_out(text, hidden)
            return
        if not text.isspace():
            paragraph.look_of(bold=self._run.bold, half_points=self._run.half_points)
        if self._links:
            paragraph.linked = True
        elif not text.isspace():
            paragraph.unlinked = True
        lifted = self._run.lifted if _FIGURES.match(text) else ""
        paragraph.write(text, self._run.position or lifted)

    def _unseen(self) -> str | None:
        """Returns whether the run's letters are white on white, or too small to be seen."""
        run = self._run
        white = run.white and not (run.shaded or self._paragraphs[-1].shaded or self._rows)
        return "hidden" if white or 0 < run.half_points <= _TINY_HALF_POINTS else None

    def _property(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Takes a property of the paragraph."""
        paragraph, value = self._paragraphs[-1], safe_xml.get(attributes, "val")
        match tag:
            case "pStyle":
                paragraph.style, paragraph.style_id = self._styles.get(value), value
            case "outlineLvl" if value.isdigit():
                paragraph.outline = 0 if int(value) > 8 else int(value) + 1
            case "numId":
                paragraph.list_id = value
            case "ilvl" if value.isdigit():
                paragraph.list_level = int(value)
            case "jc":
                paragraph.centered = value == "center"
            case "shd":
                paragraph.shaded |= _is_shade(attributes)
            case "framePr":
                paragraph.drop_cap = safe_xml.get(attributes, "dropCap") in ("drop", "margin")

    def _start_in_run(self, tag: str, attributes: Mapping[str, str]) -> None:
        match tag:
            case "r":
                style = self._paragraphs[-1].style
                self._run = _Run("hidden" if style.skip == "hidden" else None)
            case "tab" | "ptab":
                self._write("\t")
            case "br" | "cr":
                page = safe_xml.get(attributes, "type") in ("page", "column")
                self._write(NEW_PAGE if page else "\n")
            case "noBreakHyphen":
                self._write("-")
            case "docPr":
                alt = safe_xml.get(attributes, "descr")
                self._paragraphs[-1].unspoken.append((alt, "picture"))
            case _:
                self._look(tag, attributes)

    def _look(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Takes a property of the run, or the reference to a note."""
        value = safe_xml.get(attributes, "val")
        if tag == "rStyle":
            style = self._styles.get(value)
            self._run.hidden = style.skip or self._run.hidden
            self._run.position = style.position
        elif tag == "vertAlign":
            self._run.position = value if value in ("superscript", "subscript") else ""
        elif tag == "position":
            raised = value.lstrip("-").isdigit() and abs(int(value)) > 2
            self._run.lifted = "" if not raised else _LOW if value[0] == "-" else _HIGH
        elif tag in ("color", "highlight", "shd", "b", "sz"):
            self._take_look(tag, value, attributes)
        elif tag in _HIDDEN:
            self._run.hidden = "hidden" if is_on(attributes) else None
        elif tag in ("footnoteReference", "endnoteReference"):
            note = (tag.removesuffix("Reference"), safe_xml.get(attributes, "id"))
            self._paragraphs[-1].notes.append(note)
            if safe_xml.get(attributes, "customMarkFollows") in ("1", "true", "on"):
                self._run.hidden = "note mark"

    def _take_look(self, tag: str, value: str, attributes: Mapping[str, str]) -> None:
        match tag:
            case "color":
                self._run.white = value.upper() == "FFFFFF"
            case "highlight":
                self._run.shaded |= value not in ("none", "white")
            case "shd":
                self._run.shaded |= _is_shade(attributes)
            case "b":
                self._run.bold = is_on(attributes)
            case "sz" if value.isdigit():
                self._run.half_points = int(value)

    # Elements

    def _start_text(self, attributes: Mapping[str, str]) -> None:
        self._writing = True

    def _end_text(self) -> None:
        self._writing = False

    def _start_properties(self, attributes: Mapping[str, str]) -> None:
        self._in_mark = True

    def _end_properties(self) -> None:
        self._in_mark = False

    def _start_paragraph(self, attributes: Mapping[str, str]) -> None:
        self._run = _Run()
        self._paragraphs.append(Paragraph(contents=self._fields.in_contents))
        if len(self._paragraphs) == 1:
            self._paragraphs[0].pieces.extend(self._carried)
            self._paragraphs[0].notes.extend(self._carried_notes)
            self._carried.clear()
            self._carried_notes.clear()

    def _end_paragraph(self) -> None:
        if not self._paragraphs:
            return
        paragraph = self._paragraphs.pop()
        paragraph.end_script()
        if paragraph.level > 0 and self._fields.in_contents:
            self._fields.end_all()  # never ended: no heading is in a table of contents
        paragraph.contents |= self._fields.in_contents
        if (paragraph.drop_cap or paragraph.goes_on) and not self._paragraphs:
            text = "".join(paragraph.pieces)
            self._carried.append(text.strip() if paragraph.drop_cap else text)
            self._carried_notes += paragraph.notes
            self._add(paragraph.boxes)
            return
        skip = self._skip or ("contents" if paragraph.contents else paragraph.style.skip)
        number = self._number(paragraph)
        paragraph.take_drop_cap()
        blocks = list(paragraph.blocks(number, self._part, skip))
        self._add(blocks, listed=paragraph.listed and not paragraph.level)
        self._add(paragraph.boxes)
        for note in paragraph.notes:
            self._add(self._notes.pop(note, []))

    def _number(self, paragraph: Paragraph) -> str:
        own, style = paragraph.list_id, paragraph.style
        id = own if own is not None else style.list_id
        if not id or id == "0":
            return ""
        paragraph.item = True
        level = paragraph.list_level
        if level is None and own is None:
            level = self._numbering.level_of_style(id, paragraph.style_id)
        if level is None:
            level = style.list_level if own is None else 0
        return self._numbering.next(id, level)

    def _add(self, blocks: list[TextBlock], *, listed: bool = False) -> None:
        if self._sinks:
            self._sinks[-1].extend(blocks)
            return
        for block in blocks:
            if block.part != self._part:  # a note
                self.blocks.append(block)
                continue
            if listed:
                self.listed.add(len(self.blocks))
            self.blocks.append(replace(block, start=self._at))
            self._at += len(block.text) + 1

    def _start_box(self, attributes: Mapping[str, str]) -> None:
        self._sinks.append([])

    def _end_box(self) -> None:
        blocks = self._sinks.pop()
        if self._paragraphs:
            self._paragraphs[-1].boxes.extend(blocks)
        else:
            self._add(blocks)

    def _start_note(self, attributes: Mapping[str, str]) -> None:
        self._note_id = safe_xml.get(attributes, "id")

    def _end_footnote(self) -> None:
        self._end_note("footnote")

    def _end_endnote(self) -> None:
        self._end_note("endnote")

    def _end_note(self, kind: str) -> None:
        self._notes[kind, self._note_id] = self.blocks
        self.blocks = []

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        self._rows.append([])

    def _end_row(self) -> None:
        self._add(rows.row(self._rows.pop()))

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        self._sinks.append([])

    def _end_cell(self) -> None:
        blocks = self._sinks.pop()
        if self._rows:
            self._rows[-1].append(blocks)
        else:
            self._add(blocks)

    def _start_link(self, attributes: Mapping[str, str]) -> None:
        self._links += bool(safe_xml.get(attributes, "anchor")) or bool(self._links)

    def _end_link(self) -> None:
        self._links = max(0, self._links - 1)

    def _end_formula(self) -> None:
        node = self._formula.pop()
        if self._formula:
            self._formula[-1].children.append(node)
            return
        text = omml.line(node)
        if self._paragraphs and text:
            before = "".join(self._paragraphs[-1].pieces[-1:])
            self._write(f" {text}" if before[-1:].isdigit() else text)


_STARTS = {
    "p": Body._start_paragraph,
    "t": Body._start_text,
    "pPr": Body._start_properties,
    "txbxContent": Body._start_box,
    "footnote": Body._start_note,
    "endnote": Body._start_note,
    "tr": Body._start_row,
    "tc": Body._start_cell,
    "hyperlink": Body._start_link,
}
_ENDS = {
    "p": Body._end_paragraph,
    "t": Body._end_text,
    "pPr": Body._end_properties,
    "txbxContent": Body._end_box,
    "footnote": Body._end_footnote,
    "endnote": Body._end_endnote,
    "tr": Body._end_row,
    "tc": Body._end_cell,
    "hyperlink": Body._end_link,
}
