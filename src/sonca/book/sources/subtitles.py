"""Reads SRT: subtitles, each with its time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sonca.book.model import Source, TextBlock
from sonca.errors import InvalidRequest

_TIMES = re.compile(
    r"^[ \t]*(\d{1,3}):(\d{1,2}):(\d{1,2})[,.](\d{1,3})[ \t]*-->"
    r"[ \t]*(\d{1,3}):(\d{1,2}):(\d{1,2})[,.](\d{1,3})[^\n]*$",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\n[ \t]*\d{1,9}[ \t]*\n[ \t]*\Z")
_MARKUP = re.compile(r"</?[a-zA-Z][^>\n]{0,80}>|\{\\[^}\n]{0,80}\}")


def read(text: str, name: str) -> Source:
    """Reads subtitles. Raises `InvalidRequest` if there are none, or one ends before it begins."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Source("srt", tuple(_blocks(text, name)))


def _blocks(text: str, name: str) -> Iterator[TextBlock]:
    cues = list(_TIMES.finditer(text))
    if not cues:
        raise InvalidRequest(
            f"{name} has no subtitle: no line like 00:00:01,000 --> 00:00:02,500", field="file"
        )
    for index, cue in enumerate(cues):
        begin_s, end_s = _seconds(cue.groups()[:4]), _seconds(cue.groups()[4:])
        if end_s <= begin_s:
            raise InvalidRequest(
                f"{name}: the subtitle at {cue[0].strip()[:60]!r} ends before it begins",
                field="file",
            )
        last = index + 1 == len(cues)
        body = text[cue.end() : len(text) if last else cues[index + 1].start()]
        if not last:
            body = _NUMBER.sub("", "\n" + body)[1:] if _NUMBER.search("\n" + body) else body
        # What marks the look is blanked and not cut out: places in the file stay true.
        shown = _MARKUP.sub(lambda m: " " * len(m[0]), body)
        left = len(shown) - len(shown.lstrip())
        if shown.strip():
            yield TextBlock(
                shown.strip().replace("\n", " "),
                start=cue.end() + left,
                slot_s=(begin_s, end_s),
            )


def _seconds(parts: tuple[str, ...]) -> float:
    hours, minutes, seconds, fraction = parts
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int(fraction.ljust(3, "0")) / 1000
