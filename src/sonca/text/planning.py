"""Plans utterances: sentences, their reading, and cuts under the length limit.

Knows neither rules nor engines. `plan_iter` is lazy: the first utterance costs one sentence,
however long the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from sonca.text import pauses
from sonca.text.normalizer import read
from sonca.text.reading import Reading, Token
from sonca.text.splitter import grapheme_cut, sentences
from sonca.utterance import Skipped, Span, Utterance, Word

MAX_SPOKEN = 300
"""Longest utterance in spoken characters: about 70 syllables or 18 s, which neural voices still
speak evenly and which bounds the wait for whoever shares a batch with it."""
_WEIGHT = {"": 0, ",": 1, ":": 2, ";": 3, ".": 4, "…": 5, "!": 6, "?": 7}


@dataclass(frozen=True, slots=True)
class Plan(Sequence[Utterance]):
    """What will be said for a text, in order."""

    text: str
    utterances: tuple[Utterance, ...] = field(repr=False)
    skipped: tuple[Skipped, ...] = ()
    """The parts that make no sound. With the utterances' spans they cover every non-blank
    character, and nothing overlaps."""

    def __len__(self) -> int:
        return len(self.utterances)

    @overload
    def __getitem__(self, index: int) -> Utterance: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Utterance]: ...
    def __getitem__(self, index: int | slice) -> Utterance | Sequence[Utterance]:
        return self.utterances[index]


def plan(text: str, *, reading: Reading | None = None) -> Plan:
    """Returns everything that will be said for `text`. Never raises, whatever the string holds."""
    parts = list(plan_iter(text, reading=reading))
    utterances = tuple(part for part in parts if isinstance(part, Utterance))
    return Plan(text, utterances, tuple(part for part in parts if isinstance(part, Skipped)))


def explain(text: str, reading: Reading | None = None) -> list[Token]:
    """Returns every step of reading `text`, in the order of the source.

    A token has the span it reads, what is said for it (nothing, for what is silent), the name of
    the rule that decided and the module in which the rule is.
    """
    reading = reading or Reading()
    return [token for s in sentences(text) for token in read(text, s.start, s.end, reading)]


def plan_iter(text: str, *, reading: Reading | None = None) -> Iterator[Utterance | Skipped]:
    """Yields the parts of `plan`, in the order of the text, each as soon as it is known."""
    reading = reading or Reading()
    for sentence in sentences(text):
        tokens = read(text, sentence.start, sentence.end, reading)
        span = (sentence.start, sentence.end)
        if any(t.spoken and not t.punctuation for t in tokens):
            yield from _utterances(text, span, tokens, sentence.pause_s)
        else:
            yield Skipped(span, _reason(text[span[0] : span[1]], tokens))


def _reason(original: str, tokens: Sequence[Token]) -> str:
    if any(t.rule in ("emoji", "emoticon") for t in tokens):
        return "emoji"
    if not tokens:
        return "controls"
    kinds = {c for c in original if not c.isspace()}
    return "separator" if len(kinds) <= 2 and len(original) >= 3 else "symbols"


def _utterances(
    text: str, span: Span, tokens: Sequence[Token], pause_s: float
) -> Iterator[Utterance]:
    """Yields the sentence as one utterance, or as several under the limit."""
    groups = _groups(tokens)
    start = span[0]
    for index, (group, pause) in enumerate(groups):
        last = index == len(groups) - 1
        stop = span[1]
        if not last:
            following = groups[index + 1][0]
            stop = max(group[-1].span[1], min(following[0].span[0], following[-1].span[1]))
        end = start + len(text[start:stop].rstrip())
        yield _utterance(text, (start, end), group, pause_s if last else pause)
        start = span[1] - len(text[stop : span[1]].lstrip())


def _groups(tokens: Sequence[Token]) -> list[tuple[list[Token], float]]:
    """Groups tokens into at most `MAX_SPOKEN` characters, cut at the best place."""
    if sum(len(t.spoken) + 1 for t in tokens) <= MAX_SPOKEN:
        return [(list(tokens), 0.0)]
    groups: list[tuple[list[Token], float]] = []
    current: list[Token] = []
    size = 0
    for token in _fitting(tokens):
        own = len(token.spoken) + 1 if token.spoken else 0
        if size + own > MAX_SPOKEN and _speaks(current):
            cut, pause = _best_cut(current)
            groups.append((current[:cut], pause))
            current = current[cut:]
            size = sum(len(t.spoken) + 1 for t in current if t.spoken)
        current.append(token)
        size += own
    if _speaks(current) or not groups:
        groups.append((current, 0.0))
    elif current:
        groups[-1] = (groups[-1][0] + current, 0.0)
    return groups


def _speaks(tokens: Sequence[Token]) -> bool:
    return any(t.spoken and not t.punctuation for t in tokens)


def _best_cut(tokens: Sequence[Token]) -> tuple[int, float]:
    """Returns the cut after the last comma of the second half, else after everything."""
    for index in range(len(tokens) - 1, len(tokens) // 2, -1):
        if tokens[index].punctuation and tokens[index].spoken and _speaks(tokens[:index]):
            return index + 1, pauses.COMMA_CUT
    return len(tokens), pauses.BLANK_CUT


def _fitting(tokens: Sequence[Token]) -> Iterator[Token]:
    """Yields the tokens, those over the limit in pieces that have sources of their own."""
    for token in tokens:
        if len(token.spoken) < MAX_SPOKEN:
            yield token
            continue
        words = token.spoken.split(" ")
        if len(words) == 1:
            words = [
                token.spoken[i : i + MAX_SPOKEN - 1]
                for i in range(0, len(token.spoken), MAX_SPOKEN - 1)
            ]
        yield from _shared(token, words)


def _shared(token: Token, words: Sequence[str]) -> Iterator[Token]:
    """Spreads the words of one token over its source, in proportion."""
    start, end = token.span
    pieces = min(len(words), end - start)
    done = 0
    for index in range(pieces):
        upto = len(words) * (index + 1) // pieces
        low = start + (end - start) * index // pieces
        high = start + (end - start) * (index + 1) // pieces
        high = grapheme_cut(token.original, low - start, high - start) + start
        spoken = " ".join(words[done:upto])
        done = upto
        original = token.original[low - start : high - start]
        yield replace(token, span=(low, max(high, low + 1)), original=original, spoken=spoken)


def _utterance(text: str, span: Span, tokens: Sequence[Token], pause_s: float) -> Utterance:
    pieces: list[str] = []
    words: list[Word] = []
    at = 0
    pending = ""
    for token in tokens:
        if not token.spoken:
            continue
        if token.punctuation:
            if words and _WEIGHT[token.spoken] > _WEIGHT[pending]:
                pending = token.spoken  # of several marks, the one that says most
            continue
        if pending:
            pieces.append(pending)
            at += len(pending)
            pending = ""
        for spoken in token.spoken.split(" "):
            if words:
                pieces.append(" ")
                at += 1
            words.append(Word((at, at + len(spoken)), token.span, token.foreign))
            pieces.append(spoken)
            at += len(spoken)
    pieces.append("" if pending == "," else pending)
    return Utterance(span, text[span[0] : span[1]], "".join(pieces), pause_s, tuple(words))
