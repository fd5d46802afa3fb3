"""Says numbers in Vietnamese words. Knows arithmetic and regional words, no context."""

from __future__ import annotations

import re

from sonca.text.reading import Reading

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_BILLION = 10**9
MAX_CARDINAL_DIGITS = 27
"""Longer numbers are read digit by digit."""


def digits(text: str) -> str:
    """Says the digits of `text` one by one and skips everything else."""
    return " ".join(DIGITS[int(c)] for c in text if c in "0123456789")


def _below_thousand(value: int, full: bool, reading: Reading) -> list[str]:
    hundreds, rest = divmod(value, 100)
    tens, unit = divmod(rest, 10)
    words: list[str] = []
    if hundreds or full:
        words += [DIGITS[hundreds], "trăm"]
    if tens == 0:
        if unit:
            if words:
                words.append(reading.odd)
            words.append(reading.four if unit == 4 and len(words) > 1 else DIGITS[unit])
        return words
    words += ["mười"] if tens == 1 else [DIGITS[tens], "mươi"]
    if unit == 5:
        words.append("lăm")
    elif unit == 1 and tens > 1:
        words.append("mốt")
    elif unit == 4 and tens > 1:
        words.append(reading.four)
    elif unit:
        words.append(DIGITS[unit])
    return words


def _below_billion(value: int, full: bool, reading: Reading) -> list[str]:
    words: list[str] = []
    for size, name in ((10**6, "triệu"), (1000, reading.thousand), (1, "")):
        part, value = divmod(value, size)
        if part:
            words += _below_thousand(part, full or bool(words), reading)
            words += [name] if name else []
    return words


def cardinal(number: int | str, reading: Reading) -> str:
    """Says a whole number, 0 or above; one that is too long digit by digit."""
    text = str(number)
    if len(text.lstrip("0")) > MAX_CARDINAL_DIGITS:
        return digits(text)
    value = int(text)
    if value == 0:
        return DIGITS[0]
    parts: list[int] = []
    while value:
        value, part = divmod(value, _BILLION)
        parts.append(part)
    words: list[str] = []
    for power in range(len(parts) - 1, -1, -1):
        if parts[power]:
            words += _below_billion(parts[power], bool(words), reading) + ["tỷ"] * power
    return " ".join(words)


def split_number(number: str, *, grouped: bool = False) -> tuple[str, str]:
    """Splits a written number with any separators into ``(whole, fraction)``.

    Vietnamese writes ``1.234,5``, but English habits are common. Of two kinds of separator the
    later one is decimal. A dot before exactly three digits groups; a comma before three digits
    is decimal unless it repeats or the caller knows better (`grouped`).
    """
    number = number.translate({ord(blank): None for blank in " '’"})
    dot, comma = number.rfind("."), number.rfind(",")
    if dot >= 0 and comma >= 0:
        sign = "," if comma > dot else "."
    elif dot < 0 and comma < 0:
        return number, ""
    else:
        sign = "." if dot >= 0 else ","
        parts = number.split(sign)
        threes = all(len(p) == 3 for p in parts[1:]) and parts[0] not in ("0", "00")
        if threes and (len(parts) > 2 or sign == "." or grouped):
            return "".join(parts), ""
    whole, _, fraction = number.rpartition(sign)
    return whole.replace(".", "").replace(",", ""), fraction


def number(written: str, reading: Reading, *, grouped: bool = False, point: str = "phẩy") -> str:
    """Says a written number with any separators: two decimals as a number, others one by one."""
    whole, fraction = split_number(written, grouped=grouped)
    said = cardinal(whole or "0", reading)
    if not fraction:
        return said
    as_number = len(fraction) == 2 and fraction[0] != "0"
    return f"{said} {point} {cardinal(fraction, reading) if as_number else digits(fraction)}"


_ROMAN = "M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}


def from_roman(text: str) -> int | None:
    """Returns the value of a well-formed Roman numeral in capitals, else None."""
    if not text or not re.fullmatch(_ROMAN, text):
        return None
    value = previous = 0
    for digit in (_ROMAN_DIGITS[char] for char in reversed(text)):
        value += -digit if digit < previous else digit
        previous = digit
    return value
