"""Decodes bytes: Unicode in every form, and the Vietnamese encodings from before it.

Unicode is recognized by its marks or its strictness. Between the old encodings, which any bytes
could be, the one wins in which most words are Vietnamese syllables. Knows no file formats.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from sonca.errors import InvalidRequest
from sonca.text.vietnamese.syllables import syllable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE_BYTES = 200_000
_ENOUGH = 0.5
"""Share of the words with letters beyond ASCII that must be Vietnamese for an old encoding."""
_WORD = re.compile(r"[^\W\d_]+")
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.I)

_UNICODE = "utf-8 utf-16 utf-16-le utf-16-be utf-32 utf-32-le utf-32-be"
ENCODINGS = (*_UNICODE.split(), "windows-1258", "viscii", "tcvn3", "vni")
"""What may be asked for by name."""


def declared(data: bytes) -> str | None:
    """Returns the old encoding that HTML says it is in; None for others, which are found out."""
    found = _DECLARED.search(data[:2048])
    label = found[1].decode().lower().replace("cp", "windows-") if found else ""
    return label if label in ("windows-1258", "viscii") else None


def decode(data: bytes, encoding: str | None = None, *, name: str = "the file") -> tuple[str, str]:
    """Returns the text of `data` without a byte order mark, and the encoding it was in.

    `encoding` is one of `ENCODINGS` or None to find out. Raises `InvalidRequest` for what is not
    text.
    """
    if encoding is not None:
        return _as_asked(data, encoding, name), encoding.lower()
    mark, found = next(((m, e) for m, e in _MARKS if data.startswith(m)), (b"", ""))
    if found:
        return _strict(data[len(mark) :], found, name), found
    wide = _without_mark(data)
    if wide:
        return _strict(data, wide, name), wide
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return _old(data, error, name)
    # A file of pure ASCII may be VIQR or plain, never one of the old tables.
    return _checked(text, name), "utf-8"


def _as_asked(data: bytes, encoding: str, name: str) -> str:
    key = encoding.lower().replace("_", "-")
    if key in _OLD:
        return _OLD[key](data)
    if key not in ENCODINGS:
        raise InvalidRequest(
            f"unknown encoding {encoding[:40]!r}; choose one of {', '.join(ENCODINGS)}",
            field="encoding",
        )
    for mark, family in _MARKS:
        if family.startswith(key) and data.startswith(mark):
            data, key = data[len(mark) :], family
            break
    return _strict(data, key, name)


def _strict(data: bytes, encoding: str, name: str) -> str:
    try:
        return _checked(data.decode(encoding), name)
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"{name} is not {encoding.upper()}: byte {error.start} is "
            f"0x{data[error.start]:02x}; name its encoding",
            field="encoding",
        ) from error


def _checked(text: str, name: str) -> str:
    if "\0" in text:
        raise InvalidRequest(
            f"{name} is not a text: character {text.index(chr(0))} is NUL; give a book "
            "(txt, md, html, epub, docx, pdf, srt, vtt)",
            field="file",
        )
    return text


def _without_mark(data: bytes) -> str | None:
    """Recognizes UTF-16 or 32 without a mark: most of Vietnamese has a zero in its high byte."""
    sample = data[:4096]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    count = len(sample) // 4
    zeros = [sample[i::4].count(0) / count for i in range(4)]
    if min(zeros[2], zeros[3]) > 0.9:
        return "utf-32-le"
    if min(zeros[0], zeros[1]) > 0.9:
        return "utf-32-be"
    even, odd = (zeros[0] + zeros[2]) / 2, (zeros[1] + zeros[3]) / 2
    if odd > 0.4 and even < 0.1:
        return "utf-16-le"
    if even > 0.4 and odd < 0.1:
        return "utf-16-be"
    return None


def _old(data: bytes, error: UnicodeDecodeError, name: str) -> tuple[str, str]:
    """Decodes with the old encoding in which most words are Vietnamese."""
    if b"\0" in data[:_SAMPLE_BYTES]:
        raise InvalidRequest(
            f"{name} is not a text; give a book (txt, md, html, epub, docx, pdf, srt, vtt)",
            field="file",
        )
    scores = {key: plausibility(make(data[:_SAMPLE_BYTES])) for key, make in _OLD.items()}
    best = max(scores, key=lambda key: scores[key])
    if scores[best] < _ENOUGH:
        raise InvalidRequest(
            f"{name} is not UTF-8 (byte {error.start} is 0x{data[error.start]:02x}) and reads as "
            "Vietnamese in no old encoding; convert it to UTF-8 or name its encoding: "
            + ", ".join(_OLD),
            field="encoding",
        )
    return _OLD[best](data), best


def plausibility(text: str) -> float:
    """Returns how many of the words with letters beyond ASCII are Vietnamese syllables; 0 to 1."""
    good = total = 0
    for word in _WORD.findall(unicodedata.normalize("NFC", text)):
        if word.isascii():
            continue
        total += 1
        # A capital inside a word is a sign of the wrong table.
        good += _shaped(word) and syllable(word) is not None
    return good / total if total else 0.0


def _shaped(word: str) -> bool:
    return word.islower() or word.isupper() or word[1:].islower()


def _windows_1258(data: bytes) -> str:
    return unicodedata.normalize("NFC", data.decode("cp1258", "replace"))


def _viscii(data: bytes) -> str:
    return data.decode("latin-1").translate(_viscii_table())


def _tcvn3(data: bytes) -> str:
    text = data.decode("latin-1").translate(_tcvn3_table())
    return _WORD.sub(_raised, text)


def _raised(match: re.Match[str]) -> str:
    """Restores capitals: most letters with a tone have none in TCVN3, where they are a matter of
    the font. They are capitals if all others of the word are, and not the first alone."""
    word = match[0]
    capitals = [index for index, c in enumerate(word) if c.isupper()]
    if not capitals or capitals == [0] or any(c.isascii() and c.islower() for c in word):
        return word
    return word.upper()


def _vni(data: bytes) -> str:
    # In one pass: what a pair becomes may itself be the sign of another letter.
    return _vni_pattern().sub(lambda m: _vni_letter(m[0]), data.decode("cp1252", "replace"))


def _vni_letter(code: str) -> str:
    base = _VNI_SINGLES.get(code[0], code[0])
    marks = _VNI_MARKS[code[1].lower()] if len(code) > 1 else ""
    return unicodedata.normalize("NFC", base + marks)


_OLD: dict[str, Callable[[bytes], str]] = {
    "windows-1258": _windows_1258,
    "viscii": _viscii,
    "tcvn3": _tcvn3,
    "vni": _vni,
}


@lru_cache(maxsize=1)
def _viscii_table() -> dict[int, str]:
    """Returns the table of RFC 1456."""
    upper = (
        "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"
        "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
        "Õắằặấầẩậẽẹếềểễệố"
        "ồổỗỠƠộờởịỰỨỪỬơớƯ"
        "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"
        "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"
        "àáâãảăữẫèéêẻìíĩỉ"
        "đựòóôõỏọụùúũủýợỮ"
    )
    table = dict(zip(range(0x80, 0x100), upper, strict=True))
    return table | {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}


@lru_cache(maxsize=1)
def _tcvn3_table() -> dict[int, str]:
    """Returns the table of TCVN 5712, third part, which is behind the .Vn fonts."""
    runs = {
        0xA1: "ĂÂÊÔƠƯĐăâêôơưđ",
        0xB5: "àảãáạ",
        0xBB: "ằẳẵắ",
        0xC6: "ặầẩẫấậè",
        0xCE: "ẻẽéẹềểễếệìỉ",
        0xDC: "ĩíịò",
        0xE1: "ỏõóọồổỗốộờởỡớợù",
        0xF1: "ủũúụừửữứựỳỷỹýỵ",
    }
    return {first + i: letter for first, run in runs.items() for i, letter in enumerate(run)}


_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"
_HAT, _BREVE = "\u0302", "\u0306"
_VNI_MARKS = {
    "ù": _ACUTE, "ø": _GRAVE, "û": _HOOK, "õ": _TILDE, "ï": _DOT,
    "â": _HAT, "á": _HAT + _ACUTE, "à": _HAT + _GRAVE, "å": _HAT + _HOOK, "ã": _HAT + _TILDE,
    "ä": _HAT + _DOT,
    "ê": _BREVE, "é": _BREVE + _ACUTE, "è": _BREVE + _GRAVE, "ú": _BREVE + _HOOK,
    "ü": _BREVE + _TILDE, "ë": _BREVE + _DOT,
}  # fmt: skip
_VNI_SMALL = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI_SINGLES = _VNI_SMALL | {a.upper(): b.upper() for a, b in _VNI_SMALL.items()}


@lru_cache(maxsize=1)
def _vni_pattern() -> re.Pattern[str]:
    """Matches letters of VNI for Windows: most are a base and a second character for its marks."""
    tones, hats, breves = "ùøûõï", "âáàåãä", "êéèúüë"
    bases = {"a": tones + hats + breves, "e": tones + hats, "o": tones + hats}
    bases |= {"u": tones, "y": tones, "ô": tones, "ö": tones}
    ways = [f"[{b}{b.upper()}][{m}{m.upper()}]" for b, m in bases.items()]
    return re.compile("|".join([*ways, f"[{''.join(_VNI_SINGLES)}]"]))
