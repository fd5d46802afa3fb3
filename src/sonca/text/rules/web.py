"""Reads e-mail addresses, web addresses, file names, handles and hashtags."""

from __future__ import annotations

import re
from urllib.parse import unquote

from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace, read_parts
from sonca.text.vietnamese.initials import is_chain
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
FILE_ENDINGS = (
    "pdf|docx?|xlsx?|pptx?|txt|jpe?g|png|gif|svg|mp3|mp4|wav|flac|avi|mkv|mov|zip|rar|7z|exe|py|js"
    "|html?|css|csv|tsv|json|xml|md|apk|iso|epub|log|sql|java|cpp|php|srt|toml"
    "|ya?ml|ini|cfg|conf|sh|bat|dll|gz|tar|bak|vtt|m4b|m4a"
)
_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61})"
_SCHEME = re.compile(r"(?:https?|ftp)://", re.IGNORECASE)
_SEGMENT = re.compile(r"[^/?#&=]+|.", re.DOTALL)
_PIECE = re.compile(r"(?:[A-Za-zÀ-ỹ]|%[0-9A-Fa-f]{2})+|\d+|.", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")


def read_pieces(start: int, text: str, rule: str) -> list[Replacement]:
    """Reads letters, digits and marks of an address one after the other.

    The scheme is silent: nobody says it. What browsers escape is read as it was typed, and a part
    that holds such letters is a title, whose `_` and `-` are blanks.
    """
    out = []
    scheme = _SCHEME.match(text)
    if scheme:
        out.append(Replacement(start, start + scheme.end(), "", rule))
    for part in _SEGMENT.finditer(text, scheme.end() if scheme else 0):
        title = not part[0].isascii() or _ESCAPED.search(part[0]) is not None
        for match in _PIECE.finditer(part[0]):
            piece, at = match[0], start + part.start() + match.start()
            out.append(_piece(at, piece, rule, title))
    return out


def _piece(at: int, piece: str, rule: str, title: bool) -> Replacement:
    foreign = None
    if piece.isdecimal():
        said = digits(piece)
    elif piece.isalpha():
        said = read_label(piece)
        foreign = piece if said != piece.lower() else None
    elif "%" in piece and len(piece) > 1:
        said = " ".join(filter(None, map(_say_unescaped, _WORD.findall(_unescape(piece)))))
    else:
        said = "" if title and piece in "_-+" else mapping("web.tsv").get(piece, "")
    return Replacement(at, at + len(piece), said, rule, foreign)


def _unescape(text: str) -> str:
    """Decodes ``%C3%A0``; bytes that are no UTF-8 are left out."""
    return unquote(text, errors="ignore")


def _say_unescaped(word: str) -> str:
    if word.isalpha():
        return read_label(word)
    return digits(word) if word.isdecimal() else mapping("web.tsv").get(word, "")


def _escaped_title(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``H%C3%A0_N%E1%BB%99i`` outside an address."""
    escaped = re.search("%[89A-Fa-f][0-9A-Fa-f]%", match[0])
    return read_pieces(match.start(), match[0], "escaped text") if escaped else None


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


def _address(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    if is_chain(match[0]):
        return None  # L.V.Th. is somebody
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
    return digits(word) if word.isdecimal() else read_label(word)


RULES = (
    Rule(
        "web address",
        r"(?:https?|ftp)://[^\s<>\"“”()]{1,900}",
        _address,
        kind="symbol",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
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
        "escaped text",
        r"(?<![\w%])(?:[A-Za-z0-9_.-]|%[0-9A-Fa-f]{2}){6,900}(?![\w%])",
        _escaped_title,
        kind="symbol",
        mask=WORD_MASK,
    ),
    Rule(
        "hashtag",
        r"(?<![\w&])[#@](?P<name>[^\W\d]\w{1,60})",
        _hashtag,
        kind="symbol",
        mask=WORD_MASK,
    ),
)

FILE_RULES = (
    Rule(
        "file name",
        rf"(?<=([^\W]))\.({FILE_ENDINGS})(?![\w.])",
        _file,
        kind="dotted",
        mask=WORD_MASK,
        flags=re.IGNORECASE,
    ),
)
