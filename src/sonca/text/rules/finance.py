"""Reads the shorthand of markets: ``1.2B``, ``10Y``, ``USD/EUR``, BTC the coin."""

from __future__ import annotations

import re

from sonca.text.rules.rule import NUMBER, NUMBER_START, Replacement, Rule, Workspace
from sonca.text.vietnamese.letters import spell
from sonca.text.vietnamese.wordlists import mapping, word_set

_SCALES = {"B": "tỷ", "M": "triệu", "T": "nghìn tỷ"}
_CODES = "USD|VNĐ|VND|EUR|GBP|JPY|CNY|KRW|SGD|AUD|USDT|đồng|đô la|đô"
_COUNTED = word_set(
    "view views lượt sub follow like người tham params parameters token tokens mẫu samples user"
    " dân hộ users download downloads đơn khách điểm bản file ảnh câu từ dòng record records stream"
)
_AMOUNT_BEFORE = re.compile(
    r"(?i)(?:doanh thu|doanh số|vốn hóa|vốn hoá|lợi nhuận|định giá|gọi vốn|gọi được|trị giá"
    r"|huy động|đầu tư|lương|thu nhập|thưởng|phạt|phí|giá|tài sản|lỗ|lãi|model|mô hình|llm"
    r"|dataset|gdp|dân số)[^.;]{0,24}(?:\d[.,]\d{1,2} ?[BMT](?!\w)[^.;]{0,24})?\Z"
)
_LENGTHS = word_set("cao dài rộng sâu ngang dày khổ ống dây cáp chiều")
_NAMED = word_set("bản version phòng lớp bút chì lượng nặng")


