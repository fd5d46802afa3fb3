"""Tells what characters say from what the narrator says, within a paragraph.

Vietnamese prose marks speech by a dash at the beginning of a line, with the narrator's words
between further dashes (`- Đi thôi! - ông Thoại nói. - Muộn rồi.`), or by quotation marks of any
kind. Quotation marks around a word, a title or an inscription are not speech. Who speaks is
decided in `sonca.book.cast.attribution`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sonca.book.cast import kinship_terms as terms
from sonca.book.cast import ner

DASHES = "-–—―−"
_OPENING = {"“": "”", "«": "»", "„": "”“", '"': '"', "「": "」", "『": "』", "‘": "’", "〝": "〞"}
_INNER = re.compile(r"(?:(?<=[\s.!?…,;:”\"»])|(?<=^))[-–—―](?=\s)|\s[-–—―](?=\S)")
_FIRST = re.compile(r"\s*[-–—―−]\s*")
_WORD = re.compile(r"[^\W\d_]+")
_STOPS = ".!?…"
_STOP = re.compile(r"[.!?…]+\s+(?=[^\W\d_])")
_TAG_CHARS = 200
_TALK = terms.table("tôi tao tớ mình mày rằng đấy mà hôm qua đâu gì sao thế vậy")
"""Words of somebody who is speaking, and does not tell that another one did."""
_LONGEST_LABEL_WORDS = 3


@dataclass(frozen=True, slots=True)
class DialoguePiece:
    """A stretch of a paragraph with one voice."""

    start: int
    end: int
    speech: bool
    """Whether a character says it."""


def pieces(text: str, *, inside: bool = False) -> list[DialoguePiece]:
    """Returns the pieces of a paragraph in order, without its dashes; together they hold everything
    else that is not blank. `inside` says that a quotation is open from the paragraph before."""
    first = _FIRST.match(text)
    if first and first.end() < len(text) and not _is_list(text, first.end()):
        return _trimmed(text, _dashed(text, first.end()))
    return _trimmed(text, _quoted(text, inside))


def stays_open(text: str) -> bool:
    """Returns whether the paragraph's last quotation is not closed: it goes on in the next
    paragraph."""
    opened = ""
    for char in text:
        if opened and char in _OPENING[opened]:
            opened = ""
        elif not opened and char in "“«„「":
            opened = char
    return bool(opened)


def _is_list(text: str, at: int) -> bool:
    """Returns whether the dash is a number's sign, as in `-5 độ`."""
    return text[at].isdigit() and not text[at - 1].isspace()


def _trimmed(text: str, found: Iterator[DialoguePiece]) -> list[DialoguePiece]:
    kept = []
    for piece in found:
        start, end = piece.start, piece.end
        while start < end and text[start].isspace():
            start += 1
        while end > start and text[end - 1].isspace():
            end -= 1
        if any(c.isalnum() for c in text[start:end]):
            kept.append(DialoguePiece(start, end, piece.speech))
        elif kept and end > start and text[start:end].strip(DASHES + " "):
            kept[-1] = DialoguePiece(kept[-1].start, end, kept[-1].speech)
    return kept


def _dashed(text: str, start: int) -> Iterator[DialoguePiece]:
    """Yields speech and the narrator's words by turns."""
    cuts = [(m.start(), m.end()) for m in _INNER.finditer(text, start + 1)]
    begin, speaking = start, True
    if not cuts:
        told = _told(text, start)
        yield DialoguePiece(start, told, True)
        if told < len(text):
            yield DialoguePiece(told, len(text), False)
        return
    for index, (low, high) in enumerate(cuts):
        end = cuts[index + 1][0] if index + 1 < len(cuts) else len(text)
        if speaking:
            if not is_tag(text[high:end], before=text[begin:low]):
                continue  # a dash inside of what is said
            yield DialoguePiece(begin, low, True)
            begin, speaking = high, False
        else:
            yield DialoguePiece(begin, low, False)
            begin, speaking = high, True
    yield DialoguePiece(begin, len(text), speaking)


def _told(text: str, start: int) -> int:
    """Returns where the narrator goes on after a speech without a dash between them (`- Đi chợ.
    Dũng đáp.`): at a sentence that begins with somebody's name and says that they speak, and is
    not said to anybody. The end of the text if there is none."""
    for stop in _STOP.finditer(text, start):
        tail = text[stop.end() : stop.end() + _TAG_CHARS]
        words = _WORD.findall(tail)
        title = terms.longest([w.lower() for w in words[:3]], 0, terms.NOUNS)
        size = title
        while size < min(len(words), title + 4) and terms.is_name(words[size]):
            size += 1
        if size == title or (title == 0 and words[0].lower() in terms.NOUN_HEADS):
            continue
        sentence = re.split(r"(?<=[.!?…])\s", tail, maxsplit=1)[0]
        said = {w.lower() for w in _WORD.findall(sentence)}
        if ner.speaks(words, size) and not said & _TALK and not _addressed(tail):
            return stop.end()
    return len(text)


