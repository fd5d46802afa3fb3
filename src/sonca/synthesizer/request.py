"""What is asked for: a request, the limits it must keep, and when two utterances sound the same."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from sonca.engines.base import EngineInfo, Options, Reference
from sonca.errors import EmptyText, InvalidRequest, TextTooLong
from sonca.text import Lexicon
from sonca.utterance import Priority, Span, Utterance
from sonca.voice import Voice

SPEED_RANGE = (0.5, 2.0)
PITCH_RANGE = (0.5, 2.0)


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """What to say and how. Checked when it is submitted."""

    text: str
    voice: str | None = None
    """A voice's id or alias; None for the engine's default."""
    engine: str | None = None
    """None for the default engine, or the one that has the voice."""
    speed: float = 1.0
    """0.5 to 2.0."""
    pitch: float = 1.0
    """0.5 to 2.0, relative to the voice's own."""
    seed: int = 0
    reference: Reference | None = None
    """A recording to clone, instead of `voice`."""
    priority: Priority = Priority.REALTIME
    """Who waits for the sound."""
    lexicon: Lexicon | None = None
    """The caller's own readings; they win over the `Sonca`'s."""
    deadline_s: float | None = None
    """Seconds from now by which all sound must be made, the loading of the engine included and the
    time in which its reader is behind not: a speech that is held and never read has no limit. None
    for none."""
    fresh: bool = False
    """Make the sound anew, whatever is cached."""
    verify: bool = False
    """Listen to each utterance before it is handed out; make it again if words of it are missing,
    said twice or others (`sonca.listening`)."""
    part: Span | None = None
    """Speak only the utterances that begin in this range of the text, exactly as they are in
    the whole: how an interrupted text goes on. None for all."""


def check(request: SpeechRequest, *, max_text_chars: int) -> None:
    """Raises the `InvalidRequest` that says what is wrong with the request, if anything is."""
    for name, value, (low, high) in (
        ("speed", request.speed, SPEED_RANGE),
        ("pitch", request.pitch, PITCH_RANGE),
    ):
        if not low <= value <= high:  # NaN is in no range
            raise InvalidRequest(f"{name} is {value:g}, it must be {low:g} to {high:g}", field=name)
    if len(request.text) > max_text_chars:
        raise TextTooLong(
            f"the text has {len(request.text):,} characters, the limit is "
            f"{max_text_chars:,}; send it in parts",
            field="text",
        )
    if not request.text.strip():
        raise EmptyText("the text is empty; send at least one word", field="text")


def identity_of(
    info: EngineInfo,
    voice: Voice,
    reference: Reference | None,
    options: Options,
    loudness_lufs: float | None,
) -> str:
    """Returns everything but the words that decides how an utterance sounds."""
    who = reference.content_hash if reference else f"{voice.id} {voice.version}"
    how = (options.speed, options.pitch, options.seed, loudness_lufs)
    return json.dumps([info.name, info.version, info.sample_rate_hz, who, *how])


def cache_key(utterance: Utterance, identity: str) -> str:
    """Returns the SHA-256 of all that decides the sound and its marks, relative to the
    utterance."""
    start = utterance.span[0]
    words = [
        (w.spoken, w.source[0] - start, w.source[1] - start, w.foreign) for w in utterance.words
    ]
    content = json.dumps([identity, utterance.spoken, words])
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
