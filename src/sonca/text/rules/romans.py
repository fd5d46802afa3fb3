"""Reads ordinals and Roman numerals: what stands before them says what they are."""

from __future__ import annotations

import re

from sonca.text.rules.capitals import is_all_capitals
from sonca.text.rules.rule import WORD_MASK, Replacement, Rule, Workspace
from sonca.text.vietnamese.initials import foreign_name
from sonca.text.vietnamese.numbers import from_roman
from sonca.text.vietnamese.syllables import syllable
from sonca.text.vietnamese.wordlists import word_set

_BEFORE = word_set(
    "kỷ kỉ hội quý thứ chương phần quyển tập hồi mục khóa khoá kỳ kì đoạn cấp loại hạng chiến giới"
    " điều khoản bài bảng vòng vùng nhóm lần độ đợt tầng chi phái tuyến lục màn cảnh sổ bậc dạng"
    " trung ương vua vận type mức khối pháp quận vực tk khu"
)
_NUMBERED = word_set(
    "khoa đoàn sở án hợp kiểu thể trạm cục lộ câu đội phòng ban tổ đề nội ngoại sản nhi ương mẫu"
    " hình mốc nhánh xưởng kho dãy thành bước công phường"
)
"""Words after which a lone I or V is a number more often than a letter."""
_SERIES = word_set("iphone fantasy gta civilization rocky")
_FACILITY = re.compile(
    r"(?<!\w)(?:khoa|nhà máy|nhiệt điện|thủy điện|thuỷ điện|bệnh viện|trường|cảng|kcn"
    r"|khu công nghiệp|xí nghiệp|trạm|công ty|đài|cầu|mỏ|hồ|chung cư|xã|cụm|dự án|đền)(?!\w)",
    re.IGNORECASE,
)
_ARMY = r"(?i:liên|quân|phân|chiến|đặc) khu "
_RULER = re.compile(
    r"(?<!\w)(?:vua|nữ hoàng|hoàng đế|giáo hoàng|quốc vương|sa hoàng|hoàng tử|triều)[^.,;]{0,24}\Z",
    re.IGNORECASE,
)


def _roman(match: re.Match[str], work: Workspace) -> str | None:
    value = from_roman(match[0].upper()) if match[0].isupper() or match[0].islower() else None
    if value is None:
        return None
    text, start, end = work.text, match.start(), match.end()
    if match[0] in ("C", "D", "L", "M") or _initial(match[0], work, end):
        return None
    before = work.before(start)
    adjacent = text[start - 1 : start] == " "
    previous = work.preceded(start, r"([IVXLC]{1,7}) ?[-–]", 10)
    if previous and from_roman(previous[1]):
        context = work.preceded(start, r"([^\W\d_]+) [IVXLC]{1,7} ?[-–] ?", 24)
        return _say(value, work, context[1].lower() if context else "", start)
    if match[0].islower():
        return None
    if match[0] == "X" and before == "khu" and not work.preceded(start, _ARMY, 12):
        return None  # khu X beside khu A
    if adjacent and before in _BEFORE:
        if not set(match[0]) & set("IVX") and before not in ("chương", "hồi"):
            return None  # đĩa CD, nhóm MC
        return _say(value, work, before, start)
    if _heads_line(work, start, end):
        return work.cardinal(value)
    if adjacent and match[0] in ("I", "V", "X") and _counts(match[0], before, work, start, end):
        return work.cardinal(value)
    if len(match[0]) >= 2 and not set(match[0]) - set("IVX") and not is_all_capitals(work.text):
        return _say(value, work, before, start)
    if (
        adjacent
        and set(match[0]) <= set("IVX")
        and value > 1
        and _after_name(work, start)
        and match[0] not in "VX"
    ):
        return work.cardinal(value)
    return None


def _counts(letter: str, before: str, work: Workspace, start: int, end: int) -> bool:
    """Returns whether a lone I, V or X is a number: "khoa Nội I", "Phả Lại I", "vua Rama V"."""
    left = work.text[max(0, start - 40) : start]
    if before in _SERIES or (_RULER.search(left) and _after_name(work, start)):
        return True
    if letter == "X" or work.followed(end, r"[ -]?[\dA-Z=+]|[’']"):
        return False
    if before in _NUMBERED:
        return before not in ("hình", "thể", "mẫu", "kiểu") or letter == "I"
    named = left.rstrip().rpartition(" ")[2]
    if letter == "V" and not named.istitle():
        return False
    return syllable(named) is not None and _FACILITY.search(left) is not None


