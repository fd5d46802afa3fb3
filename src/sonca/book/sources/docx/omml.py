"""Writes Word's formulas (OMML) on one line."""

from __future__ import annotations

import re
from collections.abc import Callable

from sonca.book.sources import formulas, safe_xml
from sonca.book.sources.formulas import Node

_OPERATOR = re.compile(r"\s*([=≠≈<>≤≥×÷±→⇒⇔])\s*")


def line(node: Node) -> str:
    """Returns a formula as text."""
    return " ".join(_OPERATOR.sub(r" \1 ", _line(node)).split())


def _line(node: Node) -> str:
    if node.tag == "t":
        return node.text
    write = _WRITERS.get(node.tag)
    return write(node) if write else _joined(node.children)


def _joined(nodes: list[Node]) -> str:
    text = ""
    for node in nodes:
        if not node.tag.endswith("Pr"):
            # 1 and ½ are one and a half.
            text += (" " if node.tag == "f" and text[-1:].isdigit() else "") + _line(node)
    return text


def _parts(node: Node, tag: str) -> list[str]:
    return [_line(child) for child in node.children if child.tag == tag]


def _part(node: Node, tag: str) -> str:
    return "".join(_parts(node, tag)).strip()


def _property(node: Node, name: str) -> str | None:
    for child in node.children:
        if child.tag.endswith("Pr"):
            for each in child.children:
                if each.tag == name:
                    return safe_xml.get(each.attributes, "val")
    return None


def _sign(node: Node, name: str, usual: str) -> str:
    found = _property(node, name)
    return usual if found is None else found


def _base(node: Node) -> str:
    return _part(node, "e")


def _lower(node: Node) -> str:
    return formulas.lowered(_part(node, "sub"))


def _upper(node: Node) -> str:
    return formulas.raised(_part(node, "sup"))


def _bracketed(node: Node) -> str:
    between = _property(node, "sepChr") or ", "
    inside = between.join(_parts(node, "e"))
    return _sign(node, "begChr", "(") + inside + _sign(node, "endChr", ")")


_WRITERS: dict[str, Callable[[Node], str]] = {
    "f": lambda n: formulas.fraction(_part(n, "num"), _part(n, "den")),
    "sSup": lambda n: _base(n) + _upper(n),
    "sSub": lambda n: _base(n) + _lower(n),
    "sSubSup": lambda n: _base(n) + _lower(n) + _upper(n),
    "rad": lambda n: formulas.root(_base(n), _part(n, "deg")),
    "d": _bracketed,
    "nary": lambda n: f"{_sign(n, 'chr', '∫')}{_lower(n)}{_upper(n)} {_base(n)}",
    "func": lambda n: f"{_part(n, 'fName')} {_base(n)}",
    "limLow": lambda n: f"{_base(n)} {_part(n, 'lim')}",
    "limUpp": lambda n: f"{_base(n)} {_part(n, 'lim')}",
    "m": lambda n: "; ".join(_parts(n, "mr")),
    "mr": lambda n: ", ".join(_parts(n, "e")),
    "eqArr": lambda n: "; ".join(_parts(n, "e")),
}