def _scaled(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``1.2B`` and ``3.2M`` as billions and millions, not as bytes and metres."""
    before, scale = work.before(match.start()), _SCALES[match["scale"]]
    if before in _NAMED:
        return None
    length = before in _LENGTHS
    if length and match["scale"] != "M":
        return None
    decimal = re.fullmatch(r"\d{1,4}[.,]\d{1,2}", match["n"]) is not None
    amount = (
        match["code"]
        or work.after(match.end()) in _COUNTED
        or _AMOUNT_BEFORE.search(work.text[max(0, match.start() - 60) : match.start()])
    )
    if not (amount or length) and (not decimal or match["scale"] == "T"):
        return None
    point = "phẩy" if match["code"] or length or "," in match["n"] else "chấm"
    out = [
        Replacement(*match.span("n"), work.number(match["n"], point=point), "money"),
        Replacement(*match.span("scale"), "mét" if length else scale, "money"),
    ]
    if match["code"]:
        said = mapping("currencies.tsv").get(match["code"], match["code"])
        out.append(Replacement(*match.span("code"), said, "money"))
    return out


_TERMS = {"Y": "năm", "M": "tháng", "W": "tuần", "D": "ngày"}
_TERM_WORDS = re.compile(
    r"(?i)lợi suất|lãi suất|trái phiếu|kỳ hạn|tín phiếu|liên ngân hàng|đáo hạn|tpcp|yield|bond"
)
_ROOMS = word_set("lớp phòng căn nhà lô ghế mã tổ dãy số")


def _term(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``10Y`` as a term; months, weeks and days only where markets are spoken of."""
    around = work.text[max(0, match.start() - 60) : match.end() + 40]
    if work.before(match.start()) in _ROOMS:
        return None
    if not _TERM_WORDS.search(around) and (match["unit"] != "Y" or int(match["n"]) > 50):
        return None
    return [
        Replacement(*match.span("n"), work.cardinal(int(match["n"])), "term"),
        Replacement(*match.span("unit"), _TERMS[match["unit"]], "term"),
    ]


def _period(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``H1/2025``, ``9M2024`` and ``FY2023``."""
    part, glued = match["p"], "/" not in match[0]
    if part in ("H1", "H2"):
        said = "nửa đầu năm" if part == "H1" else "nửa cuối năm"
    elif part.endswith("M") and part[:-1].isdecimal():
        said = f"{work.cardinal(part[:-1])} tháng năm"
    elif part == "FY" and glued:
        said = "năm tài chính"
    else:
        return None
    return [
        Replacement(match.start(), match.start("y"), said, "period"),
        Replacement(*match.span("y"), work.cardinal(match["y"]), "period"),
    ]


_PAIRED = (
    "USD|VND|VNĐ|EUR|GBP|JPY|CNY|KRW|THB|SGD|AUD|CAD|CHF|HKD|RUB|BTC|ETH|USDT|USDC|BNB|XAU|XAG|NZD"
    "|DXY|INR|TWD"
)


def _pair(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads a rate or a ratio: ``USD/EUR``, ``P/E``."""
    out = [Replacement(*match.span("a"), _name(match["a"]), "pair")]
    if match["slash"]:
        out.append(Replacement(*match.span("slash"), "trên", "pair"))
    return [*out, Replacement(*match.span("b"), _name(match["b"]), "pair")]


def _name(code: str) -> str:
    said = mapping("acronyms.tsv").get(code) or mapping("currencies.tsv").get(code)
    return said.lstrip("=") if said else spell(code)


_COIN_TALK = re.compile(
    r"(?i)\b(?:usdt|crypto|coin|bitcoin|eth|ethereum|blockchain|binance|tiền (?:số|ảo|mã hóa|mã hoá"
    r"|điện tử)|ví (?:lạnh|nóng|điện tử)|halving|satoshi|altcoin|stablecoin|token|đào|thợ đào"
    r"|phố wall|etf|hodl|sàn giao dịch)\b"
)
_ORGANISERS = re.compile(
    r"(?i)\b(?:giải|cuộc thi|chương trình|vé|thí sinh|khán giả|lễ|sự kiện|hội thao|hội thi|trao|sân"
    r"|đội|concert|festival|thông báo|quyết định|cho biết|yêu cầu|phát biểu|vđv|hlv|trọng tài"
    r"|trận|đại hội|hội nghị|ban|trưởng|thành viên)\b"
)
_MOVES = (
    r" (?:đang |đã |vừa |lại |tiếp tục )?(?:tăng|giảm|lên|xuống|vượt|chạm|rơi|rớt|lao dốc|bật|hồi"
    r"|lập đỉnh|phá|về|đạt|mất|neo|quanh|dao động|giao dịch|điều chỉnh|biến động)(?!\w)"
)


def _coin(match: re.Match[str], work: Workspace) -> str | None:
    """Reads BTC as the coin where prices or coins are spoken of; else it is a committee."""
    text = work.text
    if not _COIN_TALK.search(text):
        moved = work.followed(match.end(), _MOVES) or work.preceded(
            match.start(), r"(?i:giá|mua|bán|đào|nắm giữ|long|short|đồng|cặp) (?:đồng |1 )?"
        )
        if not moved or _ORGANISERS.search(text):
            return None
    return mapping("currencies.tsv")["BTC"]


_GAINED = re.compile(
    r"(?i)(?<!\w)(?:tăng|giảm|hơn|mạnh|đắt|rẻ|cao|nhanh|đòn bẩy|margin|p/e|p/b|ev/ebitda)(?!\w)"
    r"(?: \w{1,6}){0,2} \Z"
)


def _times(match: re.Match[str], work: Workspace) -> list[Replacement] | None:
    """Reads ``tăng 5x`` and ``P/E 15x`` as times; in a sum the x is a letter."""
    before = work.text[max(0, match.start() - 28) : match.start()]
    around = work.text[max(0, match.start() - 12) : match.end() + 12]
    if re.search(r"[=+*](?! ?\d[\d.,]*%)", around) or not _GAINED.search(before):
        return None
    point = "phẩy" if "," in match["n"] else "chấm"
    return [
        Replacement(*match.span("n"), work.number(match["n"], point=point), "number"),
        Replacement(*match.span("x"), "lần", "times"),
    ]


_LEFT = rf"(?<![\w]){NUMBER_START}"

RULES = (
    Rule(
        "money",
        rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<scale>[BMT])(?: ?(?P<code>{_CODES}))?(?![\w/-])",
        _scaled,
        kind="capital",
    ),
    Rule(
        "term",
        r"(?:(?<![\w.,/-])|(?<=Y/))(?P<n>\d{1,2})(?P<unit>[YMWD])(?!\w|-|/(?!\d{1,2}Y))",
        _term,
        kind="capital",
    ),
    Rule("times", rf"{_LEFT}(?P<n>\d{{1,4}}(?:[.,]\d{{1,2}})?)(?P<x>[xX])(?![\w/-])", _times),
    Rule(
        "period",
        r"(?<![\w/.-])(?P<p>[HT]?[1-9]M?|FY|1[0-2]M)/?(?P<y>20\d\d)(?![\w/])",
        _period,
        kind="capital",
    ),
    Rule(
        "pair",
        rf"(?<![\w/])(?:(?P<a>{_PAIRED})(?P<slash>/)(?P<b>{_PAIRED}))(?![\w/])",
        _pair,
        kind="symbol",
    ),
    Rule(
        "pair",
        r"(?<![\w/])(?P<a>USD|EUR|GBP|AUD|NZD|BTC|ETH|XAU|JPY)(?P<slash>)(?P<b>VND|USD|JPY|CHF|CAD"
        r"|USDT)(?![\w/])",
        _pair,
        kind="capital",
    ),
    Rule(
        "pair",
        r"(?<![\w/])(?P<a>P|D|EV)(?P<slash>/)(?P<b>E|B|A|CF|S(?= [\d~=])|EBITDA)(?![\w/])",
        _pair,
        kind="symbol",
    ),
    Rule("coin", r"(?<![\w/.])BTC(?![\w/])", _coin, kind="capital"),
)