_REFERRED = r"(?i:(?<!\w)(?:khoản|mục|điểm|điều|ý|kiện) )"
_HEADED = r"(?:[:,;]|(?<!\w)(?:và|hoặc|hay|gồm|là)) "
_SIBLINGS = re.compile(r"\((?:iii?|iv|vii{0,2}|ix|xi)\)")


def _listed(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads ``(i)``, ``(ii)``, ``(iv)`` of a list. A lone (v) or (x) must head its part: elsewhere
    it is a letter or a mark."""
    numeral, start = match["r"], match.start()
    value = from_roman(numeral.upper())
    if value is None:
        return None
    if numeral.lower() in ("v", "x", "vi", "xi"):
        headed = (
            not work.text[:start].strip()
            or (numeral not in "xX" and work.preceded(start, _HEADED, 8))
            or work.preceded(start, _REFERRED, 12)
            or _SIBLINGS.search(work.text)
        )
        if not headed or not work.followed(match.end(), r"[ ,.;]|\Z"):
            return None
    span = match.span() if work.preceded(start, _REFERRED, 12) else match.span("r")
    return Replacement(*span, work.cardinal(value), "roman numeral")


_NAME_END = r"(?: [A-ZĐÀ-Ỵ]\w{0,7}){0,2}(?:[,.)]| [-–]|\Z)"
_NAME = r"\.[ ]?([A-ZĐ])(?:\.|([^\W\d_]+)(?: ([^\W\d_]+))?)"


def _initial(numeral: str, work: Workspace, end: int) -> bool:
    """Returns whether I, V or X is the first letter of a name (V. I. Lênin, I. Newton), or stands
    for a village (X. Tân Phú)."""
    if len(numeral) != 1:
        return False
    found = work.followed(end, _NAME)
    if found is None or found[2] is None:
        return found is not None
    word = found[1] + found[2]
    if word.isupper():
        return False
    if syllable(word) is None or word == "Mác":
        return foreign_name(word)
    named = found[3] is not None and found[3].istitle() and syllable(found[3]) is not None
    return numeral == "X" and named and bool(work.followed(found.end(), _NAME_END))


def _say(value: int, work: Workspace, before: str, start: int) -> str:
    if before == "thứ":
        return _ordinal(value, work)
    if before == "hội" and work.before(start, 2) == "đại hội":
        return f"lần thứ {_ordinal(value, work)}"
    if before in ("kỷ", "kỉ", "tk"):
        return f"thứ {_ordinal(value, work)}"
    return work.cardinal(value)


def _ordinal(value: int, work: Workspace) -> str:
    return {1: "nhất", 4: "tư"}.get(value) or work.cardinal(value)


_BRACKETED = re.compile(r"(?<![\w(/])(?:iii?|iv|vii{0,2}|ix)\) ")


def _bracketed(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads ``i) …, ii) …``; after a) and b) a lone i) is a letter."""
    lone = match["r"] in ("i", "v", "x", "xi")
    heads = match["r"] == "i" and work.preceded(match.start(), r"(?:[:]|(?i:gồm|là)) ", 6)
    if lone and not heads and not _BRACKETED.search(work.text):
        return None
    return _small(match, work)


def _section(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads the numeral of ``mục II.3`` and its dot."""
    value = from_roman(match["r"])
    if value is None or (
        len(match["r"]) == 1 and work.before(match.start()) not in _BEFORE | _NUMBERED
    ):
        return None
    dot = match.span("dot")
    said = Replacement(*match.span("r"), work.cardinal(value), "section")
    return [said, Replacement(*dot, "chấm", "section")]


def _small(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads ``ii)``, ``chương iv``: small, but no syllable."""
    value = from_roman(match["r"].upper())
    if value is None:
        return None
    return Replacement(*match.span("r"), work.cardinal(value), "roman numeral")


def _heads_line(work: Workspace, start: int, end: int) -> bool:
    text = work.text
    if text[:start].strip(" -–—*#"):
        return False
    dashed = work.followed(end, r" [-–—] ([^\W\d_]+)")
    if dashed is not None:
        return syllable(dashed[1]) is not None  # "I - Lý thuyết", not "V - League"
    return text[end : end + 1] in (".", ")", ":", "/") and text[end + 1 : end + 2] in ("", " ")


def _after_name(work: Workspace, start: int) -> bool:
    """Returns whether a foreign ruler's or title's name stands before: Louis XIV, Elizabeth II."""
    found = work.preceded(start, r"([^\W\d_]+) ", 20)
    return found is not None and found[1][0].isupper() and syllable(found[1]) is None


EARLY_RULES = (
    Rule(
        "section",
        r"(?<![\w.&])(?P<r>[IVX]{1,5})(?P<dot>\.)(?=\d{1,2}(?!\d))",
        _section,
        mask=WORD_MASK,
        kind="capital",
    ),
    Rule(
        "roman numeral",
        r"(?<![\w)])\((?P<r>[ivx]{1,5}|[IVX]{1,5})\)",
        _listed,
        kind="bracketed numeral",
    ),
    Rule(
        "roman numeral",
        r"(?<![\w(/])(?P<r>[ivx]{1,5})(?=\) )",
        _bracketed,
        kind="bracketed numeral",
    ),
    Rule(
        "roman numeral",
        r"\A[-–*•\s]{0,4}(?P<r>(?!vi|xi)[ivx]{2,5})(?=[.)/]\s)",
        _small,
        kind="small numeral",
    ),
    Rule(
        "roman numeral",
        r"(?<=\p{L} )(?P<r>(?!vi|xi)[ivx]{2,5})(?![\w.])",
        lambda m, w: _small(m, w) if w.before(m.start()) in _BEFORE else None,
        kind="small numeral",
    ),
)

_ERA = word_set(
    "đầu cuối giữa từ đến tới thời vào nửa khoảng của ở trong sang nửa những các hồi sau trước và"
    " là suốt qua"
)


def _century(match: re.Match[str], work: Workspace) -> str | None:
    """Reads ``tk. 19`` and ``tk XX``; before more digits, or after "số", it is an account."""
    dated = match["dot"] or len(match["n"]) == 2 or not match["n"].isdecimal() or match[0].isupper()
    dated = dated or work.followed(match.end(), r" ?\d (?:trước|sau|TCN|SCN)")
    before = work.before(match.start())
    return "thế kỷ" if before != "số" and (dated or before in _ERA) else None


_TASKS = word_set(
    "bài câu phương hệ đề bất ván ô lần nghìn ngàn trăm triệu tỷ tỉ con chiếc việc bàn vụ mã bảng"
    " sao tháng ngày năm tuần"
)
"""What one solves ("giải 1 bài toán") or counts, so that the 1 before it ranks nothing."""


def _first(match: re.Match[str], work: Workspace) -> Replacement | None:
    """Reads ``hạng 1``, ``giải 1`` as the first."""
    if work.after(match.end()) in _TASKS:
        return None
    return Replacement(*match.span("n"), "nhất", "ordinal")


RULES = (
    Rule(
        "ordinal",
        r"(?<![\w])(?:hạng|giải) (?P<n>1)(?![\w/:]|[.,–-]\d| ?[xX+=*] ?\d)",
        _first,
        flags=re.IGNORECASE,
    ),
    Rule("crossroads", r"(?<=[Nn]gã )4(?!\w|[.,/]\d)", lambda m, w: "tư"),
    Rule(
        "ordinal",
        r"(?<![\w])thứ (?P<n>\d{1,4})(?![\w/]|[.,]\d)",
        lambda m, w: Replacement(*m.span("n"), _ordinal(int(m["n"]), w), "ordinal"),
        flags=re.IGNORECASE,
    ),
    *(
        Rule(
            "century",
            r"(?<!\w)(?:T[Kk]|tk)(?P<dot>\.?)(?= ?(?:thứ )?(?P<n>[IVX]{1,5}|[1-9]|1\d|2[01])"
            r"(?!\w|[.,/-]\d))",
            _century,
            kind=kind,
            mask=WORD_MASK,
        )
        for kind in ("capital", "digit")
    ),
    Rule(
        "roman numeral",
        r"(?<![\w.&])[IVXLCDM]{1,9}(?![\w&]|\.\p{L}|-[a-zà-ỹđ])",  # not I-ta-li-a
        _roman,
        kind="capital",
    ),
)
