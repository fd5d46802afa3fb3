"""Keeps the characters of a book, by their names and titles, and who was mentioned recently.

One person may be `cô gái`, then `Quyên`, then `cô`: the registry has them as one. Knows nothing of
speeches but how they call people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sonca.book.cast import kinship_terms as terms
from sonca.book.cast.kinship_terms import Gender
from sonca.book.cast.ner import Mention, NameSet, mentions

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
    example: str = ""


class CharacterRegistry:
    """The characters found so far, in reading order."""

    def __init__(self, names: NameSet) -> None:
        """`names` are those of people in this book."""
        self._names = names
        self._known: dict[str, Character] = {}
        self.recent: list[Character] = []
        """Who was mentioned or spoke recently, the latest last."""

    @property
    def everybody(self) -> list[Character]:
        """Each character once."""
        return list({id(who): who for who in self._known.values()}.values())

    def mentioned(self, text: str) -> list[Mention]:
        """Returns the people that the narrator's words name or describe, in order."""
        return list(mentions(text, self._names))

    def named(self, name: str) -> Character | None:
        """Returns the character of exactly this name."""
        return self._known.get(_key(name))

    def narrator(self) -> Character:
        """Returns the one who tells the story as `tôi`."""
        return self._character(SELF, Mention(0, 3, "tôi", "", True))

    def addressed(self, said: str) -> list[Character]:
        """Returns whom a speech calls by name or title."""
        found: list[Character] = []
        calls = [(m["who"] or m["sir"] or "").split() for m in _VOCATIVE.finditer(said)]
        for words in [*calls, second_person(said).split()]:
            for who in reversed(self.recent):
                if who in found:
                    continue
                called = words and (
                    words[-1] in who.name.split() or words[-1].lower() in who.titles
                )
                if called:
                    found.append(who)
                    break
        return found

    def notice(self, text: str) -> None:
        """Remembers whom the narrator's words name or describe."""
        for mention in self.mentioned(text):
            if mention.name or mention.subject or len(mention.title.split()) > 1:
                who = self.find(mention)
                if who is None and (mention.name or _describes(mention.title)):
                    who = self.resolve(mention)
                if who is not None:
                    self.remember(who)

    def remember(self, who: Character) -> None:
        """Makes a character the latest that was seen."""
        if who in self.recent:
            self.recent.remove(who)
        self.recent.append(who)
        del self.recent[:-12]

    def find(self, mention: Mention) -> Character | None:
        """Returns the character that is meant, if there is one already."""
        if mention.name:
            return self._known.get(_key(mention.name)) or self._by_part(mention.name)
        if mention.title in terms.FIRST_PERSON:
            return self._known.get(_key(SELF))
        known = self._known.get(_key(mention.title))
        head = mention.title.split()[0]
        gender = terms.gender_of_noun(mention.title)
        for who in reversed(self.recent):
            if head in who.titles:
                return who
        if known is not None:
            return known
        if mention.title in terms.KIN or _describes(mention.title):
            return None
        for who in reversed(self.recent):
            if gender and who.gender == gender and not who.titles:
                return who
        if head in ("nó", "hắn", "gã", "y", "thị", "nàng", "chàng"):
            return next((c for c in reversed(self.recent) if c.gender in (gender, "")), None)
        return None

    def _by_part(self, name: str) -> Character | None:
        """Finds `Trần Văn Nam` by `Nam`, and the other way round."""
        last = name.split()[-1]
        for who in reversed(self.recent):
            if who.name.split()[-1] == last and (
                len(name.split()) == 1 or len(who.name.split()) == 1
            ):
                return who
        return None

    def resolve(self, mention: Mention) -> Character | None:
        """Returns the character that is meant, a new one if need be."""
        who = self.find(mention)
        if who is None:
            if mention.title in terms.EITHER and not mention.name and mention.title != "tôi":
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
        if title and title not in terms.EITHER:
            if title.split()[0] in terms.TITLES:
                who.titles.add(title.split()[0])
            who.child = who.child or title in terms.CHILDREN
        told = terms.gender_of_noun(title) if title else ""
        who.gender = who.gender or told or terms.gender_of_name(mention.name or who.name)
        called = f"{title} {mention.name}".strip()
        if (
            called.lower() != who.name.lower()
            and called not in who.aliases
            and len(who.aliases) < 8
        ):
            who.aliases.append(called)
            if _describes(title) and not mention.name:
                self._known.setdefault(_key(title), who)

    def introduced(self, who: Character, said: str) -> Character:
        """Names a character who has only been `cô gái` by what they say (`Cháu tên là
        Quyên`). Returns who they are: perhaps somebody who is known by that name."""
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
        who.gender = who.gender or terms.gender_of_name(name)
        self._known[_key(name)] = who
        return who

    def _same(self, named: Character, other: Character) -> Character:
        """Merges two who turn out to be one."""
        named.titles |= other.titles
        named.gender = named.gender or other.gender
        named.aliases.append(other.name.lower())
        for key, who in list(self._known.items()):
            if who is other:
                self._known[key] = named
        if other in self.recent:
            self.recent[:] = [who for who in self.recent if who is not named]
            self.recent[self.recent.index(other)] = named
        return named


def _leading_names(text: str) -> str:
    """Returns the words at the beginning of `text` that are written like names."""
    words = text.split()
    size = next((i for i, word in enumerate(words) if not terms.is_name(word)), len(words))
    return " ".join(words[:size])


def second_person(said: str) -> str:
    """Returns `bà` of `Bà cho cháu cốc trà`: who says `cháu`, `con` or `em` speaks to the one named
    first. Empty where it cannot be told."""
    match = _YOU.search(said)
    return match["who"].lower() if match else ""


def _key(name: str) -> str:
    return " ".join(name.lower().split())


def _nameless(who: Character) -> bool:
    return terms.longest(who.name.split(), 0, terms.NOUNS) == len(who.name.split())


def _describes(title: str) -> bool:
    """Returns whether a noun alone is enough to make somebody a character: `cô gái`, not `cô`."""
    return len(title.split()) > 1 and title not in terms.EITHER
