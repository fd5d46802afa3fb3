"""Who says each line: by the narrator's words beside it, by turns, by who is spoken to.

One pass over the book in reading order, by fixed rules and tables: equal books give equal
answers. Where nothing tells, a line has no speaker, which is better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sonca.book import limits
from sonca.book.cast import dialogue, people
from sonca.book.cast.dialogue import Piece
from sonca.book.cast.names import Mention, find_names, mentions
from sonca.book.cast.people import Gender
from sonca.book.model import Book, Paragraph

SELF = "Tôi"
"""The character that a first-person narrator is."""

_VOCATIVE = re.compile(
    r"(?:\b(?P<who>[^\W\d_]+(?:\s+[^\W\d_]+)?)\s+(?:ơi|ạ|à|hả|nhé|nhỉ|này)(?!\w))"
    r"|(?:\b(?:thưa|dạ thưa|bẩm|lạy|kính thưa)\s+(?P<sir>[^\W\d_]+))",
    re.IGNORECASE,
)
_OWN_NAME = re.compile(
    r"\b(?i:tôi|tao|cháu|em|con|mình|ta|tớ|anh|chị|cô|chú|bác)\s+(?:tên\s+(?:là\s+)?|là\s+)"
    r"(?P<name>[^\W\d_]+(?:\s+[^\W\d_]+){0,3})"
)
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
"""Paragraphs of the narrator alone after which a conversation is over."""
_VIEWPOINT_PARAGRAPHS = 6
"""For so long a line out of nowhere is taken for that of the one who was told of last."""
_YOU = re.compile(
    r"(?:^|[.!?…]\s+)(?P<who>ông|bà|bác|chú|cô|anh|chị|thầy|cậu|dì)\s"
    r"(?=[^.!?…]*\b(?:cháu|con|em|tôi)\b)",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Character:
    """Somebody who speaks."""

    name: str
    gender: Gender = ""
    titles: set[str] = field(default_factory=set)
    """First words of what the narrator calls them: `ông`, `cô`."""
    aliases: list[str] = field(default_factory=list)
    child: bool = False
    lines: int = 0
    chars: int = 0
    example: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One speech and who says it."""

    chapter: int
    """Counted from 0, as the others."""
    paragraph: int
    piece: int
    text: str
    speaker: str
    """A character's name; empty if nothing tells."""


@dataclass(slots=True)
class Attribution:
    """Every speech of a book."""

    lines: list[Line]
    characters: list[Character]
    """Those who speak, the most talkative first."""

    def of(self, chapter: int) -> dict[tuple[int, int], str]:
        """(paragraph, piece) to speaker, of one chapter."""
        return {(x.paragraph, x.piece): x.speaker for x in self.lines if x.chapter == chapter}


def attribute(book: Book) -> Attribution:
    """Find every speech of the book and who says it."""
    return _Reader(book).read()


def paragraph_pieces(paragraphs: Sequence[Paragraph]) -> list[list[Piece]]:
    """The pieces of each paragraph of a chapter."""
    found, inside = [], False
    for paragraph in paragraphs:
        if paragraph.kind != "body":
            found.append([Piece(0, len(paragraph.text), False)])
            inside = False
            continue
        text = paragraph.text
        inside = inside and text.lstrip()[:1] in tuple('“«„「"')
        found.append(dialogue.pieces(text, inside=inside))
        inside = dialogue.stays_open(text)
    return found


