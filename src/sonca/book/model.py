"""A book as it was read: chapters of paragraphs, each with its place in the file. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["body", "heading", "separator"]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph, a heading or a line that separates scenes."""

    text: str
    kind: Kind = "body"
    part: str = ""
    """The file inside the book's file that holds it; empty where there is only one."""
    start: int = 0
    """Where it begins in the text of its part, in code points. For plain text and subtitles
    that is the decoded file itself; for the others, the part's paragraphs joined by line ends."""
    slot_s: tuple[float, float] | None = None
    """Seconds at which a subtitle begins and ends."""
    announced: bool = False
    """Whether it is a title from the contents that does not stand in the text itself."""
    note: bool = False
    """Whether it is a note."""


@dataclass(frozen=True, slots=True)
class Unspoken:
    """A part of the book that is not spoken, and why."""

    text: str
    reason: str
    """``contents``, ``front matter``, ``note``, ``note mark``, ``picture``, ``code``, ``formula``,
    ``page number``, ``running head``, ``title`` (said already),
    ``page`` (menus and the like of a web page), ``hidden`` or, found by the text planner,
    ``separator``, ``emoji``, ``symbols``, ``controls``."""
    part: str = ""
    start: int = 0


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its title for lists, and everything in it that is to be spoken."""

    title: str
    paragraphs: tuple[Paragraph, ...] = field(repr=False)

    @property
    def chars(self) -> int:
        return sum(len(p.text) for p in self.paragraphs)


@dataclass(frozen=True, slots=True)
class Cover:
    """A picture, JPEG or PNG."""

    data: bytes = field(repr=False)
    media_type: str


@dataclass(frozen=True, slots=True)
class Book:
    """A book as it was read from a file."""

    title: str
    author: str
    chapters: tuple[Chapter, ...]
    format: str
    """``text``, ``markdown``, ``html``, ``epub``, ``docx``, ``pdf``, ``srt`` or ``vtt``."""
    cover: Cover | None = None
    encoding: str = ""
    """How the text was encoded, for formats that do not say."""
    unspoken: tuple[Unspoken, ...] = ()
    mended: tuple[str, ...] = ()
    """What was wrong with the file and how it is read all the same, a phrase each."""
    chapters_by: str = ""
    """What tells where chapters begin: ``contents``, ``headings``, ``lines``, ``classes``,
    ``list``, ``files``, ``pattern`` or two of them; empty for a book of one chapter."""
    chapters_why: str = ""
    """Why that was taken, in words."""

    @property
    def chars(self) -> int:
        return sum(chapter.chars for chapter in self.chapters)

    @property
    def timed(self) -> bool:
        """Whether its paragraphs have times to keep (subtitles)."""
        return self.format in ("srt", "vtt")


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A piece of a file before chapters are found: what every reader returns."""

    text: str
    level: int = 0
    """1 to 6 for a heading that the format marks as one, 0 for anything else."""
    part: str = ""
    start: int = 0
    opens: str | None = None
    """A table of contents says that a chapter of this title begins here."""
    skip: str | None = None
    """Why it is not to be spoken, as `Unspoken.reason`."""
    slot_s: tuple[float, float] | None = None
    apart: bool = True
    """Whether something divides it from what stands before: an empty line, a tag."""
    indent: int = 0
    """Blanks before it on its line."""
    item: bool = False
    """An item of a list, or a row of a table: no part of a wrapped sentence, and no page's mark."""
    hint: str = ""
    """What its format calls it: the classes of its element."""
    note: bool = False
    """Whether it is a note that is to be read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file as its reader understood it, before chapters are found."""

    format: str
    blocks: tuple[TextBlock, ...]
    title: str = ""
    author: str = ""
    cover: Cover | None = None
    encoding: str = ""
    mended: tuple[str, ...] = ()
    """As `Book.mended`."""