def is_tag(text: str, *, before: str = "") -> bool:
    """Returns whether words after a dash are the narrator's: `Ông nói vọng sang.`, `cô gái cúi
    đầu`."""
    words = _WORD.findall(text)
    if not words:
        return False
    head = [w.lower() for w in words[:12]]
    subject = terms.longest(head, 0, terms.NOUNS)
    first = words[0]
    verbs = [i for i in range(min(len(head), 9)) if terms.longest(head, i, terms.SPEAKING)]
    if verbs and verbs[0] == 0:
        # `nói đoạn…`, `hỏi lại` – but `Gọi nó đi!` is an order.
        return text.strip()[:1].islower()
    if head[0] in ("tiếng", "giọng") and first.islower():
        return True  # `tiếng ông Bảy vọng ra`
    if head[0] in terms.FIRST_PERSON:
        return bool(verbs) and verbs[0] <= 4 and first.islower()
    if subject and head[0] in ("con", "cháu", "em", "mình", "ta", "bạn"):
        named = len(words) > 1 and terms.is_name(words[1])
        return bool(verbs) and verbs[0] <= 5 and (named or subject > 1 or first.islower())
    if subject:
        if verbs:
            return not _addressed(text)
        # Without a verb of speaking it must at least look like narration.
        closed = before.rstrip()[-1:] in _STOPS + ","
        return closed and not _addressed(text)
    if terms.is_name(first):
        size = 2 if len(words) > 1 and terms.is_name(words[1]) else 1
        if terms.gender_of_name(" ".join(words[:size])) and before.rstrip()[-1:] in _STOPS:
            return not _addressed(text)  # `- Ta ở đây. - Quang chỉ tay.`
        return bool(verbs) and verbs[0] <= size + 4 and not _addressed(text)
    return bool(verbs) and verbs[0] <= 6 and first.islower()


_ADDRESS = re.compile(
    r"\b(?:ạ|nhé|nhỉ|hả|hở|cháu|con ạ|mày|tao|à|ơi|đi nhé|chứ|được không|không ạ)\b\s*[.!?…,]",
    re.IGNORECASE,
)


def _addressed(text: str) -> bool:
    """Returns whether it is said to somebody: a question, a vocative, a particle of talk."""
    sentence = re.split(r"(?<=[.!?…])\s", text.strip(), maxsplit=1)[0]
    return sentence.endswith("?") or bool(_ADDRESS.search(sentence))


def _quoted(text: str, inside: bool) -> Iterator[DialoguePiece]:
    """Yields quotations that are speech, and everything else as the narrator's."""
    at = 0
    for low, high in _quotations(text, inside):
        if not _is_speech(text, low, high, inside and low == 0):
            continue
        if low > at:
            yield DialoguePiece(at, low, False)
        yield DialoguePiece(low, high, True)
        at = high
    if at < len(text):
        yield DialoguePiece(at, len(text), False)


def _quotations(text: str, inside: bool) -> Iterator[tuple[int, int]]:
    """Yields outermost quotations with their marks; one left open reaches the end."""
    opened = -1 if not inside else 0
    closers = '”»"」』' if inside else ""
    for index, char in enumerate(text):
        if opened >= 0:
            if char in closers and not (inside and index == 0) and _closes(text, index):
                yield opened, index + 1
                opened = -1
        elif char in _OPENING and _opens(text, index):
            opened, closers = index, _OPENING[char]
    if opened >= 0 and (inside or text[opened] in "“«„「"):
        yield opened, len(text)


def _opens(text: str, at: int) -> bool:
    if text[at] == "‘" or text[at] == '"':
        before = text[at - 1] if at else " "
        after = text[at + 1 : at + 2]
        return not before.isalnum() and bool(after) and not after.isspace()
    return True


def _closes(text: str, at: int) -> bool:
    if text[at] == "’":  # an apostrophe is followed by its word
        return not text[at + 1 : at + 2].isalnum()
    return True


def _is_speech(text: str, low: int, high: int, continued: bool) -> bool:
    """Returns whether a quotation is speech, and not a word, a title or an inscription."""
    said = text[low:high].strip('“”"«»„‘’「」『』 ')
    if not said or not any(c.isalpha() for c in said):
        return False
    if continued:
        return True
    words = _WORD.findall(said)
    before = text[:low].rstrip()
    lead = _WORD.findall(before[-60:])
    if before.endswith(":"):
        tail = [w.lower() for w in lead[-5:]]
        written = any(terms.longest(tail, i, terms.WRITING) for i in range(len(tail)))
        return not written
    if not before:
        # A paragraph that is all quotation, or goes on with the narrator's words.
        ends = said[-1] in _STOPS + "," or text[high : high + 1] in _STOPS + ","
        return ends or high >= len(text.rstrip()) or len(words) > _LONGEST_LABEL_WORDS
    begins_sentence = before[-1] in _STOPS + '”"»,;–-—'
    ends_sentence = said[-1] in _STOPS + ","
    goes_on = before[-1] == "," and "," in text[:low]  # «Chào em», anh nói, «anh đến muộn.»
    return begins_sentence and (said[0].isupper() or goes_on) and ends_sentence
