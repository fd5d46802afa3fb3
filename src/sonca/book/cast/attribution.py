"""Attributes speeches to characters: by the narrator's words beside them, by turns, by who is
spoken to.

One pass over the book in reading order, by fixed rules and tables: equal books give equal
answers. Where nothing tells, a speech has no speaker, which is better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sonca.book import limits
from sonca.book.cast import dialogue
from sonca.book.cast import kinship_terms as terms
from sonca.book.cast.characters import Character, CharacterRegistry, second_person
from sonca.book.cast.dialogue import DialoguePiece
from sonca.book.cast.ner import find_names
from sonca.book.model import Book, Paragraph

_HERE = re.compile(r"(?P<name>[^\W\d_]+)(?:\s+[^\W\d_]+){0,4}\s+đây\s*[.!,]")
_VOICE = re.compile(r"\b(?:giọng|tiếng)\b")
_REVEALED = re.compile(
    r"\s*(?:đó|đấy|ấy|thì ra|hóa ra|hoá ra|người \w+)\s+(?:là|chính là)\b", re.IGNORECASE
)
_SILENT = re.compile(
    r"\b(?:không|chẳng|chưa|chả)\s+(?:\w+\s+)?(?:đáp|nói|trả lời|lên tiếng|hỏi|kể)\b"
    r"|\b(?:im lặng|lặng thinh|nín thinh|làm thinh|lặng im|đứng lặng|lặng người)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_FORGET_PARAGRAPHS = 3
"""After so many paragraphs of the narrator alone a conversation is over."""
_VIEWPOINT_PARAGRAPHS = 6
"""For so long a speech out of nowhere is taken for that of the character mentioned last."""


@dataclass(slots=True)
class DialogueLine:
    """One speech and who says it."""

    chapter: int
    """Counted from 0, as the others."""
    paragraph: int
    piece: int
    text: str
    character: Character | None
    """None if nothing tells."""

    @property
    def speaker(self) -> str:
        """The character's name; empty if nothing tells."""
        return self.character.name if self.character else ""


@dataclass(slots=True)
class Attribution:
    """Every speech of a book."""

    lines: list[DialogueLine]
    characters: list[Character]
    """Those who speak, the most talkative first."""

    def of(self, chapter: int) -> dict[tuple[int, int], str]:
        """Returns by (paragraph, piece) the speakers of a chapter."""
        return {(x.paragraph, x.piece): x.speaker for x in self.lines if x.chapter == chapter}


def attribute(book: Book) -> Attribution:
    """Finds every speech of the book and who says it."""
    return _Attributor(book).read()


def paragraph_pieces(paragraphs: Sequence[Paragraph]) -> list[list[DialoguePiece]]:
    """Returns the pieces of each paragraph of a chapter."""
    found, inside = [], False
    for paragraph in paragraphs:
        if paragraph.kind != "body":
            found.append([DialoguePiece(0, len(paragraph.text), False)])
            inside = False
            continue
        text = paragraph.text
        inside = inside and text.lstrip()[:1] in tuple('“«„「"')
        found.append(dialogue.pieces(text, inside=inside))
        inside = dialogue.stays_open(text)
    return found


