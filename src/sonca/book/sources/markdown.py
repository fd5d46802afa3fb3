"""Reads Markdown as CommonMark, GitHub, Pandoc and Obsidian write it: headings and paragraphs,
lists with their numbers, tables by rows; notes, code and pictures are not spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sonca.book.model import Source, TextBlock
from sonca.book.sources import formulas, markup, rows, tex

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.{0,20000}?)\n(?:---|\.\.\.)[ \t]*\n", re.DOTALL)
_FIELD = re.compile(r"""^(title|author)[ \t]*:[ \t]*["']?(.*?)["']?[ \t]*$""", re.MULTILINE)
_SETTING = re.compile(
    # Lines for the program that sets the text: divs, contents, page breaks, attributes.
    r"^[ \t]{0,3}(?::{3,}[^\n]*|\[(?:TOC|toc|\[(?:_TOC_|toc)\])\]"
    r"|\\(?:newpage|pagebreak|clearpage)|\{:[^}\n]{0,200}\}|%%[^\n]*%%|\[//\]:[^\n]*)[ \t]*$",
    re.MULTILINE,
)
_ATTRIBUTE = r"(?:[#.][A-Za-z_][\w:-]*|[A-Za-z][\w-]*=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s{}\"']+)|-)"
_ATTRIBUTES = re.compile(rf"[ \t]*\{{:?[ \t]*{_ATTRIBUTE}(?:[ \t]+{_ATTRIBUTE}){{0,20}}[ \t]*\}}")
_SPAN = re.compile(r"\[([^\[\]\n]{1,400})\](?=\{[.#])")
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,60}\]|[ \t]?\[-?@[^\]\n]{1,200}\]")
_TASK = re.compile(r"\A\s*\[[ xX]\][ \t]+")
_ALERT = re.compile(r"\A\[!\w{1,20}\][+-]?[ \t]*\n?")
_WIKI_PICTURE = re.compile(r"!\[\[[^\[\]\n]{1,300}\]\]")
_WIKI_LINK = re.compile(r"\[\[(?:[^\[\]|\n]{1,300}\|)?([^\[\]|\n]{1,300})\]\]")
_HIGHLIGHT = re.compile(r"==(?=\S)([^=\n]{1,400}?)(?<=\S)==")
_COMMENT = re.compile(r"%%[^%\n]{1,400}%%|[ \t]\^[A-Za-z0-9-]{1,40}(?=[ \t]*(?:\n[ \t]*\n|\Z))")
"""Of Obsidian: what is not shown, and the name of a paragraph at its end."""
_GRID = re.compile(
    r"^[ ]{0,3}\+(?:[-=:]{2,}\+)+[ \t]*\n(?:[ ]{0,3}[|+][^\n]*[|+][ \t]*\n?){2,500}", re.MULTILINE
)
_TAG = re.compile(r"<(/?)(\w+)")


def read(text: str) -> Source:
    """Reads a Markdown text, with `title` and `author` of its YAML front matter."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front = _FRONT.match(text)
    fields = dict(_FIELD.findall(front[1])) if front else {}
    if front:  # blanked, so that places in the file stay true
        text = re.sub(r"[^\n]", " ", text[: front.end()]) + text[front.end() :]
    text = _SETTING.sub(lambda m: " " * len(m[0]), text)
    text = _COMMENT.sub(lambda m: " " * len(m[0]), text)
    text = _GRID.sub(_piped, text)
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    blocks = tuple(_Reader(starts).read(_parser().parse(text)))
    return Source("markdown", blocks, fields.get("title", ""), fields.get("author", ""))


def _piped(match: re.Match[str]) -> str:
    """Writes a grid table as one of bars, line by line as long as it was."""
    borders = 0
    lines = match[0].split("\n")
    for index, line in enumerate(lines):
        if line.lstrip().startswith("+"):
            borders += 1
            kept = re.sub(r"[^|]", " " if borders != 2 else "-", line.replace("+", "|"))
            lines[index] = kept if borders > 1 else " " * len(line)
    return "\n".join(lines)


def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin
    from mdit_py_plugins.subscript import sub_plugin
    from mdit_py_plugins.superscript import superscript_plugin

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    parser.use(dollarmath_plugin, allow_space=False, allow_digits=False, double_inline=True)
    for plugin in (footnote_plugin, deflist_plugin, sub_plugin, superscript_plugin):
        parser.use(plugin)
    return parser


class _Reader:
    """Makes blocks of the parser's tokens."""

    def __init__(self, starts: Sequence[int]) -> None:
        self._starts = starts
        self._at = 0
        self._level = 0
        self._number = ""  # of the list item that has just begun
        self._counted = [(-1, -1)]  # of each open list: what the last item said, and what it is
        self._note: int | None = None
        self._references: list[int] = []
        self._cells: list[list[TextBlock]] | None = None

    def read(self, tokens: Sequence[Token]) -> list[TextBlock]:
        """Returns the blocks, each note after the paragraph that refers to it."""
        found: list[TextBlock] = []
        notes: dict[int, list[TextBlock]] = {}
        places: dict[int, int] = {}  # of a note: how many blocks come before it
        for block in self._read(tokens):
            if self._note is not None:
                notes.setdefault(self._note, []).append(block)
                continue
            found.append(block)
            for note in self._references:
                places.setdefault(note, len(found))
            self._references.clear()
        order = sorted(notes, key=lambda note: (places.get(note, len(found)), note))
        placed: list[TextBlock] = []
        done = 0
        for note in order:
            at = places.get(note, len(found))
            placed += [*found[done:at], *notes[note]]
            done = at
        return placed + found[done:]

    def _read(self, tokens: Sequence[Token]) -> Iterator[TextBlock]:
        for token in tokens:
            self._at = self._starts[token.map[0]] if token.map else self._at
            match token.type:
                case "tr_open":
                    self._cells = []
                case "tr_close" if self._cells is not None:
                    cells, self._cells = self._cells, None
                    yield from rows.row(cells)
                case "inline" if self._cells is not None:
                    self._cells.append(list(self._inline(token)))
                case "inline":
                    yield from self._inline(token)
                case _:
                    yield from self._block(token)

    def _block(self, token: Token) -> Iterator[TextBlock]:
        match token.type:
            case "ordered_list_open":
                self._counted.append((-1, -1))
            case "ordered_list_close":
                self._counted.pop()
            case "heading_open":
                self._level = int(token.tag[1:])
            case "heading_close":
                self._level = 0
            case "list_item_open":
                self._number = self._item_number(token) if token.info else ""
            case "footnote_open":
                self._note = token.meta["id"]
            case "footnote_close":
                self._note = None
            case "hr":
                yield TextBlock("***", start=self._at)
            case "fence" | "code_block":
                yield TextBlock(token.content.strip() or "```", start=self._at, skip="code")
            case "html_block":
                yield from self._html(token.content)
            case "math_block" | "math_block_label":
                formula = tex.line(token.content)
                text = formula or token.content.strip() or "$$"
                yield TextBlock(text, start=self._at, skip=None if formula else "formula")

    def _item_number(self, token: Token) -> str:
        """Returns an item's number: where all say 1, as many write them, they count on."""
        said = int(token.info)
        before, number = self._counted[-1]
        self._counted[-1] = (said, number + 1 if said == before else said)
        return f"{self._counted[-1][1]}{token.markup} "

    def _html(self, content: str) -> Iterator[TextBlock]:
        blocks = markup.parse(content).blocks
        if not any(block.text.strip() for block in blocks):
            blocks = [TextBlock(content.strip() or "<!-- -->", skip="hidden")]
        yield from (replace(block, start=self._at) for block in blocks)

    def _inline(self, token: Token) -> Iterator[TextBlock]:
        verse = all(line.startswith("| ") for line in token.content.split("\n"))
        line = _Line(verse=verse and self._cells is None)
        for child in token.children or ():
            line.add(child)
        text = line.text(heading=self._level > 0)
        number, self._number = self._number, ""
        if number:
            text = f"{number}{text}"
        skip = "note" if self._note is not None else None
        if skip is None:
            self._references += line.references
        if text.strip():
            yield TextBlock(text.strip(), 0 if skip else self._level, start=self._at, skip=skip)
        for unspoken, why in line.unspoken:
            yield TextBlock(unspoken, start=self._at, skip=skip or why)


