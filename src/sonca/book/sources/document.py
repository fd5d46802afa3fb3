"""A document of HTML as it was read: its blocks, and what links and ids say of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonca.book.model import TextBlock
from sonca.book.sources.inline import Link


@dataclass(slots=True)
class Document:
    """The blocks of a document, and what it says about itself."""

    blocks: list[TextBlock] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    """Id to the index of the first block at or after it."""
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Id of an element that holds whole blocks to the first of them and the one after the last."""
    regions: list[tuple[int, int]] = field(default_factory=list)
    """The same of elements that hold several blocks, with or without an id, the inner ones
    first."""
    links: list[Link] = field(default_factory=list)
    title: str = ""
    author: str = ""
