"""Joins words that were broken up to pass a filter: "ch.ết", "t/ự", "c h ế t", "gi*t".

Pieces are one word if they make a Vietnamese syllable together and one of them is no word alone.
Initials ("T.A", "Ng.V.T."), stutters ("T-tôi"), names ("Lu-i"), units ("t/ha") and addresses
("x.ai") stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from sonca.text.vietnamese.slips import with_tone
from sonca.text.vietnamese.syllables import onsets, segment, split_tone, syllable
from sonca.text.vietnamese.wordlists import known_foreign, rows, word_set, words

_L = r"[^\W\d_]"
_SIGN = r"[./_·•∙・*|…~+'’‘`,:–—-]"
_APART_SIGN = r"[./_·•*|…-]"
_MASK = r"(?:\*{1,4}|[#@_•·.…-]{1,3}(?=[^\W\d_]))"
GLUED = re.compile(
    rf"(?<![\w@/\\.&#*-]){_L}{{1,5}}(?:{_SIGN}{{1,3}}{_L}{{1,6}}){{1,8}}(?!\w|[@/\\*-]\w|\.\w)"
)
"""Pieces with signs between them: "ch.ết", "b-ạ-o"."""
LETTERS = re.compile(rf"(?<![\w.'’-]){_L}(?:(?: {_SIGN}? ?|{_SIGN} ?){_L}){{2,24}}(?![\w'’-])")
"""Single letters with blanks between them: "c h ế t", "c . h . ế . t"."""
PAIR = re.compile(
    rf"(?<![\w.'’-])(?<!\d ){_L}{{1,3}} (?:{_APART_SIGN}{{1,3}} ?)?"
    rf"(?=[iouyIOUY]{{0,2}}[^\x00-\x7f]){_L}{{1,5}}(?![\w'’-])"
)
"""The consonants of a word apart from the rest: "ch ết", "th - ể"."""
MASKED = re.compile(rf"(?<![\w*.]){_L}{{1,4}}{_MASK}{_L}{{0,6}}(?![\w*])")
GLUED_SIGN = re.compile(rf"{_SIGN}(?<={_L}.)(?={_SIGN}{{0,2}}{_L})|[*#@](?<={_L}.)")
"""Finds something in every text that holds a match of `GLUED` or `MASKED`."""


def _apart() -> str:
    """Returns what finds the blank in every match of `LETTERS` or `PAIR`, and seldom another."""
    onset = (
        r"(?:(?<=[bcdđghklmnpqrstvxBCDĐGHKLMNPQSTVX] )(?<!\w. )"
        r"|(?<=[cgknptqCGKNPTQ][hgiurHGIUR] )(?<!\w.. )|(?<=[nN]gh ))"
    )
    marked = r"(?:[^\w\s]{1,3} ?)?[iouyIOUY]{0,2}[^\x00-\x7f\u2010-\u2fff]"
    return rf" (?:(?={_L}(?: |[^\w ] ?){_L}(?!\w))|{onset}(?={marked}))"


APART = re.compile(_apart())
_CONSONANT = re.compile("[bcdđghklmnpqrstvx]", re.IGNORECASE)
_ACUTE = re.compile("[aăâeêioôơuưyAĂÂEÊIOÔƠUƯY]['’]")
_SHAPED = re.compile("[ăâđêôơư]")
_ADDRESS = word_set(
    "com net org vn io info me tv app co ai in ly be id it es us uk is to so am fm cc ch tr py js c"
    " h cs go do doc log bin exe dat bat"
)
"""Endings of addresses and files: "x.ai", "t.in"."""


def join_glued(written: str, *, sure: bool = False) -> str | None:
    """Returns the word of which `written`, a match of `GLUED`, holds the pieces; if it is `sure`
    that they are broken, for words without marks too."""
    pieces = re.findall(_L + "+", written)
    sign = written[len(pieces[0])]
    word = "".join(pieces)
    if not _one_case(pieces) or all(map(_is_word, pieces)):
        return None
    after = len(pieces[0]) if _is_onset(pieces[0]) else 0  # gi'ây has no acute
    if _ACUTE.search(written, after) and not split_tone(word.lower())[1]:
        return with_tone(word.lower(), "\u0301")  # đ.a'nh
    if not sure and not _marked(word, pieces, sign):
        return None
    if sign == "/" and (_is_word(pieces[0]) or pieces[-1] == "ha"):
        return None  # trẻ/m, 5 t/ha
    if sign == "-" and pieces[0].istitle() and syllable(pieces[0]) and not _is_onset(pieces[0]):
        return None  # vua Lu-i
    said = syllable(word)
    if said is None and len(pieces) == len(word) > 2 and word.islower():
        said = known_foreign(word)  # s.e.x
    if said is None and len(pieces) > 3 and max(map(len, pieces)) < 3:
        return _several(word, pieces)
    return said


def join_letters(written: str) -> str | None:
    """Returns the word that single letters spell."""
    pieces = re.findall(_L, written)
    word = "".join(pieces)
    tone = any(split_tone(piece.lower())[1] for piece in pieces)
    if not _one_case(pieces) or not (tone or _SHAPED.search(word.lower())):
        return None
    if all(map(_is_word, pieces)) or not _CONSONANT.search(word):
        return None  # vowels alone are letters: ư ơ i
    return syllable(word) or _several(word, pieces)


def join_pair(written: str) -> str | None:
    """Returns the word whose consonants stand apart."""
    first, rest = re.findall(_L + "+", written)
    bare = len(rest) == 1 and not split_tone(rest.lower())[1]  # may be a letter's name, as gi is
    bare = bare or (first.lower() == "gi" and rest.lower() != "ết")
    apart = _is_onset(first) and not _is_word(rest) and not rest.isascii() and not bare
    return syllable(first + rest) if apart and _one_case([first, rest]) else None


def settled(spoken: str) -> str:
    """Returns words as they are when what was said is read again: "giết" for "gi ết"."""
    return PAIR.sub(lambda match: join_pair(match[0]) or match[0], spoken)


def unmask(written: str, beside: Sequence[str] = ()) -> str | None:
    """Returns the word of which letters are hidden: "giết" for "gi*t". `beside` are the words
    before and after it."""
    key = _hidden(written)
    if not re.search(r"[*#@]", written) and len(key) <= 3:
        return None  # đ.t may be anything
    near = {_hidden(word) for word in beside}
    for reading, company in _masked_words().get(key, ()):
        if not company or near & company:
            return reading
    return None


def _hidden(word: str) -> str:
    """Returns a word with a star for whatever hides its letters."""
    return re.sub(r"[^\w]+|_+", "*", word.lower())


@lru_cache(maxsize=1)
def _masked_words() -> dict[str, list[tuple[str, frozenset[str]]]]:
    """Returns the readings of every hidden word, those that need company first."""
    table: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for row in rows("masked.tsv"):
        for key in row[0].split("|"):
            table.setdefault(key, []).append((row[1], word_set("".join(row[2:]))))
    return table


def beside(text: str, start: int, end: int) -> bool:
    """Returns whether the word before or after ``text[start:end]`` was broken up."""
    for match in GLUED.finditer(text, max(0, start - 24), min(len(text), end + 24)):
        near = text[match.end() : start] == " " or text[end : match.start()] == " "
        if near and join_glued(match[0]):
            return True
    return False


def joins(text: str, at: int) -> bool:
    """Returns whether the dot at `at`, before a blank, stands inside a word that was broken up."""
    if " " not in text[max(0, at - 4) : at] and at > 3:
        return False  # a longer word stands before it
    low, high = max(0, at - 24), at + 24
    for pattern, join in ((LETTERS, join_letters), (PAIR, join_pair)):
        for match in pattern.finditer(text, low, high):
            if match.start() < at < match.end() and join(match[0]):
                return True
    return False


def _several(word: str, pieces: list[str]) -> str | None:
    """Returns the syllables of several words, none of them short: "tự tử" from "t.ự.t.ử"."""
    found = segment(word)
    return " ".join(found) if found and len(found) * 2 <= len(pieces) else None


def _one_case(pieces: list[str]) -> bool:
    """Returns whether pieces are written as one word: "Ch.ết" but not "T.Hà" or "Đ.A"."""
    word = "".join(pieces)
    if not word.isupper():
        return word[1:].islower()
    if len(pieces) == 2 and len(pieces[0]) == 1 and pieces[1][0] == "H":
        return False  # P.HÒA BÌNH
    tone = any(split_tone(letter)[1] for letter in word.lower())
    longer = any(len(piece) > 1 for piece in pieces[1:]) and not word.isascii()
    return tone or longer or (len(word) > 2 and re.search("[ÂĂÊÔƠƯ]", word) is not None)


def _marked(word: str, pieces: list[str], sign: str) -> bool:
    """Returns whether the word has marks, or is broken so that it can mean nothing else."""
    low = word.lower()
    if split_tone(low)[1] or (_SHAPED.search(low) and len(low) > 2):
        return True
    if len(pieces) > 2:
        return sign in ".*•·_|-"
    return sign in ".*•·|" and len(low) > 2 and pieces[-1].lower() not in _ADDRESS


@lru_cache(maxsize=4096)
def _is_word(piece: str) -> bool:
    low = piece.lower()
    if _is_onset(low) or syllable(low) is None:
        return False
    return split_tone(low)[0][0] not in "aăâeêioôơuưy" or low in words("vowel_words.tsv")


def _is_onset(piece: str) -> bool:
    return piece.lower() in onsets()
