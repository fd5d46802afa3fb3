"""Makes a document of any book one that an EPUB 3 may hold: no scripts, no links that lead nowhere,
no elements and attributes of the past. What is shown stays.
"""

from __future__ import annotations

import html
import posixpath
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from lxml import etree

from sonca.book.output.marking import INLINE, XHTML, local


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_KNOWN = _names(
    "a abbr address article aside b bdi bdo blockquote br caption cite code col colgroup data dd "
    "del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hr i img ins "
    "kbd li main mark nav ol p pre q rp rt ruby s samp section small span strong sub summary sup "
    "table tbody td tfoot th thead time tr u ul var wbr"
)
_GONE = _names(
    "script noscript template iframe object embed applet audio video source track canvas input "
    "button select textarea base frame frameset noframes title meta link head map area"
)
_RENAMED = {
    "strike": "s",
    "acronym": "abbr",
    "dir": "ul",
    "hgroup": "div",
    "center": "div",
    "form": "div",
    "fieldset": "div",
    "html": "div",
    "body": "div",
}
"""Others that are not known become `span`."""
_ATTRIBUTES = _names("id class lang dir title style hidden role")
_OWN_ATTRIBUTES = {
    "a": _names("href"),
    "img": _names("src alt width height"),
    "td": _names("colspan rowspan headers"),
    "th": _names("colspan rowspan headers scope abbr"),
    "ol": _names("start reversed type"),
    "li": _names("value"),
    "col": _names("span"),
    "colgroup": _names("span"),
    "time": _names("datetime"),
}
_NO_BLOCKS = (INLINE - {"a", "ins", "del"}) | _names("p h1 h2 h3 h4 h5 h6 pre dt summary")
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_EPUB_TYPE = "{http://www.idpf.org/2007/ops}type"
_EPUB_PREFIX = "{http://www.idpf.org/2007/ops}prefix"
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href")
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_PROLOGUE = re.compile(r"\A\s*<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?[^>]*>", re.IGNORECASE)
_KEPT_ENTITIES = frozenset(("amp", "lt", "gt", "quot", "apos"))
_FOREIGN = frozenset(("svg", "math"))

Has = Callable[[str, str], bool]
"""Says whether a part, and an id in it unless that is empty, is in the package."""


def parsed(text: str) -> Any:
    """Returns the `html` element of a document, in the namespace of XHTML. Raises `ValueError` if
    there is none."""
    plain = _PROLOGUE.sub("", _ENTITY.sub(_letter, text))
    safe = {"resolve_entities": False, "no_network": True, "remove_pis": True}
    try:
        root = etree.fromstring(plain.encode("utf-8", "replace"), etree.XMLParser(**safe))
    except etree.XMLSyntaxError:
        parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_pis=True)
        root = etree.fromstring(plain.encode("utf-8", "replace"), parser)
    if root is None:
        raise ValueError("no document")
    if local(root) == "html" and not root.tag.startswith(XHTML):
        root = _in_xhtml(root)
    if local(root) != "html" or root.find(f"{XHTML}body") is None:
        raise ValueError("no html with a body")
    return root


def _letter(entity: re.Match[str]) -> str:
    return entity[0] if entity[1] in _KEPT_ENTITIES else html.unescape(entity[0])


def _in_xhtml(root: Any) -> Any:
    for element in root.iter(etree.Element):
        if "}" not in element.tag:
            element.tag = XHTML + element.tag.rpartition(":")[2]
        for name in [n for n in element.attrib if ":" in n and "}" not in n]:
            del element.attrib[name]
    renewed = etree.Element(root.tag, nsmap={None: XHTML[1:-1]})
    renewed.extend(list(root))
    return renewed


def clean(root: Any, part: str, has: Has, title: str) -> None:
    """Makes a document one that EPUB 3 allows."""
    head = _clean_head(root, part, has, title)
    body = root.find(f"{XHTML}body")
    body.attrib.clear()
    seen: set[str] = set()
    for element in list(body.iterdescendants()):
        if not isinstance(element.tag, str):
            _drop(element)
        elif not element.tag.startswith(XHTML):
            _clean_foreign(element, part, has)
        elif local(element) == "style":
            head.append(etree.fromstring(etree.tostring(element, with_tail=False)))
            _drop(element)
        elif local(element) in _GONE:
            _drop(element)
        else:
            _clean_element(element, part, has, seen)
    _nest(body)


def _nest(body: Any) -> None:
    """Makes a block of what holds one and may hold none."""
    for element in body.iterdescendants(etree.Element):
        if not element.tag.startswith(XHTML) or local(element) in INLINE:
            continue
        for around in element.iterancestors():
            if local(around) in _NO_BLOCKS:
                around.tag = f"{XHTML}div"


