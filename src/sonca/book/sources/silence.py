"""Says which elements of HTML are not spoken, and why: by their tags, roles and classes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from sonca.book.sources import web_page

NO_TEXT = ""
"""What is in it was never meant to be read."""
_SILENT = {
    "script": NO_TEXT,
    "style": NO_TEXT,
    "template": "hidden",
    "noscript": "hidden",
    "svg": "picture",
    "audio": "hidden",
    "video": "hidden",
    "iframe": "hidden",
    "object": "hidden",
    "rp": "hidden",
    "rtc": "hidden",
    "nav": "contents",
    "select": "hidden",
    "button": "hidden",
    "textarea": "hidden",
    "canvas": "hidden",
    "datalist": "hidden",
}
_ROLES = (
    (re.compile(r"\b(doc-)?noteref\b"), "note mark"),
    (re.compile(r"\b(doc-)?(footnotes?|endnotes?|rearnotes?|note|notes)\b"), "note"),
    (re.compile(r"\b(doc-)?(toc|landmarks|page-list|index)\b"), "contents"),
    (re.compile(r"\b(doc-)?pagebreak\b"), "page number"),
    (re.compile(r"\b(?:button|navigation|search|menu(?:bar|item)?|tooltip|alert)\b"), "hidden"),
    (
        re.compile(
            r"\b(half)?title-?page\b|\b(doc-)?(copyright-page|dedication|imprint|colophon)\b"
        ),
        "front matter",
    ),
)
_PAGE_NUMBER = re.compile(
    r"\b(?:page-?num(?:ber)?s?|page-?no|page-?break|folio|pb)\b", re.IGNORECASE
)
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"


def of_page(attributes: Mapping[str, str]) -> str | None:
    """Returns why a line across the text is none that divides scenes: it ends a printed page."""
    return "page number" if _PAGE_NUMBER.search(attributes.get("class", "")) else None


def reason(tag: str, attributes: Mapping[str, str]) -> str | None:
    """Returns why what is in an element is not spoken; None if it is, by all but its style."""
    if tag in _SILENT or not attributes:
        return _SILENT.get(tag)
    if web_page.SKIP in attributes:
        return attributes[web_page.SKIP]
    types = attributes.get("epub:type") or attributes.get(_EPUB_TYPE, "")
    roles = f"{types} {attributes.get('role', '')}"
    for pattern, why in _ROLES if roles != " " else ():
        if pattern.search(roles):
            return why
    if tag in ("span", "a", "div", "p") and _PAGE_NUMBER.search(attributes.get("class", "")):
        return "page number"
    unseen = "hidden" in attributes or attributes.get("aria-hidden") == "true"
    return "hidden" if unseen else None
