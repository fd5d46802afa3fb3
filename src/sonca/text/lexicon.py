"""Reads a user's lexicon: words, phrases and patterns that win over all rules.

A lexicon is a TSV or a TOML file.

TSV has a line per entry, ``word<TAB>reading`` and perhaps a third field of flags; ``#`` begins
a comment line::

    GenZ<TAB>gien dét
    Su<TAB>su<TAB>case
    \\d+ HP<TAB>máu<TAB>regex

TOML has a table ``words`` and any number of ``[[rule]]``::

    [words]
    GenZ = "gien dét"

    [[rule]]
    match = "Su"
    reading = "su"
    case = true

Flags: ``case`` tells capitals from small letters, ``part`` matches inside words too, ``regex``
takes the word for a regular expression (``re`` syntax). Without flags a whole word or phrase
matches in any case. An empty reading makes the word silent. A bad line is an `InvalidRequest`
that names it.
"""

from __future__ import annotations

import re
import tomllib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sonca.errors import InvalidRequest
from sonca.text.folding import fold

Format = Literal["tsv", "toml"]

MAX_ENTRIES = 20_000
MAX_MATCH = 200
"""Characters of a word, phrase or pattern."""
MAX_READING = 500
_FLAGS = frozenset(("case", "part", "regex"))
_TOKEN = re.compile(r"\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Entry:
    match: str
    """What is looked for, folded as all text is."""
    reading: str
    """What is said, in lower case; empty for silence."""
    case: bool = False
    part: bool = False
    pattern: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Lexicon:
    """Entries, ready to be found in a sentence. Equal if the entries are."""

    entries: tuple[Entry, ...]
    _by_token: dict[str, list[Entry]] = field(init=False, repr=False, compare=False)
    _anywhere: tuple[Entry, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_token: dict[str, list[Entry]] = {}
        anywhere: list[Entry] = []
        for entry in self.entries:
            head = _TOKEN.match(entry.match)
            if entry.pattern is not None or entry.part or head is None:
                anywhere.append(entry)
            else:
                by_token.setdefault(head[0].lower(), []).append(entry)
        for own in by_token.values():
            own.sort(key=lambda e: -len(e.match))
        object.__setattr__(self, "_by_token", by_token)
        object.__setattr__(self, "_anywhere", tuple(anywhere))

    @classmethod
    def load(cls, path: Path | str) -> Lexicon:
        """Reads a file; the suffix (``.tsv``, ``.txt`` or ``.toml``) says its format."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"cannot read the lexicon {path}: {error}") from error
        kinds: dict[str, Format] = {".tsv": "tsv", ".txt": "tsv", ".toml": "toml"}
        kind = kinds.get(path.suffix.lower())
        if kind is None:
            raise InvalidRequest(
                f"the lexicon {path} ends in {path.suffix!r}; name it .tsv, .txt or .toml"
            )
        return cls.parse(text, kind, name=str(path))

    @classmethod
    def parse(cls, text: str, format: Format = "tsv", *, name: str = "lexicon") -> Lexicon:
        """Reads a lexicon from a string; errors call it `name`."""
        if format not in ("tsv", "toml"):
            raise InvalidRequest(f"no lexicon format {format!r}; use tsv or toml", field="format")
        found = _tsv(text, name) if format == "tsv" else _toml(text, name)
        entries: list[Entry] = []
        for line, match, reading, flags in found:
            if len(entries) == MAX_ENTRIES:
                raise _bad(name, line, f"more than {MAX_ENTRIES} entries; split the lexicon")
            entries.append(_entry(name, line, match, reading, flags))
        return cls(tuple(entries))

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Yields ``(start, end, reading)`` of the entries found in folded text, in order, without
        overlap: the leftmost first, and of those that begin together the longest."""
        found = sorted(self._find(text), key=lambda f: (f[0], -f[1]))
        at = 0
        for start, end, reading in found:
            if start >= at:
                yield start, end, reading
                at = end

    def _find(self, text: str) -> Iterator[tuple[int, int, str]]:
        low = text.lower() if len(text.lower()) == len(text) else text
        if self._by_token:
            for token in _TOKEN.finditer(low):
                for entry in self._by_token.get(token[0], ()):
                    end = token.start() + len(entry.match)
                    piece = (text if entry.case else low)[token.start() : end]
                    wanted = entry.match if entry.case else entry.match.lower()
                    if piece == wanted and _whole(low, token.start(), end):
                        yield token.start(), end, entry.reading
                        break
        for entry in self._anywhere:
            yield from _search(entry, text, low)


def _search(entry: Entry, text: str, low: str) -> Iterator[tuple[int, int, str]]:
    if entry.pattern is not None:
        for match in entry.pattern.finditer(text):
            if match.end() > match.start():
                yield match.start(), match.end(), entry.reading
        return
    within, wanted = (text, entry.match) if entry.case else (low, entry.match.lower())
    at = within.find(wanted)
    while at >= 0:
        yield at, at + len(wanted), entry.reading
        at = within.find(wanted, at + len(wanted))


def _whole(text: str, start: int, end: int) -> bool:
    left = start > 0 and text[start].isalnum() and text[start - 1].isalnum()
    right = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not left and not right


_Row = tuple[int, str, str, frozenset[str]]


def _tsv(text: str, name: str) -> Iterator[_Row]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split("\t")
        if len(fields) not in (2, 3):
            raise _bad(name, number, f"{len(fields)} fields; write word, tab, reading")
        flags = (
            frozenset(f.strip() for f in fields[2].split(",")) if len(fields) == 3 else frozenset()
        )
        yield number, fields[0], fields[1], flags - {""}


def _toml(text: str, name: str) -> Iterator[_Row]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{name} is not TOML: {error}", field="lexicon") from error
    unknown = sorted(set(data) - {"words", "rule"})
    if unknown:
        raise _bad(name, _line(text, unknown[0]), f"unknown key {unknown[0]!r}; use words and rule")
    words, rules = data.get("words", {}), data.get("rule", [])
    if not isinstance(words, dict) or not isinstance(rules, list):
        raise _bad(name, 1, "words must be a table and rule an array of tables")
    for match, reading in words.items():
        yield _line(text, match), match, _string(name, text, match, reading), frozenset()
    for rule in rules:
        yield _rule(name, text, rule)


def _rule(name: str, text: str, rule: Any) -> _Row:
    match = rule.get("match") if isinstance(rule, dict) else None
    if not isinstance(match, str):
        raise _bad(name, _line(text, "[[rule]]"), 'every rule needs match = "..."')
    line = _line(text, match)
    unknown = sorted(set(rule) - _FLAGS - {"match", "reading"})
    if unknown:
        raise _bad(name, line, f"unknown key {unknown[0]!r} in the rule for {match!r}")
    flags = [key for key in _FLAGS if rule.get(key, False)]
    if not all(isinstance(rule.get(key, False), bool) for key in _FLAGS):
        raise _bad(name, line, "case, part and regex are true or false")
    return line, match, _string(name, text, match, rule.get("reading")), frozenset(flags)


def _string(name: str, text: str, match: str, reading: Any) -> str:
    if not isinstance(reading, str):
        raise _bad(name, _line(text, match), f"the reading of {match!r} must be a string")
    return reading


def _line(text: str, needle: str) -> int:
    """Returns the line on which something stands, for an error; TOML's parser does not say."""
    at = text.find(needle)
    return text.count("\n", 0, at) + 1 if at >= 0 else 1


def _bad(name: str, line: int, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{name}, line {line}: {problem}", field="lexicon")


def _entry(name: str, line: int, match: str, reading: str, flags: frozenset[str]) -> Entry:
    wrong = sorted(flags - _FLAGS)
    if wrong:
        raise _bad(name, line, f"unknown flag {wrong[0]!r}; use case, part or regex")
    said = " ".join(fold(reading).text.lower().split())
    if len(said) > MAX_READING:
        raise _bad(name, line, f"the reading has {len(said)} characters; at most {MAX_READING}")
    if len(match) > MAX_MATCH:
        raise _bad(name, line, f"the word has {len(match)} characters; at most {MAX_MATCH}")
    if "regex" in flags:
        return Entry(match, said, "case" in flags, True, _compile(name, line, match, flags))
    folded = " ".join(fold(match).text.split())
    if not folded:
        raise _bad(name, line, "the word is empty")
    return Entry(folded, said, "case" in flags, "part" in flags)


def _compile(name: str, line: int, pattern: str, flags: frozenset[str]) -> re.Pattern[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern, 0 if "case" in flags else re.IGNORECASE)
    except (re.error, Warning, RecursionError, OverflowError) as error:
        raise _bad(name, line, f"{pattern!r} is no regular expression: {error}") from error
    if _NESTED.search(pattern):
        raise _bad(
            name,
            line,
            f"{pattern!r} repeats a group that repeats; that can take forever on some text",
        )
    if compiled.match(""):
        raise _bad(name, line, f"{pattern!r} matches nothing at all, and so everywhere")
    return compiled


# A repeated group with a repeat or an alternative inside may backtrack without end.
_NESTED = re.compile(r"[+*?}|][^()]*\)\s*(?:[+*]|\{\d*,)|\)[+*?}]*\)+(?:[+*]|\{\d*,)")
