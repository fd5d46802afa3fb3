"""Says what a stylesheet hides: display, visibility, opacity, size of letters, clipping.

Reads CSS with tinycss2, and of its selectors those that books use: elements, classes, ids, and
one inside another. What it does not know it leaves visible.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_RELEVANT = re.compile(r"display|visibility|opacity|font-size|clip|list-style", re.IGNORECASE)
_TINY_PX = 1.0
_PX = {"px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "%": 0.16, "": 1.0}
_LENGTH = re.compile(r"(-?\d*\.?\d+)([a-z%]*)\Z")
_CLIPPED = re.compile(r"rect\(\s*(?:0|1px|0px)[\s,]|inset\(\s*(?:50|100)%|circle\(\s*0")
_INLINE = (1 << 20, 0, 0)


class Element(NamedTuple):
    """What selectors look at."""

    tag: str
    id: str
    classes: frozenset[str]


@lru_cache(maxsize=4096)
def element(tag: str, id: str, classes: str) -> Element:
    """Returns an element by the text of its attributes."""
    return Element(tag, id, frozenset(classes.split()))


class _Compound(NamedTuple):
    """Conditions on one element, and whether it must be the parent of the next one."""

    tag: str
    id: str
    classes: frozenset[str]
    parent: bool

    def fits(self, element: Element) -> bool:
        return (
            (not self.tag or self.tag == element.tag)
            and (not self.id or self.id == element.id)
            and self.classes <= element.classes
        )


class _Rule(NamedTuple):
    selector: tuple[_Compound, ...]
    """From the element outwards."""
    weight: tuple[int, int, int]
    hiding: Mapping[str, tuple[bool, bool]]
    """Whether each property hides, and whether it is important."""


@dataclass(slots=True)
class Stylesheet:
    """The rules of some stylesheets that hide something, or show it again."""

    rules: list[_Rule] = field(default_factory=list)

    def hides(self, path: Sequence[Element], style: str) -> bool:
        """Returns whether the last element of a path, with its own `style`, is hidden."""
        found = self._declared(path, style)
        return any(hides for name, hides in found.items() if name not in _NUMBERS)

    def unnumbered(self, path: Sequence[Element], style: str) -> bool:
        """Returns whether the last element of a path is a list whose numbers are not seen."""
        found = self._declared(path, style)
        return any(hides for name, hides in found.items() if name in _NUMBERS)

    def _declared(self, path: Sequence[Element], style: str) -> dict[str, bool]:
        if not self.rules and not style:
            return {}
        found: dict[str, tuple[tuple[bool, tuple[int, int, int]], bool]] = {}
        for rule in self.rules:
            if rule.selector[0].fits(path[-1]) and _matches(rule.selector, path):
                _take(found, rule.hiding, rule.weight)
        if style and _RELEVANT.search(style):
            _take(found, declared(style), _INLINE)
        return {name: hides for name, (_, hides) in found.items()}


def _take(
    found: dict[str, tuple[tuple[bool, tuple[int, int, int]], bool]],
    hiding: Mapping[str, tuple[bool, bool]],
    weight: tuple[int, int, int],
) -> None:
    for name, (hides, important) in hiding.items():
        rank = (important, weight)
        if name not in found or rank >= found[name][0]:
            found[name] = (rank, hides)


def _matches(selector: tuple[_Compound, ...], path: Sequence[Element]) -> bool:
    at = len(path) - 1
    for inner, compound in itertools.pairwise(selector):
        at -= 1
        if not inner.parent:
            while at >= 0 and not compound.fits(path[at]):
                at -= 1
        if at < 0 or not compound.fits(path[at]):
            return False
    return True


@lru_cache(maxsize=256)
def parse(css: str) -> Stylesheet:
    """Returns the rules of a stylesheet that hide something or show it again."""
    import tinycss2

    sheet = Stylesheet()
    if _RELEVANT.search(css):
        _add(sheet, tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))
    return sheet


def _add(sheet: Stylesheet, nodes: Iterable[Any]) -> None:
    import tinycss2

    for node in nodes:
        if node.type == "at-rule" and node.lower_at_keyword == "media" and node.content:
            if "print" not in tinycss2.serialize(node.prelude).lower():
                _add(sheet, tinycss2.parse_rule_list(node.content, True, True))
        elif node.type == "qualified-rule":
            hiding = _hiding(node.content)
            for part in tinycss2.serialize(node.prelude).split(",") if hiding else ():
                if selector := _selector(part.strip()):
                    sheet.rules.append(_Rule(selector, _weight(selector), hiding))


_COMPOUND = re.compile(r"(?P<tag>[A-Za-z][\w-]*|\*)?(?P<rest>(?:[.#][\w-]+)*)\Z")


def _selector(text: str) -> tuple[_Compound, ...]:
    """Returns a selector from the element outwards; nothing for one that is not understood."""
    found: list[_Compound] = []
    for word in re.sub(r"\s*>\s*", " >", text).split():
        match = _COMPOUND.match(word.lstrip(">"))
        if match is None:
            return ()
        names = re.findall(r"[.#][\w-]+", match["rest"])
        tag = (match["tag"] or "").lower().strip("*")
        id = next((n[1:] for n in names if n[0] == "#"), "")
        classes = frozenset(n[1:] for n in names if n[0] == ".")
        found.append(_Compound(tag, id, classes, word[0] == ">"))
    return tuple(reversed(found))


def _weight(selector: tuple[_Compound, ...]) -> tuple[int, int, int]:
    return (
        sum(bool(c.id) for c in selector),
        sum(len(c.classes) for c in selector),
        sum(bool(c.tag) for c in selector),
    )


@lru_cache(maxsize=4096)
def declared(style: str) -> Mapping[str, tuple[bool, bool]]:
    """Returns what the declarations of a `style` attribute hide."""
    return _hiding(style)


def _hiding(declarations: Any) -> Mapping[str, tuple[bool, bool]]:
    import tinycss2

    found = {}
    for node in tinycss2.parse_declaration_list(declarations, True, True):
        if node.type == "declaration" and node.lower_name in _HIDES:
            value = tinycss2.serialize(node.value).strip().lower()
            found[node.lower_name] = (_HIDES[node.lower_name](value), node.important)
    return found


def _is_tiny(value: str) -> bool:
    length = _LENGTH.match(value)
    if length is None or length[2] not in _PX:
        return False
    return float(length[1]) * _PX[length[2]] <= _TINY_PX


def _is_clear(value: str) -> bool:
    length = _LENGTH.match(value)
    return length is not None and float(length[1]) <= (5 if length[2] == "%" else 0.05)


_NUMBERS = ("list-style", "list-style-type")
_NO_NUMBER = re.compile(r"\b(?:none|disc|circle|square)\b")
_HIDES: dict[str, Callable[[str], bool]] = {
    "display": lambda value: value == "none",
    "visibility": lambda value: value in ("hidden", "collapse"),
    "opacity": _is_clear,
    "font-size": _is_tiny,
    "clip": lambda value: _CLIPPED.match(value) is not None,
    "clip-path": lambda value: _CLIPPED.match(value) is not None,
    "list-style": lambda value: _NO_NUMBER.search(value) is not None,
    "list-style-type": lambda value: _NO_NUMBER.search(value) is not None,
}
