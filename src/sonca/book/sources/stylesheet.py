"""Says how a stylesheet lets elements be seen: whether at all, as lines, raised, with what numbers.

Hidden are display, visibility, opacity, letters without size or colour, clipping, places far off
the page. Reads CSS with tinycss2. What it does not know it leaves visible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from sonca.book.sources import selectors
from sonca.book.sources.selectors import Element

_TINY_PX = 1.0
_FAR_PX = -500.0
_PX = {"px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16, "": 1.0, "vw": 10.0, "ex": 8.0}
_LENGTH = re.compile(r"(-?\d*\.?\d+)([a-z%]*)\Z")
_CLIPPED = re.compile(r"rect\(\s*(?:0|1px|0px)[\s,]|inset\(\s*(?:50|100)%|circle\(\s*0")
_FLAT = re.compile(r"scale(?:x|y)?\(\s*0?\.?0*[\s,)]|translate(?:x|y)?\(\s*-\d{4,}")
_INLINE = (1 << 20, 0, 0, 0)


class Look(NamedTuple):
    """How an element is seen."""

    hidden: bool = False
    block: bool = False
    """Whether it is shown as lines of its own, as no inline element is by itself."""
    script: str = ""
    """``super`` or ``sub`` for raised and lowered text."""
    counts: str = ""
    """How its list counts: ``none``, 1, a, A, i, I; empty where nothing is said."""
    painted: bool = False
    """Whether it has a background of its own, so that white letters can be read."""


PLAIN, PAINTED = Look(), Look(painted=True)


class _Rule(NamedTuple):
    selector: selectors.Selector
    weight: tuple[int, int, int, int]
    values: Mapping[str, tuple[Any, bool]]
    """What each property says, and whether it is important."""


@dataclass(slots=True)
class Stylesheet:
    """The rules of some stylesheets that say how something is seen."""

    imports: list[str] = field(default_factory=list)
    """Other stylesheets that belong to it."""
    rules: list[_Rule] = field(default_factory=list)
    _by_name: dict[str, list[_Rule]] = field(default_factory=dict)
    """The rules by a class, the id or the tag that their element must have."""

    def add(self, other: Stylesheet) -> None:
        """Adds the rules of another stylesheet, behind its own."""
        for rule in other.rules:
            self._add(rule.selector, rule.values)

    def _add(self, selector: selectors.Selector, values: Mapping[str, tuple[Any, bool]]) -> None:
        rule = _Rule(selector, (*selectors.weight(selector), len(self.rules)), values)
        inner = selector[0]
        name = next(iter(sorted(inner.classes)), "")
        key = f".{name}" if name else f"#{inner.id}" if inner.id else inner.tag or "*"
        self.rules.append(rule)
        self._by_name.setdefault(key, []).append(rule)

    def look(self, path: Sequence[Element], style: str, *, painted: bool = False) -> Look:
        """Returns how the last element of a path, with its own `style`, is seen. `painted` says
        whether it stands on a background."""
        found = self._declared(path, style) if self.rules or style else None
        if not found:
            return PAINTED if painted else PLAIN
        return _look(found, painted)

    def _declared(self, path: Sequence[Element], style: str) -> dict[str, Any]:
        found: dict[str, tuple[tuple[bool, tuple[int, int, int, int]], Any]] = {}
        last = path[-1]
        for key in (last.tag, "*", f"#{last.id}", *[f".{name}" for name in last.classes]):
            for rule in self._by_name.get(key, ()):
                if selectors.matches(rule.selector, path):
                    _take(found, rule.values, rule.weight)
        if style:
            _take(found, declared(style), _INLINE)
        return {name: value for name, (_, value) in found.items()}


def _take(
    found: dict[str, tuple[tuple[bool, tuple[int, int, int, int]], Any]],
    values: Mapping[str, tuple[Any, bool]],
    weight: tuple[int, int, int, int],
) -> None:
    for name, (value, important) in values.items():
        rank = (important, weight)
        if name not in found or rank >= found[name][0]:
            found[name] = (rank, value)


def _look(found: Mapping[str, Any], painted: bool) -> Look:
    painted = painted or found.get("background") is True
    far = found.get("place") and found.get("position")
    flat = found.get("size") and found.get("overflow")
    color = found.get("color", "")
    hidden = (
        any(found.get(name) is True for name in _HIDE)
        or bool(far or flat)
        or color == "clear"
        or (color == "white" and not painted)
    )
    shown = found.get("display", "")
    return Look(
        hidden or shown == "none",
        shown in ("block", "list-item", "table-row"),
        found.get("vertical-align", ""),
        found.get("list-style", ""),
        painted,
    )


@lru_cache(maxsize=256)
def parse(css: str) -> Stylesheet:
    """Returns the rules of a stylesheet that say how something is seen."""
    import tinycss2

    sheet = Stylesheet()
    if _RELEVANT.search(css):
        nodes = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
        _add_all(sheet, nodes)
    return sheet


def _add_all(sheet: Stylesheet, nodes: Iterable[Any]) -> None:
    import tinycss2

    for node in nodes:
        if node.type == "at-rule":
            prelude = tinycss2.serialize(node.prelude).strip()
            if node.lower_at_keyword == "import" and (to := _IMPORT.match(prelude)):
                sheet.imports.append(to[2])
            elif (node.content and node.lower_at_keyword in ("supports", "layer")) or (
                node.content and node.lower_at_keyword == "media" and _MEDIA.match(prelude)
            ):
                _add_all(sheet, tinycss2.parse_rule_list(node.content, True, True))
        elif node.type == "qualified-rule":
            values = _values(node.content)
            for part in _parts(tinycss2.serialize(node.prelude)) if values else ():
                if selector := selectors.parse(part):
                    sheet._add(selector, values)


_IMPORT = re.compile(r"(?:url\(\s*)?([\"']?)([^\"'()\s]+)\1")
_MEDIA = re.compile(r"(?:only\s+)?(?:screen|all)?\s*(?:\Z|,)|not\s+print", re.IGNORECASE)
"""Media that a reader's screen is, whatever its size."""


