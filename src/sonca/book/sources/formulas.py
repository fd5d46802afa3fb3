"""Writes formulas on one line, in the signs that the text rules read: x², H₂O, 1⁄2, √2, x^(k+1).

The same for every format that sets them: Word's own (OMML), TeX between dollars. Also decides what
a raised number beside a word is: a power, or the mark of a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_RAISED = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
_SMALL = "abcdefghijklm"
_LETTERS = str.maketrans(_SMALL, "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐ")
_LOWERED = str.maketrans("0123456789+-−=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_ORDINAL = re.compile(r"(?:st|nd|rd|th|o|a|e|er|ère)\Z", re.IGNORECASE)
_MARK = re.compile(
    r"\s*(?:[\[({]\s*(?:\d{1,3}|[*†‡§])\s*[\])}]|[*†‡§]{1,3}|\d{1,3}|TM|SM|®|©)\s*\Z"
)
_LETTER_MARK = re.compile(r"\s*[\[(]?[a-mo-z][\])]?\s*\Z")
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]{2,}|[.,;:!?…\"'”’»])\s*\Z")
_UNITS = frozenset(
    (
        *("m", "cm", "dm", "mm", "km", "hm", "dam", "nm", "µm", "μm", "ha", "s"),
        *("kg", "g", "in", "ft", "mi", "yd", "px"),
    )
)
_BY_HAND = re.compile(r"([⁰¹²³⁴-⁹]+)\s*[/⁄]\s*([₀-₉]+)")
_PLAIN = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉", "01234567890123456789")
_BEFORE = re.compile(r"([^\W\d_]+|\d[\d.,]*|\S)\s*\Z")
_YEAR = re.compile(r"1\d{3}|20\d{2}")
_ALGEBRA = re.compile(r"\([^()]*(?:[+\-−*/=^]|\b\w\b)[^()]*\)\Z")


@dataclass(slots=True)
class Node:
    """An element of a formula, as Word (OMML) and MathML set it."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)
    text: str = ""


def raised(text: str) -> str:
    """Returns `text` as an exponent."""
    return _set(text, _RAISED, "^")


def raised_mark(text: str) -> str:
    """Returns a letter that begins a note, raised; anything else as an exponent."""
    bare = text.strip("[](){} ")
    return bare.translate(_LETTERS) if len(bare) == 1 and bare in _SMALL else raised(text)


def lowered(text: str) -> str:
    """Returns `text` as an index."""
    return _set(text, _LOWERED, "_")


def _set(text: str, table: dict[int, int], sign: str) -> str:
    bare = text.strip()
    if not bare or (_ORDINAL.match(bare) and sign == "^"):
        return text
    if all(ord(char) in table for char in bare):
        return bare.translate(table)
    return f"{sign}({bare})"


def is_note_mark(text: str, before: str) -> bool:
    """Returns whether the raised `text` marks a note, and is no power of what stands before it:
    after a word, a stop or a year it does, after a unit, a letter or a number it does not."""
    if _LETTER_MARK.match(text):
        return _WORD_BEFORE.search(before[-60:]) is not None
    if not _MARK.match(text):
        return False
    found = _BEFORE.search(before[-60:])
    if found is None or not text.strip().isdigit():
        return found is not None
    last = found[1]
    if last[-1].isdigit():
        return bool(_YEAR.fullmatch(last)) and not re.search(r"[=×*/+]\s*\Z", before[: -len(last)])
    if last.isalpha():
        return len(last) > 1 and last not in _UNITS
    if last == ")":
        return not _ALGEBRA.search(before[-60:].rstrip())
    return last in ".,;:!?…\"'”’»"


def is_numerator(text: str, following: str) -> bool:
    """Returns whether the raised `text` is the upper part of a fraction that is set by hand."""
    return text.strip().isdigit() and following.lstrip().startswith(("/", "⁄"))


def with_fractions(text: str) -> str:
    """Returns `text`, with raised and lowered figures around a stroke as fractions."""
    if "/" not in text and "⁄" not in text:
        return text
    return _BY_HAND.sub(lambda m: f"{m[1].translate(_PLAIN)}⁄{m[2].translate(_PLAIN)}", text)


def fraction(top: str, bottom: str) -> str:
    """Returns a fraction, each part in brackets where it is more than a number or a name."""
    return f"{_grouped(top)}⁄{_grouped(bottom)}"


def root(inside: str, degree: str = "") -> str:
    """Returns a root; the second unless `degree` names another."""
    sign = {"": "√", "2": "√", "3": "∛", "4": "∜"}.get(degree.strip())
    return (sign or f"căn bậc {degree.strip()} của ") + _grouped(inside)


def _grouped(text: str) -> str:
    text = text.strip()
    return text if re.fullmatch(r"[\w.,\u2070-\u209f²³¹]*", text) else f"({text})"
