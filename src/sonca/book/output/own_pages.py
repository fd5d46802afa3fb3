"""Makes the pages of a read-along book from those that the book came with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lxml import etree

from sonca.book.model import Book
from sonca.book.output.cleaning import clean, parsed, properties_of, written
from sonca.book.output.marking import XHTML, Text
from sonca.book.output.pages import Clip, Mark, Opening, Page, clips_of, marks_of
from sonca.book.output.read_along import HIGHLIGHT, Resource
from sonca.book.output.timeline import ChapterArtifact

_ENOUGH = 0.8
"""Share of what is spoken that must be found on the pages, or pages of our own are better."""
_FOLDER = "book"


@dataclass(frozen=True, slots=True)
class Original:
    """The package that a book came in."""

    documents: tuple[tuple[str, str], ...] = field(repr=False)
    """Part and text of each document, in the order of reading."""
    others: tuple[tuple[str, str, bytes], ...] = field(repr=False)
    """Part, media type and bytes of style sheets, pictures and fonts."""


@dataclass(slots=True)
class _Sentence:
    chapter: int
    text: str
    marks: list[Mark]
    parts: list[str]
    """The text of each mark."""
    weight: int
    """Its characters; none for a heading, which may be a picture."""


def own_pages(
    original: Original,
    book: Book,
    chapters: Sequence[ChapterArtifact],
    sounds: Sequence[Resource],
    *,
    by_word: bool,
) -> tuple[list[Page], list[Resource]] | None:
    """Returns the pages with what they need, in the order of reading; None if a document cannot be
    taken over, or if too little of what is spoken can be found."""
    by_part = _sentences(book, chapters, by_word=by_word)
    try:
        maker = _PageMaker(original, book.title)
        pages = [maker.page(part, by_part.get(part, [])) for part, _ in original.documents]
    except (ValueError, etree.LxmlError):
        return None
    total = sum(sentence.weight for own in by_part.values() for sentence in own)
    if maker.found_chars < _ENOUGH * total:
        return None
    clips: dict[str, Clip] = {}
    openings: dict[str, Opening] = {}
    for at, (artifact, sound) in enumerate(zip(chapters, sounds, strict=True)):
        begins = maker.begins.get(at, [])
        own = clips_of(begins, sound.name, artifact.duration_s)
        clips |= {clip.id: clip for clip in own}
        if own:
            openings[own[0].id] = Opening(book.chapters[artifact.chapter].title, own[0].id)
    finished = [
        Page(
            page.name,
            page.markup,
            tuple(clips[id] for id in ids if id in clips),
            tuple(openings[id] for id in ids if id in openings),
            page.properties,
        )
        for page, ids in pages
    ]
    return finished, maker.resources()


def _sentences(
    book: Book, chapters: Sequence[ChapterArtifact], *, by_word: bool
) -> dict[str, list[_Sentence]]:
    found: dict[str, list[_Sentence]] = {}
    for at, artifact in enumerate(chapters):
        paragraphs = book.chapters[artifact.chapter].paragraphs
        entries = artifact.timeline(0.0)
        for entry, marks in marks_of(entries, f"sonca-{at + 1}", by_word=by_word):
            paragraph = paragraphs[entry.paragraph]
            texts = [paragraph.text[mark.start : mark.end] for mark in marks]
            text = paragraph.text[slice(*entry.span)]
            weight = 0 if paragraph.kind == "heading" else len(text)
            sentence = _Sentence(at, text, marks, texts, weight)
            found.setdefault(paragraph.part, []).append(sentence)
    return found


class _PageMaker:
    def __init__(self, original: Original, title: str) -> None:
        self._original = original
        self._title = title
        self._roots = {part: parsed(text) for part, text in original.documents}
        self._ids = {
            part: {value for e in root.iter() for value in (e.get("id"), e.get("name")) if value}
            for part, root in self._roots.items()
        }
        self._others = {part for part, _, _ in original.others}
        self.found_chars = 0
        """Of the sentences that stand on the pages."""
        self.begins: dict[int, list[tuple[str, float]]] = {}
        """By chapter: the marks that were made, and when they begin."""

    def _has(self, part: str, id: str) -> bool:
        if part in self._roots:
            return not id or id in self._ids[part]
        return part in self._others

    def page(self, part: str, sentences: Sequence[_Sentence]) -> tuple[Page, list[str]]:
        """Returns a page without its clips, and the ids of its marks in order."""
        root = self._roots[part]
        clean(root, part, self._has, self._title)
        page_text = Text(root.find(f"{XHTML}body"))
        stretches: list[tuple[str, tuple[int, int]]] = []
        for sentence in sentences:
            place = page_text.find(sentence.text)
            if place is None:
                continue
            self.found_chars += sentence.weight
            places: list[tuple[int, int] | None] = [place]
            if len(sentence.marks) > 1:
                places = page_text.within(place, sentence.parts)
            for mark, where in zip(sentence.marks, places, strict=True):
                if where is not None:
                    stretches.append((mark.id, where))
                    begins = self.begins.setdefault(sentence.chapter, [])
                    begins.append((mark.id, mark.begin_s))
        page_text.mark(stretches)
        page = Page(f"{_FOLDER}/{part}", written(root), properties=properties_of(root))
        return page, [id for id, _ in stretches]

    def resources(self) -> list[Resource]:
        """Returns what the pages need, and how the element that is heard looks."""
        return [
            Resource("highlight.css", "text/css", HIGHLIGHT.encode()),
            *(
                Resource(f"{_FOLDER}/{part}", media_type, data)
                for part, media_type, data in self._original.others
            ),
        ]
