"""Reads CSS selectors as books use them, and says which elements they mean.

Elements, classes, ids, attributes, `:not()`, `:first-child`, `:nth-child(3)`; one inside another,
its child, right behind it, or after it. Any other selector means nothing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

_NO_ATTRIBUTES: Mapping[str, str] = {}


@dataclass(slots=True, eq=False)
class Element:
    """What selectors look at."""

    tag: str
    id: str
    classes: frozenset[str]
    attributes: Mapping[str, str]
    index: int = 1
    """Which child of its parent it is."""
    before: Element | None = None
    """The element before it in its parent."""


def element(
    tag: str,
    attributes: Mapping[str, str] = _NO_ATTRIBUTES,
    index: int = 1,
    before: Element | None = None,
) -> Element:
    """Returns an element by its attributes."""
    if not attributes:
        return Element(tag, "", _classes(""), attributes, index, before)
    classes = _classes(attributes.get("class", ""))
    return Element(tag, attributes.get("id", ""), classes, attributes, index, before)


@lru_cache(maxsize=4096)
def _classes(value: str) -> frozenset[str]:
    return frozenset(value.split())


class _Test(NamedTuple):
    """A condition on an attribute."""

    name: str
    sign: str
    """Empty: it is there; else as CSS writes it, ``=``, ``^=`` and the like."""
    value: str

    def holds(self, element: Element) -> bool:
        found = element.attributes.get(self.name)
        if found is None or not self.sign:
            return found is not None
        match self.sign:
            case "=":
                return found == self.value
            case "^=":
                return self.value != "" and found.startswith(self.value)
            case "$=":
                return self.value != "" and found.endswith(self.value)
            case "*=":
                return self.value != "" and self.value in found
            case "~=":
                return self.value in found.split()
            case _:
                return found == self.value or found.startswith(self.value + "-")


class Compound(NamedTuple):
    """Conditions on one element, and how it stands to the one that the selector names next."""

    tag: str
    id: str
    classes: frozenset[str]
    tests: tuple[_Test, ...] = ()
    nots: tuple[Compound, ...] = ()
    nth: int = 0
    """Which child it must be, 0 for any."""
    relation: str = " "
    """What stands before it in the selector: a blank, ``>``, ``+`` or ``~``."""

    def fits(self, element: Element) -> bool:
        return (
            (not self.tag or self.tag == element.tag)
            and (not self.id or self.id == element.id)
            and self.classes <= element.classes
            and (not self.nth or self.nth == element.index)
            and all(test.holds(element) for test in self.tests)
            and not any(each.fits(element) for each in self.nots)
        )


Selector = tuple[Compound, ...]
"""From the element outwards."""


def matches(selector: Selector, path: Sequence[Element]) -> bool:
    """Returns whether a selector means the last element of a path."""
    if not selector[0].fits(path[-1]):
        return False
    at, here = len(path) - 1, path[-1]
    for inner, compound in itertools.pairwise(selector):
        if inner.relation in "+~":
            before = here.before
            while inner.relation == "~" and before is not None and not compound.fits(before):
                before = before.before
            if before is None or not compound.fits(before):
                return False
            here = before  # its parents are those of the element behind it
            continue
        at -= 1
        while inner.relation == " " and at >= 0 and not compound.fits(path[at]):
            at -= 1
        if at < 0 or not compound.fits(path[at]):
            return False
        here = path[at]
    return True


_NAME = r"(?:[\w-]|[^\x00-\x7f]|\\.)+"
_STEP = re.compile(
    rf"(?P<class>\.{_NAME})|(?P<id>#{_NAME})|(?P<attribute>\[[^\]]*\])"
    r"|:not\((?P<not>[^()]*)\)|:(?P<first>first-child)(?![\w-])|:nth-child\(\s*(?P<nth>\d+)\s*\)"
)
_TAG = re.compile(r"[A-Za-z][\w-]*|\*")
_ATTRIBUTE = re.compile(
    r"\[\s*([\w:|-]+)\s*(?:([~|^$*]?=)\s*(\"[^\"]*\"|'[^']*'|[^\s\]]*)\s*[is]?\s*)?\]"
)
_RELATION = re.compile(r"\s*([>+~])\s*(?![^\[]*\])|\s+(?![^\[(]*[\])])")


def parse(text: str) -> Selector:
    """Returns a selector from the element outwards; nothing for one that is not understood."""
    found: list[Compound] = []
    at, relation = 0, " "
    text = text.strip()
    for gap in [*_RELATION.finditer(text), None]:
        end = gap.start() if gap else len(text)
        compound = _compound(text[at:end], relation)
        if compound is None:
            return ()
        found.append(compound)
        if gap:
            at, relation = gap.end(), gap[1] or " "
    return tuple(reversed(found))


def _compound(text: str, relation: str = " ") -> Compound | None:
    tag = _TAG.match(text)
    at = tag.end() if tag else 0
    ids, classes, tests, nots, nth = "", set[str](), list[_Test](), list[Compound](), 0
    if not text:
        return None
    while at < len(text):
        step = _STEP.match(text, at)
        if step is None:
            return None
        at = step.end()
        if step["class"]:
            classes.add(step["class"][1:].replace("\\", ""))
        elif step["id"]:
            ids = step["id"][1:].replace("\\", "")
        elif step["attribute"]:
            attribute = _ATTRIBUTE.fullmatch(step["attribute"])
            if attribute is None:
                return None
            value = (attribute[3] or "").strip("\"'")
            tests.append(_Test(attribute[1].replace("|", ":"), attribute[2] or "", value))
        elif step["not"] is not None:
            inner = [_compound(each.strip()) for each in step["not"].split(",")]
            if None in inner:
                return None
            nots += [each for each in inner if each]
        else:
            nth = int(step["nth"] or 1)
    name = "" if tag is None or tag[0] == "*" else tag[0].lower()
    return Compound(name, ids, frozenset(classes), tuple(tests), tuple(nots), nth, relation)


def weight(selector: Selector) -> tuple[int, int, int]:
    """Returns how much a selector counts against others: ids, classes, elements."""
    inner = [*selector, *(each for compound in selector for each in compound.nots)]
    return (
        sum(bool(c.id) for c in inner),
        sum(len(c.classes) + len(c.tests) + bool(c.nth) for c in inner),
        sum(bool(c.tag) for c in inner),
    )