def _parts(prelude: str) -> Iterable[str]:
    return re.split(r",(?![^(\[]*[)\]])", prelude)


@lru_cache(maxsize=4096)
def declared(style: str) -> Mapping[str, tuple[Any, bool]]:
    """Returns what the declarations of a `style` attribute say."""
    return _values(style) if _RELEVANT.search(style) else {}


def _values(declarations: Any) -> Mapping[str, tuple[Any, bool]]:
    import tinycss2

    found = {}
    for node in tinycss2.parse_declaration_list(declarations, True, True):
        if node.type == "declaration" and node.lower_name in _READ:
            name, read = _READ[node.lower_name]
            value = read(tinycss2.serialize(node.value).strip().lower())
            if value or name not in _ONLY_SURE:
                found[name] = (value, node.important)
    return found


def _px(value: str) -> float | None:
    length = _LENGTH.match(value)
    return float(length[1]) * _PX[length[2]] if length and length[2] in _PX else None


def _is_tiny(value: str) -> bool:
    size = _px(value)
    return size is not None and size <= _TINY_PX


def _is_far(value: str) -> bool:
    size = _px(value)
    return size is not None and size <= _FAR_PX


def _is_clear(value: str) -> bool:
    length = _LENGTH.match(value)
    return length is not None and float(length[1]) <= (5 if length[2] == "%" else 0.05)


_WHITE = re.compile(
    r"#f{3,4}\Z|#f{6}(?:f{2})?\Z|white\Z|rgba?\(\s*255\s*,\s*255\s*,\s*255\s*(?:,\s*1(?:\.0)?\s*)?\)"
)
_CLEAR = re.compile(r"transparent\Z|rgba\([^)]*,\s*0?\.?0*\s*\)\Z|#[0-9a-f]{6}00\Z")


def _color(value: str) -> str:
    return "white" if _WHITE.match(value) else "clear" if _CLEAR.match(value) else ""


def _paints(value: str) -> bool:
    return not (_color(value) or value in ("", "none", "inherit", "initial", "unset"))


_COUNTS = {
    **{"decimal": "1", "decimal-leading-zero": "1"},
    **{"lower-alpha": "a", "lower-latin": "a", "upper-alpha": "A", "upper-latin": "A"},
    **{"lower-roman": "i", "upper-roman": "I"},
    **dict.fromkeys(("none", "disc", "circle", "square"), "none"),
}


def _counts(value: str) -> str:
    return next((_COUNTS[word] for word in value.split() if word in _COUNTS), "")


def _same(value: str) -> str:
    return value


def _script(value: str) -> str:
    return value if value in ("super", "sub") else ""


def _clips(value: str) -> bool:
    return _CLIPPED.match(value) is not None


_Reader = Callable[[str], Any]
_READ: dict[str, tuple[str, _Reader]] = {
    "display": ("display", _same),
    "visibility": ("visibility", lambda value: value in ("hidden", "collapse")),
    "opacity": ("opacity", _is_clear),
    "font-size": ("font-size", _is_tiny),
    "clip": ("clip", _clips),
    "clip-path": ("clip-path", _clips),
    "transform": ("transform", lambda value: _FLAT.search(value) is not None),
    "text-indent": ("text-indent", _is_far),
    "color": ("color", _color),
    "background": ("background", _paints),
    "background-color": ("background", _paints),
    "background-image": ("background", _paints),
    "position": ("position", lambda value: value in ("absolute", "fixed")),
    **dict.fromkeys(("left", "right", "top", "bottom", "margin-left"), ("place", _is_far)),
    "overflow": ("overflow", lambda value: "hidden" in value),
    **dict.fromkeys(("width", "height", "max-width", "max-height"), ("size", _is_tiny)),
    "vertical-align": ("vertical-align", _script),
    "list-style": ("list-style", _counts),
    "list-style-type": ("list-style", _counts),
}
"""Under what name each property is kept, and how its value is read."""
_RELEVANT = re.compile(rf"{'|'.join(sorted(_READ))}|@import", re.IGNORECASE)
_HIDE = ("visibility", "opacity", "font-size", "clip", "clip-path", "transform", "text-indent")
_ONLY_SURE = frozenset(("position", "place", "overflow", "size", "background", "list-style"))
"""Kept only where they say something: rules that give a place or a size are many."""
