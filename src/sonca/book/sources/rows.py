"""Reads a row of a table as one paragraph, its cells with short pauses between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sonca.book.model import TextBlock

_MAX_CELL_CHARS = 200
"""A table with more in a cell only arranges text on the page."""
_STOPS = ".,;:!?…"


def row(cells: Sequence[Sequence[TextBlock]]) -> list[TextBlock]:
    """Returns the blocks of a row: one for all of its cells, or each as it is where a cell holds a
    heading or much text."""
    blocks = [block for cell in cells for block in cell]
    spoken = [[b.text.replace("\n", " ") for b in cell if b.skip is None] for cell in cells]
    filled = [texts for texts in spoken if texts]
    long = any(sum(map(len, texts)) > _MAX_CELL_CHARS for texts in filled)
    if len(filled) < 2 or long or any(block.level for block in blocks):
        return blocks
    return [
        TextBlock(
            joined(text for texts in filled for text in texts), part=blocks[0].part, item=True
        ),
        *(block for block in blocks if block.skip is not None),
    ]


def joined(texts: Iterable[str]) -> str:
    """Returns texts on one line, with a short pause after each that has none."""
    line = ""
    for text in texts:
        if line:
            line += " " if line[-1] in _STOPS else ", "
        line += text
    return line
