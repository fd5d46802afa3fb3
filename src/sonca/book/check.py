"""Hears a finished book again, from its sound and the JSON beside it, and says which of its
sentences are doubtful: with those that the build itself found to be wrong.

What is usual for a speaker is known when all is heard, so nothing is told before. A sentence is
cut out of the sound while it is decoded: a book of a day takes no more memory than its JSON.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from sonca import text as texts
from sonca.audio import Samples
from sonca.book.output.timeline import FAILED
from sonca.encoding.decoder import frames
from sonca.errors import BadAudio, InvalidRequest
from sonca.listening import Listener, Verdict
from sonca.utterance import Utterance

SOUNDS = (".m4b", ".m4a", ".mp4", ".mp3", ".opus")
UNHEARD = "unheard"
"""The reason of a sentence that was not heard as it was to be said."""
_AROUND_S = 0.05
"""Of the silence around a sentence that is heard with it."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A sentence that is not as it should be."""

    chapter: int
    """From 1, as in the JSON."""
    title: str
    time_s: float
    """In its sound file."""
    text: str
    reason: str
    """`UNHEARD`, or what the build found: ``failed``, ``doubtful``, ``short`` and the like."""
    heard: str | None
    """What was heard in its place; None if nobody listened."""
    sound: str
    """The name of its sound file."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is known of a book."""

    sentences: int
    doubtful: tuple[Doubtful, ...]
    listened: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """A sound file and the JSON beside it."""

    sound: Path
    titles: tuple[str, ...]
    spans: tuple[dict[str, Any], ...]


def check(
    path: Path,
    listener: Listener | None,
    reading: texts.Reading,
    on_heard: Callable[[int, int], None] = lambda *_: None,
) -> Checked:
    """Checks a book by its ``.m4b``, its JSON, or its folder of chapters; without a listener only
    what the build noted is told. `reading` is how it was read. `on_heard` is told how many
    sentences of how many are heard. Raises `InvalidRequest` for what is no book, and `BadAudio`
    for sound that cannot be read."""
    parts = _parts(path)
    count = sum(len(part.spans) for part in parts)
    heard = itertools.chain.from_iterable(_heard(part, listener, reading) for part in parts)
    verdicts = []
    for number, each in enumerate(heard, start=1):
        verdicts.append(each)
        on_heard(number, count)
    found = [
        doubtful
        for part, span, verdict in verdicts
        if (doubtful := _doubtful(part, span, verdict, listener)) is not None
    ]
    return Checked(count, tuple(found), listener is not None)


def _heard(
    part: _Part, listener: Listener | None, reading: texts.Reading
) -> Iterator[tuple[_Part, dict[str, Any], Verdict | None]]:
    """Yields each sentence of a part, and what was heard of it."""
    if listener is None:
        yield from ((part, span, None) for span in part.spans)
        return
    for span, (samples, rate_hz) in zip(part.spans, _cut(part), strict=True):
        verdict = None
        plan = texts.plan_iter(span["text"], reading=reading)
        spoken = [each for each in plan if isinstance(each, Utterance)]
        if spoken and span.get("problem") != FAILED:
            verdict = listener.hear(spoken, samples, rate_hz, reading.language)
            listener.learn(_voice(span), verdict)
        yield part, span, verdict


def _doubtful(
    part: _Part, span: dict[str, Any], verdict: Verdict | None, listener: Listener | None
) -> Doubtful | None:
    reason = span.get("problem")
    if verdict is not None and listener is not None:
        voice = _voice(span)
        beyond = listener.doubt(voice, verdict) > listener.limit(voice)
        reason = reason or (UNHEARD if beyond else None)
    if reason is None:
        return None
    number = span["chapter"]
    # A chapter's own file knows of no other.
    title = part.titles[number - 1 if len(part.titles) > 1 else 0]
    text = " ".join(span["text"].split())
    heard = verdict.heard if verdict is not None else None
    return Doubtful(number, title, span["start_s"], text, reason, heard, part.sound.name)


def _voice(span: dict[str, Any]) -> str:
    return f"book {span.get('speaker', '')}"


# Files


def _parts(path: Path) -> list[_Part]:
    if path.is_dir():
        found = [
            (sound, json_path)
            for json_path in sorted(path.glob("*.json"))
            if (sound := _sound_of(json_path)) is not None
        ]
    elif path.suffix.lower() == ".json":
        sound = _sound_of(path)
        found = [] if sound is None else [(sound, path)]
    else:
        beside = (path.with_suffix(".json"), path.with_suffix(".captions.json"))
        found = [(path, each) for each in beside if path.is_file() and each.is_file()][-1:]
    if not found:
        raise InvalidRequest(
            f"{path} is no book that can be checked: give the .m4b or the folder of chapters that "
            "`sonca book build` made, with the JSON beside the sound",
            field="file",
        )
    return [_part(sound, json_path) for sound, json_path in found]


def _sound_of(path: Path) -> Path | None:
    stem = path.name.removesuffix(".json").removesuffix(".captions")
    return next((p for end in SOUNDS if (p := path.with_name(stem + end)).is_file()), None)


def _part(sound: Path, path: Path) -> _Part:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        titles = tuple(str(chapter["title"]) for chapter in value["chapters"])
        spans = tuple(value["spans"])
        for span in spans:
            number, text = span["chapter"], span["text"]
            times = float(span["start_s"]), float(span["end_s"])
            if not isinstance(text, str) or not times[0] <= times[1] or not titles:
                raise ValueError(f"a span {span!r:.80}")
            if len(titles) > 1 and not 1 <= number <= len(titles):
                raise ValueError(f"chapter {number!r}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidRequest(
            f"{path} is not the JSON that `sonca book build` writes beside a book ({error!r})",
            field="file",
        ) from error
    return _Part(sound, titles, spans)


def _cut(part: _Part) -> Iterator[tuple[Samples, int]]:
    """Yields the sound of each span. Spans are in order, and none reaches into another's middle."""
    sound = _Window(part.sound)
    for span in part.spans:
        yield sound.between(span["start_s"] - _AROUND_S, span["end_s"] + _AROUND_S)


class _Window:
    """The part of a sound file that is wanted now, decoded as far as that."""

    def __init__(self, path: Path) -> None:
        self._frames = frames(path)
        first = next(self._frames, None)
        if first is None:
            raise BadAudio(f"{path} holds no sound", field="file")
        samples, self._rate_hz = first
        self._kept: list[Samples] = [samples]
        self._start = 0
        self._end = len(samples)

    def between(self, start_s: float, end_s: float) -> tuple[Samples, int]:
        """Returns the sound between two times, as much as there is, and its rate in Hz. What lies
        before `start_s` is gone then."""
        start, end = (max(0, round(time_s * self._rate_hz)) for time_s in (start_s, end_s))
        while self._end < end:
            samples, _ = next(self._frames, (None, 0))
            if samples is None:
                break
            self._kept.append(samples)
            self._end += len(samples)
            while self._kept and self._start + len(self._kept[0]) <= start:
                self._start += len(self._kept.pop(0))
        joined: Samples = np.concatenate([*self._kept, np.zeros(0, np.float32)])
        low, high = max(0, start - self._start), max(0, end - self._start)
        return joined[low:high], self._rate_hz