class _Attributor:
    def __init__(self, book: Book) -> None:
        self._book = book
        self._pieces = [paragraph_pieces(chapter.paragraphs) for chapter in book.chapters]
        self._registry = CharacterRegistry(find_names(self._narration()))
        self._talk: list[Character] = []  # who speaks in this conversation, the latest last
        self._quiet = 0
        self._said_last = ""
        self._lines: list[DialogueLine] = []

    def _narration(self) -> Iterator[str]:
        for chapter, pieces in zip(self._book.chapters, self._pieces, strict=True):
            for paragraph, own in zip(chapter.paragraphs, pieces, strict=True):
                yield from (paragraph.text[p.start : p.end] for p in own if not p.speech)

    def read(self) -> Attribution:
        for index, chapter in enumerate(self._book.chapters):
            self._scene()
            self._registry.recent.clear()
            for at in range(len(chapter.paragraphs)):
                self._paragraph(index, at)
        return Attribution(self._lines, self._speakers())

    def _speakers(self) -> list[Character]:
        for line in self._lines:
            who = line.character
            if who:
                who.lines += 1
                if len(line.text) > len(who.example) and len(who.example) < 40:
                    who.example = line.text
        speaking = [who for who in self._registry.everybody if who.lines]
        ordered = sorted(speaking, key=lambda c: (-c.lines, c.name))
        return ordered[: limits.MAX_SPEAKERS]

    def _introduced(self, who: Character, said: str) -> Character:
        """Returns who somebody is after having said this, and gives them all that was theirs."""
        named = self._registry.introduced(who, said)
        if named is not who:
            for line in self._lines:
                if line.character is who:
                    line.character = named
            if who in self._talk:
                self._talk = [c for c in self._talk if c is not named]
                self._talk[self._talk.index(who)] = named
        return named

    # The walk

    def _scene(self) -> None:
        self._talk.clear()
        self._quiet = 0

    def _paragraph(self, chapter: int, at: int) -> None:
        paragraph = self._book.chapters[chapter].paragraphs[at]
        pieces = self._pieces[chapter][at]
        if paragraph.kind == "separator":
            self._scene()
            return
        if not any(p.speech for p in pieces):
            self._narrated(paragraph)
            return
        text = paragraph.text
        before = self._before(chapter, at)
        after = self._after(chapter, at)
        spoken = ""
        who: Character | None = None
        if at and self._talk and text.lstrip()[:1] in tuple('“«„「"'):
            earlier = self._book.chapters[chapter].paragraphs[at - 1].text
            who = self._talk[-1] if dialogue.stays_open(earlier) else None
        for index, piece in enumerate(pieces):
            if not piece.speech:
                continue
            said = text[piece.start : piece.end]
            found = self._speaker(text, pieces, index, before, after) or who
            if found is None:
                found = self._by_turns(said, before)
            who = found
            if who is not None:
                who = self._introduced(who, said)
                self._registry.remember(who)
            self._lines.append(DialogueLine(chapter, at, index, said, who))
            spoken = said
        self._registry.notice(" ".join(text[p.start : p.end] for p in pieces if not p.speech))
        self._quiet = 0
        self._said_last = spoken
        if who is not None:
            if who in self._talk:
                self._talk.remove(who)
            self._talk.append(who)
            del self._talk[:-4]

    def _narrated(self, paragraph: Paragraph) -> None:
        self._quiet += 1
        if self._quiet >= _FORGET_PARAGRAPHS:
            self._talk.clear()
        if paragraph.kind == "body":
            self._registry.notice(paragraph.text)

    def _before(self, chapter: int, at: int) -> str:
        """Returns the narrator's words right before a paragraph, empty if there are none."""
        if not at:
            return ""
        pieces = self._pieces[chapter][at - 1]
        paragraph = self._book.chapters[chapter].paragraphs[at - 1]
        if paragraph.kind != "body" or any(p.speech for p in pieces):
            return ""
        return paragraph.text

    def _after(self, chapter: int, at: int) -> str:
        paragraphs = self._book.chapters[chapter].paragraphs
        if at + 1 >= len(paragraphs) or any(p.speech for p in self._pieces[chapter][at + 1]):
            return ""
        return paragraphs[at + 1].text

    # Who speaks

    def _speaker(
        self, text: str, pieces: Sequence[DialoguePiece], index: int, before: str, after: str
    ) -> Character | None:
        """Finds the speaker by the narrator's words: after the speech, before it, in the paragraph
        before."""
        said = text[pieces[index].start : pieces[index].end]
        beside = [
            i for i in (index + 1, index - 1) if 0 <= i < len(pieces) and not pieces[i].speech
        ]
        if beside and beside[0] == index + 1 and text[pieces[index].end - 1] in '”"»':
            words = text[pieces[index + 1].start : pieces[index + 1].end]
            if not words[:1].islower() and index - 1 in beside:
                beside.reverse()  # a new sentence of the narrator's: what stood before counts first
        for i in beside:
            words = text[pieces[i].start : pieces[i].end]
            if i < index:
                words = _SENTENCE.split(words.strip())[-1]
            who = self._subject(words, speaking_first=i < index)
            if who is not None:
                return who
        if index == 0 and before.rstrip().endswith(":"):
            who = self._subject(_SENTENCE.split(before.strip())[-1], speaking_first=True)
            if who is not None:
                return who
        if index == 0 and not self._talk and _REVEALED.match(after):
            found = [m for m in self._registry.mentioned(after) if m.start < 60]
            return self._registry.resolve(found[0]) if found else None
        known = (self._registry.named(here["name"]) for here in _HERE.finditer(said))
        return next((who for who in known if who), None)

    def _subject(self, words: str, *, speaking_first: bool) -> Character | None:
        """Returns whom a clause such as `ông Thoại nói sau một lúc` makes speak."""
        found = self._registry.mentioned(words)
        if re.match(r"\s*(?:tôi|tao)\b", words, re.IGNORECASE):
            return self._registry.narrator()
        if not found:
            return None
        verb = _verb(words, last=speaking_first)
        first = found[0]
        if verb is not None and speaking_first:
            # `Quyên hỏi bà nhìn gì, bà chỉ cười:`: the last one that does something before it.
            earlier = [m for m in found if m.end <= verb]
            doing = [m for m in earlier if m.subject]
            if _VOICE.search(words[doing[-1].end if doing else 0 : verb]):
                return None  # `một giọng khàn khàn cất lên:` may be anyone's
            first = doing[-1] if doing else (earlier[0] if earlier else first)
        elif verb is not None and first.start > verb and verb > 3:
            return None
        if first.title in ("người ta", "ai", "họ") or (first.start > 40 and verb is None):
            return None
        return self._registry.resolve(first)

    def _by_turns(self, said: str, before: str) -> Character | None:
        """Finds the speaker without a word of the narrator's: whoever's turn it is."""
        wanted = terms.gender_of_noun(second_person(self._said_last)) if self._talk else ""
        recent, addressed = self._registry.recent, self._registry.addressed(said)
        acting = self._acting(before)
        own_turn = not self._talk or acting is not self._talk[-1] or len(self._talk) < 2
        if acting is not None and acting not in addressed and own_turn:
            return acting
        if self._talk:
            others = [c for c in recent if c in self._talk[:-1] and c not in addressed]
            fitting = [c for c in others if wanted and c.gender == wanted]
            if fitting or others:
                return (fitting or others)[-1]  # of several, who was seen last
            return self._partner(addressed, wanted) or acting
        if addressed:
            return self._partner(addressed)
        return recent[-1] if recent and self._quiet < _VIEWPOINT_PARAGRAPHS else None

    def _acting(self, before: str) -> Character | None:
        """Returns whom the narrator's last sentence before a speech shows."""
        if not before or _SILENT.search(_SENTENCE.split(before.strip())[-1]):
            return None
        for sentence in reversed(_SENTENCE.split(before.strip())[-2:]):
            for mention in self._registry.mentioned(sentence):
                if mention.subject and mention.title not in ("người ta", "họ", "ai"):
                    return self._registry.find(mention)
        return None

    def _partner(self, addressed: list[Character], wanted: str = "") -> Character | None:
        """Returns somebody mentioned recently who is neither the last speaker nor spoken to."""
        last = self._talk[-1] if self._talk else None
        for who in reversed(self._registry.recent[-4:]):
            if who is not last and who not in addressed and wanted in ("", who.gender):
                return who
        return None


def _verb(words: str, *, last: bool) -> int | None:
    """Returns where the first or the last verb of speaking stands; None for none."""
    found = list(re.finditer(r"[^\W\d_]+", words))
    tokens = [m[0].lower() for m in found]
    verbs = [i for i in range(len(tokens)) if terms.longest(tokens, i, terms.SPEAKING)]
    return found[verbs[-1 if last else 0]].start() if verbs else None
