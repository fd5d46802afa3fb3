"""Finds the text of a saved web page, and marks menus, adverts, comments and footers.

Files that have none of what only pages have, such as books in HTML, stay as they are. Names and
phrases are those of Vietnamese story and news sites, and of the programs that make sites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from sonca.book.sources import web_names as names

SKIP = "data-sonca-skip"
"""Attribute of an element that is not spoken; its value is the reason."""
FURNITURE = "page"
_MAX_CHARS = 2_000_000
_PAGE = re.compile(
    r"\bproperty=[\"']?og:|<script[^>]{1,300}\bsrc=|<(?:form|iframe|button)\b"
    r"|\b(?:class|id)=[\"']?[^\"'>]{0,80}(?:comment|breadcrumb|sidebar|footer|navbar|menu|share"
    r"|related|\bads?\b|quang-?cao|binh-?luan|chapter-nav|pagination|banner|btn|widget)"
    r"|>\s*(?:trang chủ|đăng nhập|đăng ký|home|login)\s*</a",
    re.IGNORECASE,
)
_LEADS_AWAY = re.compile(
    r"<a(?:\s+(?!href|name|id)[a-z-]{1,30}=[\"']?[^\"'>]{0,100}[\"']?){0,5}"
    r"(?:\s+href=[\"']?[^\"'#>\s]|\s*>)",
    re.IGNORECASE,
)
"""A link that is not to a place in the file itself, and no such place."""
_SHORT_FILE_CHARS = 300_000
_SEPARATOR = re.compile(r"\s+(?:[|–—•·»]|-|::)\s+")
_NEVER = frozenset(("html", "body", "main", "article"))
_ALWAYS = frozenset(("nav", "form", "button", "dialog"))
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset(
    ("div", "ul", "ol", "section", "p", "table", "tr", "td", "dl", "center", "aside")
)
_SILENT = frozenset(("script", "style", "noscript", "template", "head"))
_TEXT_TAGS = frozenset(("article", "main", "section", "blockquote"))
_SHORT_CHARS = 80
_SITE_LINKS = 0.3
"""Share of links in the text of an element from which on it leads somewhere and tells nothing."""
_ONLY_LINKS = 0.8
_MOST = 0.6
_TEXT_SHARE = 0.4
"""Of all that is left, what an element must hold to be the text."""
_MAX_TITLES = 3
_SENTENCE = re.compile(r"\w{2}.*[.!?…:][”\"»)]*\Z", re.DOTALL)
"""Other lines between title and text say when, or who."""
_INLINE = frozenset(("a", "span", "b", "strong", "i", "em", "u", "small", "font"))


def marked(text: str) -> str:
    """Returns the HTML `text`; what is furniture of a web page has the attribute `SKIP`."""
    if len(text) > _MAX_CHARS or not _is_page(text):
        return text
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None or any("depth" in error.message for error in parser.error_log):
        return text
    page = _Page(root)
    page.mark()
    return page.html() if page.has_text else text


def _is_page(text: str) -> bool:
    """Returns whether there is a sign of a site around the text. A link to elsewhere is one in a
    short file; headers, footers and contents are none: books have them, too."""
    if len(text) <= _SHORT_FILE_CHARS and _LEADS_AWAY.search(text):
        return True
    lowered = text.lower()
    return any(word in lowered for word in names.OF_PAGES) and bool(_PAGE.search(text))


class _Page:
    """A page whose elements are told apart."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._chars: dict[etree._Element, int] = {}
        self._links: dict[etree._Element, int] = {}
        self._framed: set[etree._Element] = set()  # text elements and what is around them
        for _, element in etree.iterwalk(root, events=("end",)):
            self._measure(element)
        self._whole = self._chars.get(root, 0)

    def _measure(self, element: etree._Element) -> None:
        """Counts an element's characters, and those of its links."""
        if element.tag in _SILENT:
            return
        chars, links = _visible(element.text), 0
        for child in element:
            chars += self._chars.get(child, 0) + _visible(child.tail)
            links += self._links.get(child, 0)
        self._chars[element] = chars
        self._links[element] = chars if element.tag == "a" else links
        framed = any(child in self._framed for child in element)
        if chars and (framed or names.is_text(element)):
            self._framed.add(element)

    @property
    def has_text(self) -> bool:
        """Whether something is left that is more than links."""
        return 0 <= self._links.get(self._root, 0) < self._chars.get(self._root, 0)

    def html(self) -> str:
        """Returns the page as it was marked, with the site's name off its title."""
        title = self._root.find(".//title")
        if title is not None and title.text:
            title.text = self._own(title.text)
        return str(etree.tostring(self._root, encoding="unicode", method="html"))

    def _own(self, title: str) -> str:
        names_ = self._root.xpath("//meta[@property='og:site_name']/@content")
        parts = _SEPARATOR.split(title.strip())
        own = [part for part in parts if part not in names_]
        if len(own) == len(parts) > 1 and re.search(r"\s\|\s", title):
            own = own[:-1]
        # What separated them goes with them; a dash inside a name stays.
        end = title.find(own[-1]) + len(own[-1]) if own else len(title)
        return title.strip()[:end] if own and parts[0] == own[0] else title.strip()

    def mark(self) -> None:
        """Marks the furniture, then what is outside of the text if something is called so."""
        element: etree._Element | None = self._root
        while element is not None:
            inside = element[0] if len(element) else None
            if element.tag in _SILENT:
                inside = None
            elif element.tag in _HEADINGS and names.heads_furniture(_line(element)):
                for each in _section(element):
                    self._skip(each)
                inside = None
            elif element.tag in _BLOCKS and names.opens_comments(element.text or ""):
                self._skip(element)
                if _visible(element.text) == self._chars.get(element):
                    for each in element.itersiblings():
                        self._skip(each)
                inside = None
            elif element.get(SKIP) or self._is_furniture(element):
                self._skip(element)
                inside = None
            element = inside if inside is not None else _after(element)
        text = self._text()
        if text is not None:
            self._mark_outside(text)

    def _skip(self, element: etree._Element) -> None:
        if element.get(SKIP):
            return
        element.set(SKIP, FURNITURE)
        chars, links = self._chars.get(element, 0), self._links.get(element, 0)
        for each in (element, *element.iterancestors()):
            self._chars[each] = self._chars.get(each, 0) - chars
            self._links[each] = self._links.get(each, 0) - links

    def _is_furniture(self, element: etree._Element) -> bool:
        tag, chars = element.tag, self._chars.get(element, 0)
        if tag in _NEVER or chars <= 0:
            return False
        if tag in _ALWAYS:
            return element not in self._framed
        if tag == "time":  # of a post; in a sentence it is text
            return _stands_alone(element)
        links = self._links.get(element, 0) / chars
        if chars < _SHORT_CHARS and names.is_phrase(_line(element), linked=links == 1):
            return tag not in _INLINE or _stands_alone(element)
        if tag in ("header", "footer"):
            return links > _SITE_LINKS or not (_inside_text(element) or self._has_title(element))
        sure, maybe = names.signs(element)
        if sure or (tag == "aside" and not _inside_text(element)):
            return self._may_go(element, comments=sure == "comments")
        small = links > _SITE_LINKS or chars < _SHORT_CHARS
        listed = tag in _BLOCKS and links > _ONLY_LINKS and sum(1 for _ in element.iter("a")) > 2
        return ((maybe and small) or listed) and not self._has_title(element)

    def _may_go(self, element: etree._Element, *, comments: bool) -> bool:
        """Returns whether an element called like furniture is no frame around the text."""
        if element in self._framed:
            return False
        most = self._chars[element] - self._links[element] > _MOST * self._whole
        return comments or not most

    def _has_title(self, element: etree._Element) -> bool:
        return any(self._chars.get(each, 0) > 0 and names.is_title(each) for each in element.iter())

    def _text(self) -> etree._Element | None:
        """Returns the innermost element that is called the text, and holds enough of it."""
        least = self._chars.get(self._root, 0) * _TEXT_SHARE
        found = [
            each
            for each in self._root.iter()
            if names.is_text(each) and self._chars.get(each, 0) > least and not _is_marked(each)
        ]
        for element in reversed(found):
            around = {element, *element.iterancestors(), *element.iterdescendants()}
            if all(each in around for each in found):
                return element
        return None

    def _mark_outside(self, text: etree._Element) -> None:
        """Marks what is before the text, but for the last titles there, and all that follows it."""
        path = [text, *text.iterancestors()]
        before = [each for inner in path for each in inner.itersiblings(preceding=True)]
        titles = [
            t
            for each in before
            if not names.is_of_site(each)
            for t in [*each.iter()][::-1]
            if names.is_title(t) and not _of_site(t, each)
        ]
        kept = set([each for each in titles if not _is_marked(each)][:_MAX_TITLES])
        kept |= self._lead(before, titles[0]) if kept else set()
        around = {each for title in kept for each in title.iterancestors()}
        for element in before:
            self._mark_but(element, kept, around)
        for inner in path:
            for element in inner.itersiblings():
                if element.tag not in _SILENT:
                    self._skip(element)

    def _lead(self, before: Sequence[etree._Element], title: etree._Element) -> set[etree._Element]:
        """Returns the paragraphs between the title and the text that are sentences."""
        found: set[etree._Element] = set()
        for element in before:
            for each in [*element.iter()][::-1]:
                if each is title:
                    return found
                chars, links = self._chars.get(each, 0), self._links.get(each, 0)
                prose = chars and links <= _SITE_LINKS * chars and _SENTENCE.search(_line(each))
                if prose and each.tag in ("p", "h2", "h3", "h4", "div") and not _is_marked(each):
                    found.add(each)
        return found

    def _mark_but(
        self, element: etree._Element, kept: set[etree._Element], around: set[etree._Element]
    ) -> None:
        if element in kept or element.tag in _SILENT:
            return
        if element not in around:
            self._skip(element)
            return
        for child in element:
            self._mark_but(child, kept, around)