class _Line:
    """The text of a paragraph, a heading or a cell."""

    def __init__(self, *, verse: bool) -> None:
        self.unspoken: list[tuple[str, str]] = []
        """Text and why it is not spoken."""
        self._verse = verse
        self._pieces: list[str] = []
        self.references: list[int] = []
        """Ids of notes."""
        self._outer: list[str] = []  # what stands before the raised text that is being read

    def add(self, token: Token) -> None:
        match token.type:
            case "text" | "code_inline":
                self._pieces.append(token.content)
            case "softbreak":
                self._pieces.append("\n" if self._verse else " ")
            case "hardbreak":
                self._pieces.append("\n")
            case "image" if token.content.strip():
                self.unspoken.append((token.content, "picture"))
            case "footnote_ref":
                label = token.meta.get("label")
                self.references.append(token.meta["id"])
                self.unspoken.append((f"[^{label}]" if label else "^[…]", "note mark"))
            case "math_inline" | "math_inline_double":
                self._formula(token.content)
            case "sup_open" | "sub_open":
                self._begin()
            case "sup_close" | "sub_close":
                self._end(token.tag)
            case "html_inline":
                self._tag(token.content)

    def _formula(self, content: str) -> None:
        formula = tex.line(content)
        if formula:
            self._pieces.append(formula)
        else:
            self.unspoken.append((content, "formula"))

    def _begin(self) -> None:
        self._outer.append("".join(self._pieces))
        self._pieces = []

    def _end(self, tag: str) -> None:
        if not self._outer:
            return
        before, inside = self._outer.pop(), "".join(self._pieces)
        if tag == "sub":
            self._pieces = [before, formulas.lowered(inside)]
        elif formulas.is_note_mark(inside, before):
            self.unspoken.append((inside, "note mark"))
            self._pieces = [before]
        else:
            self._pieces = [before, formulas.raised(inside)]

    def _tag(self, content: str) -> None:
        found = _TAG.match(content)
        tag = found[2].lower() if found else ""
        if tag == "br":
            self._pieces.append("\n")
        elif found and tag in ("sup", "sub"):
            self._end(tag) if found[1] else self._begin()

    def text(self, *, heading: bool) -> str:
        """Returns what is spoken, without what other programs than CommonMark mean by signs."""
        text = "".join([*self._outer, *self._pieces])
        if self._verse:
            text = "\n".join(line.removeprefix("|").strip() for line in text.split("\n"))
        if "[" in text:
            text = self._without_brackets(text)
        if "{" in text:
            text = _ATTRIBUTES.sub("", text)
        if "==" in text:
            text = _HIGHLIGHT.sub(r"\1", text)
        return text

    def _without_brackets(self, text: str) -> str:
        text = _ALERT.sub("", _TASK.sub("", text))
        for pattern, why in ((_NOTE_MARK, "note mark"), (_WIKI_PICTURE, "picture")):
            self.unspoken.extend((mark.strip(), why) for mark in pattern.findall(text))
            text = pattern.sub("", text)
        return _SPAN.sub(r"\1", _WIKI_LINK.sub(r"\1", text))
