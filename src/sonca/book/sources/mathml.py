"""Writes MathML on one line, where it is simple enough to be read so."""

from __future__ import annotations

from collections.abc import Callable

from sonca.book.sources import formulas
from sonca.book.sources.formulas import Node

_MAX_CHARS = 120
_TOKENS = frozenset(("mi", "mn", "mo", "mtext", "ms"))
_GROUPS = frozenset(("math", "mrow", "mstyle", "mpadded", "semantics", "mphantom"))
_SPACED = frozenset("=≠≈<>≤≥×÷±→⇒⇔+−-")
_INVISIBLE = str.maketrans("", "", "\u2061\u2062\u2063\u2064\u200b")


def line(node: Node) -> str | None:
    """Returns a formula as text; None for one that a line cannot hold: matrices, limits."""
    try:
        text = " ".join(_line(node).split())
    except _NotSimple:
        return None
    return text if text and len(text) <= _MAX_CHARS else None


class _NotSimple(Exception):
    pass


def _line(node: Node) -> str:
    if node.tag in _TOKENS:
        text = node.text.strip().translate(_INVISIBLE)
        return f" {text} " if node.tag == "mo" and text in _SPACED else text
    if node.tag in _GROUPS:
        return "".join(_line(c) for c in node.children if not c.tag.startswith("annotation"))
    if node.tag == "mspace":
        return " "
    if node.tag == "mfenced":
        return f"({', '.join(map(_line, node.children))})"
    write = _WRITERS.get(node.tag)
    if write is None:
        raise _NotSimple
    return write([_line(child).strip() for child in node.children])


def _of(count: int, write: Callable[..., str]) -> Callable[[list[str]], str]:
    def checked(parts: list[str]) -> str:
        if len(parts) != count:
            raise _NotSimple
        return write(*parts)

    return checked


_WRITERS: dict[str, Callable[[list[str]], str]] = {
    "mfrac": _of(2, formulas.fraction),
    "msup": _of(2, lambda base, top: base + formulas.raised(top)),
    "msub": _of(2, lambda base, low: base + formulas.lowered(low)),
    "msubsup": _of(3, lambda base, low, top: base + formulas.lowered(low) + formulas.raised(top)),
    "msqrt": lambda parts: formulas.root("".join(parts)),
    "mroot": _of(2, formulas.root),
}
