"""Finds names of people in the narrator's own sentences.

A name is a person's if a title stands before it (`ông Thoại`, `chị Dậu`) or if it does what
people do (`Quyên hỏi`). Names of places are told by what stands before them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sonca.book.cast import kinship_terms as terms

_TOKEN = re.compile(r"[^\W\d_]+|[.!?…:;“”\"«»\n]|[-–—](?=\s)|,")
_SENTENCE_STARTS = frozenset('.!?…:;“”"«»\n-–—')
_PLACES = terms.table(
    "bến cầu làng sông núi huyện tỉnh phố xã đường chợ nước đảo hồ biển thôn xóm ga phường quận "
    "chùa đền đình trường thành thị đất rừng đèo ấp ở tại vịnh mũi cửa"
)
_DOING = terms.SPEAKING | terms.table(
    "nhìn ngồi đứng đi chạy bước nghĩ thấy quay gật lắc cúi không nhớ ngẩng lục thắp mở đóng cầm "
    "nắm ôm nghe biết hiểu sững giật nhíu nhướng mím bặm liếc lườm vẫy vội lặng im khẽ đặt với "
    "đưa lấy rút bật ngước gục nhận trở về ra vào lên xuống đã đang sẽ vẫn cũng lại chợt bỗng liền "
    "bèn mới còn chưa thì chỉ"
)
_NOT_NAMES = terms.table("Chúa Phật Trời Tết Việt Pháp Mỹ Nhật Tàu Trung Đảng Nhà Bắc Nam Đông Tây")


@dataclass(frozen=True, slots=True)
class Mention:
    """A person in a text: a name with or without a title, or a noun for a person."""

    start: int
    end: int
    title: str
    """`ông` of `ông Thoại`; the whole noun where there is no name (`cô gái`); lower case."""
    name: str
    """Empty where there is none."""
    subject: bool
    """Whether it begins its clause."""


def find_names(texts: Iterable[str]) -> NameSet:
    """Returns the names of people in the narrator's texts, each without its title."""
    titled: Counter[str] = Counter()
    doing: Counter[str] = Counter()
    places: Counter[str] = Counter()
    inner: Counter[str] = Counter()
    acting: Counter[str] = Counter()  # as the subject of a clause
    common: Counter[str] = Counter()  # words that are written small as well
    for text in texts:
        tokens = _TOKEN.findall(text)
        common.update(token for token in tokens if token.islower())
        at = 0
        for start in [i for i, token in enumerate(tokens) if token[0].isupper()]:
            size = _name_size(tokens, start) if start >= at else 0
            if not size:
                continue
            at = start
            name = " ".join(tokens[at : at + size])
            before = tokens[at - 1].lower() if at else "."
            after = tokens[at + size].lower() if at + size < len(tokens) else "."
            if before in terms.TITLES or before in terms.RANKS:
                titled[name] += 1
            elif before in _PLACES:
                places[name] += 1
            inner[name] += before not in _SENTENCE_STARTS
            does = after in _DOING and terms.longest([after], 0, terms.NOUNS) == 0
            likely = size > 1 or bool(terms.gender_of_name(name))
            does = does or (likely and speaks(tokens, at + size))
            doing[name] += does
            acting[name] += does and (before in _SENTENCE_STARTS or before == ",")
            at += size
    found = set()
    for name in set(titled) | set(doing):
        if name in _NOT_NAMES and not titled[name] and not acting[name]:
            continue
        # At the beginning of a sentence every word has a capital: there it is a name only if it
        # is never written small.
        certain = inner[name] or not common[name.lower()]
        score = 2 * titled[name] + (doing[name] if certain else 0) - places[name]
        if score > 0:
            found.add(name)
    return NameSet(found)


def speaks(tokens: Sequence[str], at: int, most: int = 4) -> bool:
    """Returns whether a verb of speaking follows, at most some words of manner before it
    (`lạnh lùng hỏi`)."""
    for index in range(at, min(at + most, len(tokens))):
        if terms.longest(list(tokens[index : index + 3]), 0, terms.SPEAKING):
            return tokens[index].islower()
        if not tokens[index].islower() or tokens[index] in terms.NOUN_HEADS:
            return False
    return False


def _name_size(tokens: list[str], at: int) -> int:
    """Returns how many words from `at` on look like one name."""
    size = 0
    while at + size < len(tokens) and size < 4 and terms.is_name(tokens[at + size]):
        size += 1
    if not size:
        return 0
    first = tokens[at].lower()
    starts = at == 0 or tokens[at - 1] in _SENTENCE_STARTS
    if starts and size > 1 and first in terms.TITLES:
        return 0  # `Ông Thoại`: the name begins with the next word
    if first in terms.NOUNS and size == 1:
        return 0
    return size


class NameSet(frozenset[str]):
    """Names of people, with an index of their first words."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.heads = frozenset(name.partition(" ")[0] for name in self)


def mentions(text: str, names: NameSet) -> Iterator[Mention]:
    """Yields the people in a text, in order."""
    found = list(_TOKEN.finditer(text))
    tokens = [m[0] for m in found]
    heads, nouns, end = names.heads, terms.NOUN_HEADS, 0
    for at in [i for i, t in enumerate(tokens) if t in heads or t.lower() in nouns]:
        if at < end:
            continue
        noun = terms.longest(tokens, at, terms.NOUNS)
        named = _known(tokens, at + noun, names)
        starts = at == 0 or tokens[at - 1] in _SENTENCE_STARTS or tokens[at - 1] == ","
        title = " ".join(tokens[at : at + noun]).lower()
        if noun and named and (noun > 1 or title in terms.TITLES):
            name = _joined(tokens, at + noun, named)
            yield _mention(found, at, noun + named, title, name, starts)
            end = at + noun + named
        elif noun:
            yield _mention(found, at, noun, title, "", starts)
            end = at + noun
        elif named:
            yield _mention(found, at, named, "", _joined(tokens, at, named), starts)
            end = at + named


def _known(tokens: list[str], at: int, names: NameSet) -> int:
    """Returns how many words from `at` on are the longest known name there; 0 for none."""
    if at >= len(tokens) or tokens[at] not in names.heads:
        return 0
    for size in range(min(4, len(tokens) - at), 0, -1):
        if _joined(tokens, at, size) in names:
            return size
    return 0


def _joined(tokens: list[str], at: int, size: int) -> str:
    return " ".join(tokens[at : at + size])


def _mention(
    found: list[re.Match[str]], at: int, size: int, title: str, name: str, subject: bool
) -> Mention:
    return Mention(found[at].start(), found[at + size - 1].end(), title, name, subject)
