"""Reads Markdown (CommonMark): headings and paragraphs; code and pictures are not spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sonca.book.model import Source, TextBlock

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FIELD = re.compile(r"""^(title|author)[ \t]*:[ \t]*["']?(.*?)["']?[ \t]*$""", re.MULTILINE)


def read(text: str) -> Source:
    """Reads a Markdown text, with `title` and `author` of its YAML front matter."""
    from markdown_it import MarkdownIt

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT.match(text)
    fields = dict(_FIELD.findall(front[1])) if front else {}
    if front:  # blanked, so that places in the file stay true
        text = re.sub(r"[^\n]", " ", text[: front.end()]) + text[front.end() :]
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    blocks = tuple(_blocks(MarkdownIt("commonmark").parse(text), starts))
    return Source("markdown", blocks, fields.get("title", ""), fields.get("author", ""))


def _blocks(tokens: Sequence[Token], starts: Sequence[int]) -> Iterator[TextBlock]:
    level, start = 0, 0
    for token in tokens:
        start = starts[token.map[0]] if token.map else start
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "heading_close":
                level = 0
            case "hr":
                yield TextBlock("***", start=start)
            case "fence" | "code_block":
                yield TextBlock(token.content.strip() or "```", start=start, skip="code")
            case "html_block":
                yield TextBlock(token.content.strip() or "<!-- -->", start=start, skip="hidden")
            case "inline":
                yield from _inline(token, level, start)


def _inline(token: Token, level: int, start: int) -> Iterator[TextBlock]:
    pieces: list[str] = []
    for child in token.children or ():
        match child.type:
            case "text" | "code_inline":
                pieces.append(child.content)
            case "softbreak":
                pieces.append(" ")
            case "hardbreak":
                pieces.append("\n")
            case "image":
                if child.content.strip():
                    yield TextBlock(child.content, start=start, skip="picture")
    text = "".join(pieces).strip()
    if text:
        yield TextBlock(text, level, start=start)
