"""XML from strangers: a small tree, and no entity, no DTD, no outside file.

Python's expat with everything dangerous refused as it is met: declared entities (bombs,
outside files), and elements nested deeper than any book.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from sonca.book import limits
from sonca.errors import InvalidRequest


@dataclass(slots=True)
class Element:
    """An element; names have no namespace, attributes neither."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Its own text, without that of its children."""

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def get(self, name: str) -> str:
        return self.attributes.get(name, "")

    def all(self, name: str) -> Iterator[Element]:
        """Every element of that name below this one, in order."""
        stack = list(reversed(self.children))
        while stack:
            element = stack.pop()
            if element.name == name:
                yield element
            stack.extend(reversed(element.children))

    def first(self, name: str) -> Element | None:
        return next(self.all(name), None)

    @property
    def all_text(self) -> str:
        """All text in it, in order of the elements' ends being ignored: fit for labels."""
        inner = [child.all_text for child in self.children]
        return " ".join(" ".join([self.text, *inner]).split())


class Handler:
    """What `walk` tells: starts, ends and text, in order."""

    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, text: str) -> None: ...


def walk(data: bytes, handler: Handler, *, name: str) -> None:
    """Parse `data`, telling `handler`. `InvalidRequest` if it is broken or tries something."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > limits.MAX_DEPTH:
            raise _refused(name, f"more than {limits.MAX_DEPTH} elements inside each other")
        handler.start(_local(tag), {_local(key): value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(_local(tag))

    def entity(*_: object) -> None:
        raise _refused(name, "it declares entities, which books have no use for")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    parser.EntityDeclHandler = entity
    parser.ExternalEntityRefHandler = lambda *_: 1
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise _refused(name, str(error)) from error
    except (ValueError, LookupError) as error:  # an encoding nobody knows
        raise _refused(name, str(error)) from error


def _refused(name: str, why: str) -> InvalidRequest:
    return InvalidRequest(f"{name[:200]!r} is no XML that can be read: {why}", field="file")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


class _Tree(Handler):
    def __init__(self) -> None:
        self.root = Element("", {})
        self._open = [self.root]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        element = Element(name, attributes)
        self._open[-1].children.append(element)
        self._open.append(element)

    def end(self, name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def parse(data: bytes, *, name: str) -> Element:
    """The document as a tree; the root's only child is the document's element."""
    tree = _Tree()
    walk(data, tree, name=name)
    return tree.root