def _clean_head(root: Any, part: str, has: Has, title: str) -> Any:
    found = root.find(f"{XHTML}head")
    head = etree.Element(f"{XHTML}head")
    named = (
        " ".join("".join(found.findtext(f"{XHTML}title") or "").split())
        if found is not None
        else ""
    )
    etree.SubElement(head, f"{XHTML}title").text = named or title or "–"
    for each in found if found is not None else ():
        if local(each) == "style":
            etree.SubElement(head, f"{XHTML}style", type="text/css").text = each.text or ""
        elif local(each) == "link" and "stylesheet" in (each.get("rel") or "").lower().split():
            href = each.get("href") or ""
            if has(_part_of(part, href)[0], ""):
                attributes = {"rel": "stylesheet", "type": "text/css", "href": href}
                etree.SubElement(head, f"{XHTML}link", attributes)
    up = "../" * (part.count("/") + 1)
    attributes = {"rel": "stylesheet", "type": "text/css", "href": f"{up}highlight.css"}
    etree.SubElement(head, f"{XHTML}link", attributes)
    if found is not None:
        root.remove(found)
    root.insert(0, head)
    lang = root.get(_XML_LANG) or root.get("lang") or "vi"
    prefixes = root.get(_EPUB_PREFIX)
    root.attrib.clear()
    if prefixes:  # of words in epub:type
        root.set(_EPUB_PREFIX, prefixes)
    root.set("lang", lang)
    root.set(_XML_LANG, lang)
    return head


def _clean_element(element: Any, part: str, has: Has, seen: set[str]) -> None:
    name = local(element)
    name = name if name in _KNOWN else _RENAMED.get(name, "span")
    element.tag = XHTML + name
    anchor = element.get("name") if name == "a" else None
    for key in list(element.attrib):
        if not _allowed(name, key):
            del element.attrib[key]
    if anchor and not element.get("id"):
        element.set("id", anchor)
    id = element.get("id")
    if id is not None and (not id or id in seen or id != "".join(id.split())):
        del element.attrib["id"]
    elif id:
        seen.add(id)
    if (
        name == "a"
        and element.get("href") is not None
        and not _leads(element.get("href"), part, has)
    ):
        del element.attrib["href"]
    if name == "img":
        _clean_picture(element, part, has)


def _allowed(name: str, key: str) -> bool:
    return (
        key in _ATTRIBUTES
        or key in _OWN_ATTRIBUTES.get(name, ())
        or key in (_XML_LANG, _EPUB_TYPE)
        or key.startswith("aria-")
    )


def _clean_picture(element: Any, part: str, has: Has) -> None:
    if not has(_part_of(part, element.get("src") or "")[0], ""):
        shown = element.get("alt") or None
        element.attrib.clear()
        element.tag = f"{XHTML}span"
        element.text = shown
        return
    for key in ("width", "height"):
        if not (element.get(key) or "").isdigit():
            element.attrib.pop(key, None)
    if element.get("alt") is None:
        element.set("alt", "")


def _clean_foreign(element: Any, part: str, has: Has) -> None:
    """Takes what leads nowhere out of SVG and MathML."""
    for key in _HREFS:
        href = element.get(key)
        if href is not None and not href.startswith("#") and not has(_part_of(part, href)[0], ""):
            _drop(element)
            return
    if local(element) in ("script", "foreignObject"):
        _drop(element)


def _leads(href: str, part: str, has: Has) -> bool:
    if re.match(r"(?:https?|mailto|tel):", href, re.IGNORECASE):
        return " " not in href.strip()
    return ":" not in href.partition("/")[0] and has(*_part_of(part, href))


def _part_of(base: str, href: str) -> tuple[str, str]:
    """Returns the part and the id that a link means; an empty part for one that leads out."""
    path, _, fragment = href.partition("#")
    if not href or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|//", path):
        return "", ""
    if not path:
        return base, unquote(fragment)
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(path)))
    return joined, unquote(fragment)


def _drop(element: Any) -> None:
    """Removes an element and keeps the text after it."""
    parent, tail = element.getparent(), element.tail
    if parent is None:
        return
    before = element.getprevious()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    element.tail = None
    parent.remove(element)


def written(root: Any) -> str:
    """Returns a clean document as text."""
    text: str = etree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE html>\n{text}\n'


def properties_of(root: Any) -> str:
    """Returns what the manifest has to say of a document."""
    names = {local(e) for e in root.iter(etree.Element) if local(e) in _FOREIGN}
    return " ".join({"svg": "svg", "math": "mathml"}[name] for name in sorted(names))