def _of_site(title: etree._Element, within: etree._Element) -> bool:
    for each in (title, *title.iterancestors()):
        if names.is_of_site(each):
            return True
        if each is within:
            break
    return False


def _stands_alone(element: etree._Element) -> bool:
    """Returns whether there is no text right beside an element."""
    before = element.getprevious()
    parent = element.getparent()
    text = before.tail if before is not None else parent.text if parent is not None else ""
    return not any(c.isalnum() for c in f"{text or ''}{element.tail or ''}")


def _visible(text: str | None) -> int:
    return len("".join(text.split())) if text else 0


def _line(element: etree._Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _after(element: etree._Element) -> etree._Element | None:
    """Returns the element that follows one and all that is in it."""
    while element is not None:
        if element.getnext() is not None:
            return element.getnext()
        element = element.getparent()
    return None


def _section(heading: etree._Element) -> Iterator[etree._Element]:
    """Yields a heading and what follows it, up to the next of its level or above."""
    yield heading
    for element in heading.itersiblings():
        if element.tag in _HEADINGS and element.tag <= heading.tag:
            return
        yield element


def _inside_text(element: etree._Element) -> bool:
    return any(each.tag in _TEXT_TAGS for each in element.iterancestors())


def _is_marked(element: etree._Element) -> bool:
    return any(each.get(SKIP) for each in (element, *element.iterancestors()))
