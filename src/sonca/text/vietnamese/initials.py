"""Tells what a letter or two with a dot are: an initial, a title, a kind of place, the end of a
sentence.

It cannot tell the initial of an unnamed person ("bà P. Hôm đó") from a short place name except
by the words around.
"""

from __future__ import annotations

import re
from functools import lru_cache

from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.titles import is_place, is_title
from sonca.text.vietnamese.wordlists import rows, word_set, words

_TOPICS = word_set(
    "internet marketing website web facebook google email logo video virus module robot hormone"
    " vitamin protein enzyme windows excel word powerpoint python java blockchain bitcoin startup"
    " game show film album listening reading writing speaking vocabulary grammar introduction"
    " overview summary conclusion content general photoshop polymer ancol axit este amin"
)
"""Foreign words that head a numbered part ("I. Internet") and so are not surnames."""
_PROSE = re.compile(r"\.\s{1,3}[^\W\d_]+\s[^\W\d_]")
_TWO_WORDS = re.compile(r"\.\s?([A-ZĐÀ-Ỵ]\w+) ([A-ZĐÀ-Ỵ]\w+)")
DIGRAPHS = "Ngh|Ng|Nh|Ph|Th|Tr|Ch|Kh|Gi|Qu"
"""Two letters that stand for one sound and so for one initial ("chị Ph.")."""
_CHAIN = re.compile(rf"(?:(?:{DIGRAPHS}|[A-ZĐ])\.){{1,5}}(?:{DIGRAPHS}|[A-ZĐ])\Z")
_CHAINED = re.compile(rf"(?:\A|[\s.(])(?:{DIGRAPHS}|[A-ZĐ])\.\s?\Z")
OPENERS = word_set(
    "sau hôm trước theo khi tại đến vì do trong ngày năm nhưng tuy hiện lúc từ rồi sáng tối trưa"
    " chiều đối bị qua người nạn vụ cả nó hắn tôi họ chị anh ông bà cô em bé cơ công tòa toà đêm"
    " nay đây đó ngoài ngay nếu cũng lời còn mẹ cha bố vợ chồng con gia hai không có thấy nghe biết"
    " một"
)
"""Words that open a sentence after a person who stays unnamed."""
_NUMBERED = word_set("đ/c đc tk q p lv lvl ch hq kp tr đ no ng ngh")
_NEXT = re.compile(r"\.\s?([A-ZĐÀ-Ỵ][^\W\d_]*)(\.?)")


def is_chain(text: str) -> bool:
    """Returns whether initials stand in a row, the last without its dot: "L.V.Th"."""
    return _CHAIN.match(text) is not None


def before_number(token: str, following: str) -> bool:
    """Returns whether a dot ends nothing because a number follows: "tk. 19", "Lv. 12"."""
    return token.lower() in _NUMBERED and following.lstrip()[:1] in tuple("0123456789IVX")


def foreign_name(word: str) -> bool:
    """Returns whether a capitalised word can be a surname after an initial: Putin, Ronaldo."""
    return word == "Mác" or (syllable(word) is None and word.lower() not in _TOPICS)


def before_name(text: str, dot: int) -> bool:
    """Returns whether the dot of a capital stands inside a name: "L. Messi", "V. I. Lênin"."""
    if dot < 1 or not text[dot - 1].isupper() or text[dot - 2 : dot - 1].isalnum():
        return False
    found = _NEXT.match(text, dot)
    if found is not None and found[2] and len(found[1]) == 1:
        found = _NEXT.match(text, found.end() - 1)  # V. I. Lênin
    return found is not None and not found[1].isupper() and foreign_name(found[1])


@lru_cache(maxsize=1)
def _provinces() -> frozenset[str]:
    return frozenset(row[0] for row in rows("provinces.tsv"))


def before_province(text: str, dot: int) -> bool:
    """Returns whether the name of a province follows the dot: "T. Tây Ninh"."""
    two = _TWO_WORDS.match(text, dot)
    return two is not None and f"{two[1]} {two[2]}".lower() in _provinces()


def is_unnamed_person(text: str, begin: int, dot: int) -> bool:
    """Returns whether a person stays unnamed and a new sentence follows: "Bà P. Hôm đó", "Trần
    Thị H. Sau đó"."""
    prose = _PROSE.match(text, dot)
    if prose is None or not prose[0][-1].islower():
        return False
    before = text[max(begin, dot - 24) : dot - 1].split()[-2:]
    if before and before[-1].lower() in words("persons.tsv"):
        return True
    return len(before) == 2 and all(w.istitle() and syllable(w) for w in before)


def goes_on(text: str, begin: int, dot: int, token: str) -> bool | None:
    """Returns whether a sentence goes on after the dot of an initial, a title or a kind of place;
    None if `token`, which stands before the dot, is none of them."""
    after = text[dot + 1 : dot + 24].lstrip()
    initial = token in DIGRAPHS.split("|") or (len(token) == 1 and token.isupper())
    chained = is_chain(token) or (
        initial and _CHAINED.search(text[max(begin, dot - len(token) - 5) : dot - len(token)])
    )
    if (initial or chained) and (after[:1].islower() or after[:1] in ("(", ",", ";")):
        return True
    if is_title(text, dot) or is_place(text, dot):
        return True
    word = re.match(r"[^\W\d_]*", after)
    opened = word is not None and word[0].lower() in OPENERS
    if chained and opened:
        return False
    if len(token) > 1 and initial:
        return not opened
    return True if is_chain(token) else None
