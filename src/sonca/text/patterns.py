"""Pieces of regular expressions that several rules share.

Every repeat is bounded or over a single character class, so that matching stays linear.
"""

from __future__ import annotations

LETTER = r"[^\W\d_]"
NOT_IN_WORD = r"(?<![\w])"
END = r"(?![\w])"

NUMBER = (
    r"(?:\d{1,3}(?:\.\d{3}){1,6}(?:,\d{1,12})?(?![.,]?\d)"
    r"|\d{1,3}(?:,\d{3}){2,6}(?:\.\d{1,12})?(?![.,]?\d)"
    r"|\d{1,3}(?:,\d{3}){1,6}\.\d{1,12}(?![.,]?\d)"
    r"|\d{1,3}(?:['’]\d{3}){1,6}(?!\d)"
    r"|[1-9]\d{0,2}(?: \d{3}){1,6}(?:,\d{1,12})?(?![.,]?\d| \d)"
    r"|\d{1,18}[.,]\d{1,12}(?![.,]?\d)"
    r"|\d{1,18}(?!\d|[.,]\d))"
)
"""A number with any separators; take care of what stands before it."""
NUMBER_START = r"(?<![\d])(?<!\d[.,])"
DASH = "[-–—−‑~]"
