"""Reads e-mail addresses, web addresses, file names, handles and hashtags."""

from __future__ import annotations

import re

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.numbers import digits
from sonca.text.vietnamese.syllables import nearest, segment, syllable
from sonca.text.vietnamese.transliteration import transliterate
from sonca.text.vietnamese.wordlists import known_foreign, mapping

_TLD = (
    "com|net|org|edu|gov|vn|io|info|biz|me|tv|app|dev|co|asia|ai|xyz|online|shop|store|site|tech"
    "|cloud|jp|cn|kr|fr|de|ru|uk|us|eu|sg|th|au|ca|mil|int|pro|mobi|id|in|ly|be|gl|cc|fm|nl|it|es"
    "|ch|se|fi|dk|nz|tw|hk|my|ph|ac"
)
_FILE = (
    "pdf|docx?|xlsx?|pptx?|txt|jpe?g|png|gif|svg|mp3|mp4|wav|flac|avi|mkv|mov|zip|rar|7z|exe|py|js"
    "|html?|css|csv|tsv|json|xml|md|apk|iso|epub|log|sql|java|cpp|php|srt"
)
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61})"
_PIECE = re.compile(r"[A-Za-zÀ-ỹ]+|\d+|.", re.DOTALL)


def read_pieces(start: int, text: str, rule: str) -> list[Replacement]:
    """Reads letters, digits and marks of an address one after the other."""
    out = []
    for match in _PIECE.finditer(text):
        piece, at = match[0], start + match.start()
        foreign = None
        if piece.isdigit():
            said = digits(piece)
        elif piece.isalpha():
            said = read_label(piece)
            foreign = piece if said != piece.lower() else None
        else:
            said = mapping("web.tsv").get(piece, "")
        out.append(Replacement(at, at + len(piece), said, rule, foreign))
    return out


def read_label(label: str) -> str:
    """Says a name inside an address: known words, Vietnamese without marks, else spelled or
    foreign."""
    known = mapping("web.tsv").get(label.lower())
    if known is not None:
        return known
    plain = syllable(label)
    if plain is not None and len(label) > 1:
        return plain
    listed = known_foreign(label)
    if listed is not None:
        return listed
    if len(label) <= 3 and not segment(label):
        return spell(label)
    pieces = segment(label, unmarked=True)
    if pieces and len(pieces) <= max(1, len(label) // 2):
        return " ".join(map(nearest, pieces))
    return transliterate(label)


def _address(match: re.Match[str], work: Workspace) -> list[Replacement]:
    return read_pieces(match.start(), match[0].rstrip(".,;:!?"), "web address")


def _file(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    at = match.start(2)
    ending = match[2]
    dot = Replacement(at - 1, at, "chấm", "file name")
    said = mapping("web.tsv").get(ending.lower()) or spell(ending)
    return [dot, Replacement(at, match.end(), said, "file name", ending)]


def _hashtag(match: re.Match[str], work: Workspace) -> list[Replacement]:
    at = match.start()
    sign = match[0][0]
    said = "a còng" if sign == "@" else "hát tác"
    mark = Replacement(at, at + 1, said, "hashtag", None if sign == "@" else "hashtag")
    words = r"[A-ZĐ]?[^\W\d_A-ZĐ]+|[A-ZĐ]+|\d+|_"
    return [mark, *read_parts(match, words, _say_word, "hashtag", "name")]


def _say_word(word: str) -> str:
    if word == "_":
        return ""
    return digits(word) if word.isdigit() else read_label(word)


RULES = (
    Rule(
        "web address",
        r"(?:https?|ftp)://[^\s<>\"“”()]{1,900}",
        _address,
        kind="symbol",
        mask=WORD_MASK,
    ),
    Rule(
        "e-mail address",
        rf"[A-Za-z0-9][A-Za-z0-9_.+-]{{0,63}}@{_HOST}(?:\.{_HOST}){{1,4}}",
        lambda m, w: read_pieces(m.start(), m[0], "e-mail address"),
        kind="symbol",
        mask=WORD_MASK,
        flags=re.ASCII,
    ),
    Rule(
        "web address",
        rf"(?<![\w@.])(?:www\.)?(?:{_HOST}\.){{1,4}}(?:{_TLD})(?![\w])"
        rf"(?:[/?][^\s<>\"“”()]{{0,900}})?",
        _address,
        kind="dotted",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule(
        "file name",
        rf"(?<=([^\W]))\.({_FILE})(?![\w.])",
        _file,
        kind="dotted",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
    Rule(
        "hashtag",
        r"(?<![\w&])[#@](?P<name>[^\W\d]\w{1,60})",
        _hashtag,
        kind="symbol",
        mask=WORD_MASK,
    ),
)
