"""Repairs text that is UTF-8, was read as an old encoding and saved so: `ChÆ°Æ¡ng` is `Chương`.

Which encoding it was is tried: right is the one that makes Vietnamese syllables of the words. Bytes
that the old encoding has no letter for were lost on the way; where one letter alone completes a
syllable it is put back.
"""

from __future__ import annotations

import re
from functools import cache

from sonca.book.sources.encodings import plausibility
from sonca.text.vietnamese.syllables import syllable

_ENCODINGS = ("cp1252", "cp1258", "cp1250", "mac_roman", "cp850", "cp437")
_SAMPLE_CHARS = 20_000
_SIGN = re.compile(r"á[º»]|Æ[°¡]|Ä[‘\x90\x91ƒ©]|Ã[\x80-\xbf]|Â[\xa0«»]|Äƒ|Ă[¡¢£ª´]")
"""As it looks in what is by far the most often the wrong encoding, and in Vietnam's own."""
_SUSPECT = 0.5
_ENOUGH = 0.8
_TIMES = 3
_SEQUENCE = re.compile(
    "[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
    "|\xe1[\xba\xbb][?\ufffd]?|[\xc3\xc4][ ?\ufffd]?"
)
_LOST = {"\xe1\xbb": "ềọỏốờỐ", "\xe1\xba": "ẠạẢảẬậẪẫẨẩ", "\xc3": "àÁÍáí", "\xc4": "Đđ"}
"""What may have been there if a byte is missing, by the bytes before it."""
_HOLE, _FIRST = "\ue001", 0xE100
"""What stands for a missing letter while a line is repaired: this, and which it may have been."""
_HOLED = re.compile(rf"[^\W\d_]{{0,12}}{_HOLE}.[^\W\d_]{{0,12}}", re.DOTALL)


def repaired(text: str) -> tuple[str, str]:
    """Returns the text as it was meant, and the encoding it was taken for; the text itself and
    nothing if there is no sign of that."""
    sample = _sample(text)
    found = _best(sample) if sample else None
    if found is None:
        return text, ""
    return "\n".join(_line(line, found) for line in text.split("\n")), found


def _sample(text: str) -> str | None:
    """Returns the part of a text that looks wrong; None if none does."""
    sign = _SIGN.search(text)
    if sign:
        start = max(0, sign.start() - 100)
        lines = text[start : start + _SAMPLE_CHARS].split("\n")
        return "\n".join(line for line in lines if _SIGN.search(line)) or None
    head = text[:_SAMPLE_CHARS]
    return head if not head.isascii() and plausibility(head) < _SUSPECT else None


def _best(sample: str) -> str | None:
    """Returns the encoding that makes Vietnamese of a sample, if one does."""
    score, best = plausibility(sample), None
    for encoding in _ENCODINGS:
        fixed = _line(sample, encoding)
        found = plausibility(fixed)
        if found > max(score, _ENOUGH) and fixed != sample:
            score, best = found, encoding
    return best


def _line(line: str, encoding: str) -> str:
    """Returns a line as it was meant; it may have been misread more than once."""
    for _ in range(_TIMES):
        before, line = line, _once(line, encoding)
        if line == before:
            break
    return line


def _once(line: str, encoding: str) -> str:
    """Returns a line, with what are bytes of UTF-8 in `encoding` as the letters they were."""
    if line.isascii():
        return line
    # As long as the line itself: one letter for each byte.
    codes = line.translate(_table(encoding))
    found = [(match.start(), match.end(), _letter(match[0])) for match in _SEQUENCE.finditer(codes)]
    if not any(letter and letter[0] != _HOLE for _, _, letter in found):
        return line
    out, done = [], 0
    for start, end, letter in found:
        if letter:
            out += [line[done:start], letter]
            done = end
    fixed = "".join([*out, line[done:]])
    return _HOLED.sub(_filled, fixed) if _HOLE in fixed else fixed


def _letter(code: str) -> str | None:
    """Returns the letter of some bytes; a hole where one is missing, None for no bytes of a
    letter."""
    try:
        return code.encode("latin-1").decode("utf-8")
    except UnicodeError:
        known = code.rstrip(" ?\ufffd")
        return _HOLE + chr(_FIRST + list(_LOST).index(known)) if known in _LOST else None


def _filled(match: re.Match[str]) -> str:
    """Puts the letter back that makes a syllable of a word; the first of several that do."""
    word = match[0]
    at = word.index(_HOLE)
    before, after = word[:at], word[at + 2 :]
    letters = list(_LOST.values())[ord(word[at + 1]) - _FIRST]
    tried = [f"{before}{letter}{after}" for letter in letters]
    return next((each for each in tried if syllable(each) is not None), tried[0])


@cache
def _table(encoding: str) -> dict[int, str]:
    """Returns letter to byte (as a letter of Latin-1) of an encoding; bytes that it has no letter
    for stand for themselves, as programs write them."""
    table: dict[int, str] = {}
    for byte in range(0x80, 0x100):
        letter = bytes([byte]).decode(encoding, "ignore") or chr(byte)
        table[ord(letter)] = chr(byte)
    for code in range(0x80, 0xA0):
        table.setdefault(code, chr(code))
    # Other letters that Latin-1 has mean nothing here.
    for code in range(0xA0, 0x100):
        table.setdefault(code, "\0")
    return table
