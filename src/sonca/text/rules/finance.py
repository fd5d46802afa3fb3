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
    " users download downloads đơn khách điểm bản file ảnh câu từ dòng record records stream"
)
_AMOUNT_BEFORE = re.compile(
    r"(?i)(?:doanh thu|doanh số|vốn hóa|vốn hoá|lợi nhuận|định giá|gọi vốn|gọi được|trị giá"
    r"|huy động|đầu tư|lương|thu nhập|thưởng|phạt|phí|giá|tài sản|lỗ|lãi|model|mô hình|llm"
    r"|dataset|gdp|dân số)[^.;]{0,24}\Z"
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
        or _AMOUNT_BEFORE.search(work.text[max(0, match.start() - 40) : match.start()])
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


_PAIRED = (
    "USD|VND|VNĐ|EUR|GBP|JPY|CNY|KRW|THB|SGD|AUD|CAD|CHF|HKD|RUB|BTC|ETH|USDT|USDC|BNB|XAU|XAG|NZD"
    "|DXY|INR|TWD"
)


def _pair(match: re.Match[str], work: Workspace) -> list[Replacement]:
    """Reads a rate or a ratio: ``USD/EUR``, ``P/E``."""
    slash = match.start("slash")
    return [
        Replacement(match.start(), slash, _name(match["a"]), "pair"),
        Replacement(slash, slash + 1, "trên", "pair"),
        Replacement(slash + 1, match.end(), _name(match["b"]), "pair"),
    ]


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


_LEFT = rf"(?<![\w]){NUMBER_START}"

RULES = (
    Rule(
        "money",
        rf"{_LEFT}(?P<n>{NUMBER}) ?(?P<scale>[BMT])(?: ?(?P<code>{_CODES}))?(?![\w/-])",
        _scaled,
    ),
    Rule("term", r"(?<![\w.,/-])(?P<n>\d{1,2})(?P<unit>[YMWD])(?![\w/-])", _term),
    Rule(
        "pair",
        rf"(?<![\w/])(?:(?P<a>{_PAIRED})(?P<slash>/)(?P<b>{_PAIRED}))(?![\w/])",
        _pair,
        kind="symbol",
    ),
    Rule(
        "pair",
        r"(?<![\w/])(?P<a>P|D|EV)(?P<slash>/)(?P<b>E|B|A|CF|S(?= [\d~=])|EBITDA)(?![\w/])",
        _pair,
        kind="symbol",
    ),
    Rule("coin", r"(?<![\w/.])BTC(?![\w/])", _coin, kind="capital"),
)