class _Reader:
    def __init__(self, book: Book) -> None:
        self._book = book
        self._pieces = [paragraph_pieces(chapter.paragraphs) for chapter in book.chapters]
        self._names = find_names(self._narration())
        self._known: dict[str, Character] = {}
        self._recent: list[Character] = []  # the latest mentioned last
        self._talk: list[Character] = []  # who speaks in this conversation, the latest last
        self._quiet = 0
        self._said_last = ""
        self._lines: list[tuple[int, int, int, str, Character | None]] = []

    def _narration(self) -> Iterator[str]:
        for chapter, pieces in zip(self._book.chapters, self._pieces, strict=True):
            for paragraph, own in zip(chapter.paragraphs, pieces, strict=True):
                yield from (paragraph.text[p.start : p.end] for p in own if not p.speech)

    def read(self) -> Attribution:
        for index, chapter in enumerate(self._book.chapters):
            self._scene()
            self._recent.clear()
            for at in range(len(chapter.paragraphs)):
                self._paragraph(index, at)
        lines = [Line(c, p, i, text, who.name if who else "") for c, p, i, text, who in self._lines]
        return Attribution(lines, self._speakers())

    def _speakers(self) -> list[Character]:
        for _, _, _, text, who in self._lines:
            if who:
                who.lines += 1
                who.chars += len(text)
                if len(text) > len(who.example) and len(who.example) < 40:
                    who.example = text
        unique = {id(c): c for c in self._known.values() if c.lines}
        ordered = sorted(unique.values(), key=lambda c: (-c.lines, c.name))
        return ordered[: limits.MAX_SPEAKERS]

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
                self._remember(who)
            self._lines.append((chapter, at, index, said, who))
            spoken = said
        self._notice(" ".join(text[p.start : p.end] for p in pieces if not p.speech))
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
            self._notice(paragraph.text)

    def _before(self, chapter: int, at: int) -> str:
        """The narrator's words right before a paragraph, if it follows them."""
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
        self, text: str, pieces: Sequence[Piece], index: int, before: str, after: str
    ) -> Character | None:
        """By the narrator's words: after the speech, before it, in the paragraph before."""
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
            found = [m for m in mentions(after, self._names) if m.start < 60]
            return self._resolve(found[0]) if found else None
        known = (self._known.get(_key(here["name"])) for here in _HERE.finditer(said))
        return next((who for who in known if who), None)

    def _subject(self, words: str, *, speaking_first: bool) -> Character | None:
        """Whom a clause such as `ông Thoại nói sau một lúc` makes speak."""
        found = list(mentions(words, self._names))
        if re.match(r"\s*(?:tôi|tao)\b", words, re.IGNORECASE):
            return self._character(SELF, Mention(0, 3, "tôi", "", True))
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
        return self._resolve(first)

    def _by_turns(self, said: str, before: str) -> Character | None:
        """Without a word of the narrator's: whoever's turn it is."""
        wanted = people.gender_of_noun(_second_person(self._said_last)) if self._talk else ""
        addressed = self._addressed(said)
        acting = self._acting(before)
        own_turn = not self._talk or acting is not self._talk[-1] or len(self._talk) < 2
        if acting is not None and acting not in addressed and own_turn:
            return acting
        if self._talk:
            others = [c for c in self._recent if c in self._talk[:-1] and c not in addressed]
            fitting = [c for c in others if wanted and c.gender == wanted]
            if fitting or others:
                return (fitting or others)[-1]  # of several, who was seen last
            return self._partner(addressed, wanted) or acting
        if addressed:
            return self._partner(addressed)
        return self._recent[-1] if self._recent and self._quiet < _VIEWPOINT_PARAGRAPHS else None

    def _acting(self, before: str) -> Character | None:
        """The one whom the narrator's last sentence before a speech shows."""
        if not before or _SILENT.search(_SENTENCE.split(before.strip())[-1]):
            return None
        for sentence in reversed(_SENTENCE.split(before.strip())[-2:]):
            for mention in mentions(sentence, self._names):
                if mention.subject and mention.title not in ("người ta", "họ", "ai"):
                    return self._find(mention)
        return None

    def _partner(self, addressed: list[Character], wanted: str = "") -> Character | None:
        """Somebody mentioned of late who is neither the last speaker nor spoken to."""
        last = self._talk[-1] if self._talk else None
        for who in reversed(self._recent[-4:]):
            if who is not last and who not in addressed and wanted in ("", who.gender):
                return who
        return None

    def _addressed(self, said: str) -> list[Character]:
        """Whom a speech calls by name or title."""
        found: list[Character] = []
        calls = [(m["who"] or m["sir"] or "").split() for m in _VOCATIVE.finditer(said)]
        for words in [*calls, _second_person(said).split()]:
            for who in reversed(self._recent):
                if who in found:
                    continue
                called = words and (
                    words[-1] in who.name.split() or words[-1].lower() in who.titles
                )
                if called:
                    found.append(who)
                    break
        return found

    # Who there is

    def _notice(self, text: str) -> None:
        for mention in mentions(text, self._names):
            if mention.name or mention.subject or len(mention.title.split()) > 1:
                who = self._find(mention)
                if who is None and (mention.name or _describes(mention.title)):
                    who = self._resolve(mention)
                if who is not None:
                    self._remember(who)

    def _remember(self, who: Character) -> None:
        if who in self._recent:
            self._recent.remove(who)
        self._recent.append(who)
        del self._recent[:-12]

    def _find(self, mention: Mention) -> Character | None:
        """The character that is meant, if there is one already."""
        if mention.name:
            return self._known.get(_key(mention.name)) or self._by_part(mention.name)
        if mention.title in people.FIRST_PERSON:
            return self._known.get(_key(SELF))
        known = self._known.get(_key(mention.title))
        head = mention.title.split()[0]
        gender = people.gender_of_noun(mention.title)
        for who in reversed(self._recent):
            if head in who.titles:
                return who
        if known is not None:
            return known
        if mention.title in people.KIN or _describes(mention.title):
            return None
        for who in reversed(self._recent):
            if gender and who.gender == gender and not who.titles:
                return who
        if head in ("nó", "hắn", "gã", "y", "thị", "nàng", "chàng"):
            return next((c for c in reversed(self._recent) if c.gender in (gender, "")), None)
        return None

    def _by_part(self, name: str) -> Character | None:
        """`Nam` for `Trần Văn Nam`, and the other way round."""
        last = name.split()[-1]
        for who in reversed(self._recent):
            if who.name.split()[-1] == last and (
                len(name.split()) == 1 or len(who.name.split()) == 1
            ):
                return who
        return None

    def _resolve(self, mention: Mention) -> Character | None:
        """The character that is meant, made if it is a new one."""
        who = self._find(mention)
        if who is None:
            if mention.title in people.EITHER and not mention.name and mention.title != "tôi":
                return None
            who = self._character(mention.name or mention.title.capitalize(), mention)
        self._learn(who, mention)
        return who

    def _character(self, name: str, mention: Mention) -> Character:
        who = self._known.get(_key(name))
        if who is None:
            who = self._known[_key(name)] = Character(name)
        self._learn(who, mention)
        return who

    def _learn(self, who: Character, mention: Mention) -> None:
        title = mention.title
        if title and title not in people.EITHER:
            if title.split()[0] in people.TITLES:
                who.titles.add(title.split()[0])
            who.child = who.child or title in people.CHILDREN
        told = people.gender_of_noun(title) if title else ""
        who.gender = who.gender or told or people.gender_of_name(mention.name or who.name)
        called = f"{title} {mention.name}".strip()
        if (
            called.lower() != who.name.lower()
            and called not in who.aliases
            and len(who.aliases) < 8
        ):
            who.aliases.append(called)
            if _describes(title) and not mention.name:
                self._known.setdefault(_key(title), who)

    def _introduced(self, who: Character, said: str) -> Character:
        """`Cháu tên là Quyên`: whoever has only been `cô gái` has a name now."""
        if not _nameless(who):
            return who
        names = (_leading_names(match["name"]) for match in _OWN_NAME.finditer(said))
        name = next((name for name in names if name), "")
        if not name:
            return who
        same = self._known.get(_key(name))
        if same is not None and same is not who:
            return self._same(same, who)
        who.aliases.append(who.name.lower())
        who.name = name
        who.gender = who.gender or people.gender_of_name(name)
        self._known[_key(name)] = who
        return who

    def _same(self, named: Character, other: Character) -> Character:
        """Two who turn out to be one."""
        named.titles |= other.titles
        named.gender = named.gender or other.gender
        named.aliases.append(other.name.lower())
        for key, who in list(self._known.items()):
            if who is other:
                self._known[key] = named
        self._lines = [(*x[:4], named if x[4] is other else x[4]) for x in self._lines]
        for group in (self._recent, self._talk):
            if other in group:
                group[:] = [c for c in group if c is not named]
                group[group.index(other)] = named
        return named


def _leading_names(text: str) -> str:
    """The words at the beginning of `text` that are written like names."""
    words = text.split()
    size = next((i for i, word in enumerate(words) if not people.is_name(word)), len(words))
    return " ".join(words[:size])


def _second_person(said: str) -> str:
    """`bà` of `Bà cho cháu cốc trà`: who says `cháu`, `con` or `em` speaks to the one named
    first; empty where it cannot be told."""
    match = _YOU.search(said)
    return match["who"].lower() if match else ""


def _key(name: str) -> str:
    return " ".join(name.lower().split())


def _nameless(who: Character) -> bool:
    return people.longest(who.name.split(), 0, people.NOUNS) == len(who.name.split())


def _describes(title: str) -> bool:
    """Whether a noun alone is enough to make somebody a character: `cô gái`, not `cô`."""
    return len(title.split()) > 1 and title not in people.EITHER


def _verb(words: str, *, last: bool) -> int | None:
    """Where the first or the last verb of speaking stands."""
    found = list(re.finditer(r"[^\W\d_]+", words))
    tokens = [m[0].lower() for m in found]
    verbs = [i for i in range(len(tokens)) if people.longest(tokens, i, people.SPEAKING)]
    return found[verbs[-1 if last else 0]].start() if verbs else None
