"""Follows Word's fields and content controls: contents, page numbers, hints what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sonca.book.sources import formulas, safe_xml
from sonca.book.sources.docx.styles import is_on

_PAGE_FIELDS = frozenset(("PAGE", "NUMPAGES", "SECTIONPAGES"))
_CONTENTS, _HINT = "contents", "hint"
"""What a content control is: a list of chapters; text that only says what to write there."""


@dataclass(slots=True)
class _Field:
    """A field such as `PAGE`: its instruction comes first, then its result."""

    instruction: str = ""
    in_result: bool = False

    @property
    def name(self) -> str:
        return next(iter(self.instruction.upper().split(maxsplit=1)), "")


class Fields:
    """The fields and content controls that are open at a place in the text."""

    def __init__(self) -> None:
        self._fields: list[_Field] = []
        self._controls: list[str] = []
        self._formula = ""

    def take_formula(self) -> str:
        """Returns what a formula field (`EQ`) that has just ended sets, and forgets it."""
        formula, self._formula = self._formula, ""
        return formula

    @property
    def open(self) -> bool:
        return bool(self._fields or self._controls)

    @property
    def in_contents(self) -> bool:
        return _CONTENTS in self._controls or any(f.name == "TOC" for f in self._fields)

    @property
    def in_instruction(self) -> bool:
        return any(not each.in_result for each in self._fields)

    @property
    def hidden(self) -> str | None:
        """Why text at this place is not spoken; None if it is."""
        if _HINT in self._controls:
            return "hidden"
        page = any(each.name in _PAGE_FIELDS for each in self._fields)
        return "page number" if page else None

    def start(self, tag: str, attributes: Mapping[str, str]) -> bool:
        """Takes an element's start; returns whether it was one of these."""
        match tag:
            case "fldChar":
                self._mark(safe_xml.get(attributes, "fldCharType"))
            case "fldSimple":
                self._fields.append(_Field(safe_xml.get(attributes, "instr"), in_result=True))
            case "sdt":
                self._controls.append("")
            case "docPartGallery" if self._controls:
                if "table of contents" in safe_xml.get(attributes, "val").lower():
                    self._controls[-1] = _CONTENTS
            case "showingPlcHdr" if self._controls:
                self._controls[-1] = _HINT if is_on(attributes) else ""
            case _:
                return False
        return True

    def end(self, tag: str) -> None:
        """Takes an element's end."""
        stack: list[_Field] | list[str] = self._fields if tag == "fldSimple" else self._controls
        if tag in ("fldSimple", "sdt") and stack:
            stack.pop()

    def instruct(self, text: str) -> None:
        """Adds to the instruction that is being written."""
        if self.in_instruction:
            self._fields[-1].instruction += text

    def end_all(self) -> None:
        """Ends fields that the file never does."""
        self._fields.clear()

    def _mark(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(_Field())
        elif kind == "separate" and self._fields:
            self._fields[-1].in_result = True
        elif kind == "end" and self._fields:
            ended = self._fields.pop()
            if ended.name == "EQ":
                self._formula = _formula(ended.instruction)


_FRACTION = re.compile(r"\\f\s*\(([^();,]*)[;,]([^();,]*)\)", re.IGNORECASE)
_ROOT = re.compile(r"\\r\s*\((?:([^();,]*)[;,])?([^();,]*)\)", re.IGNORECASE)
_RAISED = re.compile(r"\\s\s*\\(up|do)\s*\d*\s*\(([^()]*)\)", re.IGNORECASE)


def _formula(instruction: str) -> str:
    """Returns the formula of an `EQ` field on one line; empty where it is another layout."""
    text = instruction.strip()[2:]
    text = _FRACTION.sub(lambda m: formulas.fraction(m[1], m[2]), text)
    text = _ROOT.sub(lambda m: formulas.root(m[2], m[1] or ""), text)
    text = _RAISED.sub(
        lambda m: (formulas.raised if m[1].lower() == "up" else formulas.lowered)(m[2]), text
    )
    return "" if "\\" in text else text.strip()
