"""The one path from text to sound. Every surface is a thin caller of `Sonca`.

Streaming is the primitive; whole audio is the joined stream. This module plans the text,
chooses the voice, hands the utterances to the worker that owns the engine, and lays what comes
back on one time line, with the pauses between. It knows nothing of formats, files or HTTP.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from sonca import text as texts
from sonca.audio import AudioChunk, Mark, join, silence
from sonca.engines import registry
from sonca.engines.base import EngineInfo, EngineVoice, Options, Reference, Setup
from sonca.errors import (
    EmptyText,
    EngineNotInstalled,
    InvalidRequest,
    NothingToSay,
    TextTooLong,
)
from sonca.utterance import Utterance
from sonca.voices import Catalogue, Resolution, Voice
from sonca.worker import Lane, Piece, Request, Ticket, Worker, WorkerStats

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
    lane: Lane = "interactive"
    deadline_s: float | None = None
    """Seconds from now by which all sound must be made; None for no limit."""


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """An engine as the operator sees it."""

    name: str
    missing: str | None
    """Why it cannot run here; None if it can."""
    default: bool
    stats: WorkerStats | None
    """None while it is not loaded."""
    info: EngineInfo | None
    """None while it is not loaded."""


class Speech:
    """The sound of one request: iterate it, in a thread or a coroutine, once.

    Marks count from the start of the stream. `cancel` (or leaving the `with` block) frees the
    engine within one step.
    """

    def __init__(self, ticket: Ticket, resolution: Resolution) -> None:
        self.voice = resolution.voice
        self.instead_of = resolution.instead_of
        """The name asked for, if `voice` stands in for it."""
        self._ticket = ticket
        self._line = _TimeLine()

    def __iter__(self) -> Iterator[AudioChunk]:
        for piece in self._ticket:
            yield from self._line.lay(piece)

    async def __aiter__(self) -> AsyncIterator[AudioChunk]:
        async for piece in self._ticket:
            for chunk in self._line.lay(piece):
                yield chunk

    def cancel(self) -> None:
        """Stop making sound. Does nothing once all of it is made and read."""
        self._ticket.cancel()

    def __enter__(self) -> Speech:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cancel()


class _TimeLine:
    """Lays utterances one after another: marks move to stream time, pauses go between."""

    def __init__(self) -> None:
        self._now_s = 0.0
        self._start_s = 0.0
        self._current: Utterance | None = None
        self._pause_s = 0.0

    def lay(self, piece: Piece) -> Iterator[AudioChunk]:
        chunk = piece.chunk
        if chunk is None:
            self._pause_s += piece.utterance.pause_s
            self._current = None
            return
        if piece.utterance is not self._current:
            # A pause is laid when something follows it, so that no stream ends in silence.
            if self._pause_s and self._now_s:
                yield self._advance(
                    AudioChunk(silence(self._pause_s, chunk.sample_rate_hz), chunk.sample_rate_hz)
                )
            self._pause_s, self._start_s, self._current = 0.0, self._now_s, piece.utterance
            marks = [Mark("sentence", self._now_s, piece.utterance.span)]
        else:
            marks = []
        marks += [replace(mark, time_s=mark.time_s + self._start_s) for mark in chunk.marks]
        yield self._advance(AudioChunk(chunk.samples, chunk.sample_rate_hz, tuple(marks)))

    def _advance(self, chunk: AudioChunk) -> AudioChunk:
        self._now_s += chunk.duration_s
        return chunk


class Sonca:
    """Vietnamese speech from text.

    >>> with Sonca() as sonca:
    ...     for chunk in sonca.stream("Xin chào các bạn."):
    ...         play(chunk.samples, chunk.sample_rate_hz)

    An engine is loaded on its own thread when the first request needs it, or by `load`.
    """

    def __init__(
        self,
        engine: str | None = None,
        *,
        setup: Setup | None = None,
        queue_limit: int = 64,
        max_text_chars: int = 1_000_000,
    ) -> None:
        self._setup = setup or Setup()
        self._queue_limit = queue_limit
        self._max_text_chars = max_text_chars
        self._workers: dict[str, Worker] = {}
        self._loading = threading.Lock()  # so that two first requests do not load twice
        self.default_engine = self._installed(engine).name if engine else self._preferred()
        self.catalogue = self._read_catalogue()

    def _preferred(self) -> str:
        return registry.default(self._setup).name

    def _installed(self, name: str) -> registry.EngineSpec:
        spec = registry.find(name)
        reason = registry.missing(spec, self._setup)
        if reason is not None:
            raise EngineNotInstalled(
                f"the model {name!r} is not installed: {reason}", field="model"
            )
        return spec

    def _read_catalogue(self) -> Catalogue:
        """The voices of every installed engine, the default engine's first."""
        specs = sorted(registry.specs().values(), key=lambda s: s.name != self.default_engine)
        return Catalogue(
            catalogue_voice(spec.name, voice)
            for spec in specs
            if spec.public or spec.name == self.default_engine
            if registry.missing(spec, self._setup) is None
            for voice in spec.load().voices(self._setup)
        )

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice that can speak now."""
        return self.catalogue.voices

    def load(self, engine: str | None = None) -> Worker:
        """The worker of an engine, started if it is not; returns before the engine is loaded."""
        name = self._installed(engine).name if engine else self.default_engine
        worker = self._workers.get(name)
        if worker is None:
            with self._loading:
                worker = self._workers.get(name) or self._start(name)
        return worker

    def _start(self, name: str) -> Worker:
        cls, setup = registry.find(name).load(), self._setup
        worker = Worker(lambda: cls.create(setup), queue_limit=self._queue_limit, name=name)
        self._workers[name] = worker
        return worker

    def submit(self, request: SpeechRequest) -> Speech:
        """Put a request in line and return its stream. Raises everything that can be known now:
        `InvalidRequest` and its kinds, `Busy`, `EngineError`.

        Reads the beginning of the text on the caller's thread, so a server calls it off its
        event loop.
        """
        self._check(request)
        resolution = self._resolve(request)
        voice = resolution.voice
        utterances = self._utterances(request.text, voice)
        worker = self.load(voice.engine)
        ticket = worker.submit(
            Request(
                utterances,
                request.reference or voice.key,
                Options(request.speed, request.pitch, request.seed),
                request.lane,
                request.deadline_s,
            )
        )
        return Speech(ticket, resolution)

    def stream(
        self,
        text: str,
        *,
        voice: str | None = None,
        speed: float = 1.0,
        pitch: float = 1.0,
        engine: str | None = None,
        seed: int = 0,
    ) -> Speech:
        """Speak `text`; the first chunk is there before the rest is made."""
        return self.submit(SpeechRequest(text, voice, engine, speed, pitch, seed))

    def speak(
        self,
        text: str,
        *,
        voice: str | None = None,
        speed: float = 1.0,
        pitch: float = 1.0,
        engine: str | None = None,
        seed: int = 0,
    ) -> AudioChunk:
        """Speak `text` and return all of its sound."""
        with self.stream(
            text, voice=voice, speed=speed, pitch=pitch, engine=engine, seed=seed
        ) as speech:
            info = self.load(speech.voice.engine).loaded.result()
            return join(speech, info.sample_rate_hz)

    def engines(self) -> list[EngineStatus]:
        """Every engine that is known, installed or not, but for those of tests."""
        return [
            self._status(spec)
            for spec in registry.specs().values()
            if spec.public or spec.name == self.default_engine
        ]

    def _status(self, spec: registry.EngineSpec) -> EngineStatus:
        worker = self._workers.get(spec.name)
        info = None
        if worker is not None and worker.loaded.done() and not worker.loaded.exception():
            info = worker.loaded.result()
        return EngineStatus(
            spec.name,
            registry.missing(spec, self._setup),
            spec.name == self.default_engine,
            worker.stats if worker else None,
            info,
        )

    def close(self, drain_s: float = 0.0) -> None:
        """Stop every worker, giving what is in line `drain_s` seconds to finish."""
        for worker in self._workers.values():
            worker.close(drain_s)

    def __enter__(self) -> Sonca:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _check(self, request: SpeechRequest) -> None:
        _in_range("speed", request.speed, SPEED_RANGE)
        _in_range("pitch", request.pitch, PITCH_RANGE)
        if len(request.text) > self._max_text_chars:
            raise TextTooLong(
                f"the text has {len(request.text):,} characters, the limit is "
                f"{self._max_text_chars:,}; send it in parts",
                field="text",
            )
        if not request.text.strip():
            raise EmptyText("the text is empty; send at least one word", field="text")

    def _resolve(self, request: SpeechRequest) -> Resolution:
        engine = self._installed(request.engine).name if request.engine else None
        resolution = self.catalogue.resolve(request.voice, engine, self.default_engine)
        if request.reference is None:
            return resolution
        return Resolution(replace(resolution.voice, cloned=True))

    def _utterances(self, text: str, voice: Voice) -> Iterator[Utterance]:
        """The utterances, planned as they are asked for, except that the first is there already:
        a text that says nothing is refused now."""
        reading = _reading(voice)
        plan = texts.plan_iter(text, reading)
        spoken = (part for part in plan if isinstance(part, Utterance))
        first = next(spoken, None)
        if first is None:
            raise NothingToSay(
                "nothing in the text can be spoken (only separators, emoji or symbols)",
                field="text",
            )
        return chain([first], spoken)


def _reading(voice: Voice) -> texts.Reading:
    match voice.region:
        case "central" | "south" as region:
            return texts.Reading(region=region)
        case _:
            return texts.Reading()


def _in_range(name: str, value: float, limits: tuple[float, float]) -> None:
    low, high = limits
    if not low <= value <= high:  # NaN is in no range
        raise InvalidRequest(f"{name} is {value:g}, it must be {low:g} to {high:g}", field=name)


def catalogue_voice(engine: str, voice: EngineVoice) -> Voice:
    """An engine's voice as the catalogue has it; it also goes by its Vietnamese name."""
    return Voice(
        id=voice.key,
        name=voice.name,
        engine=engine,
        key=voice.key,
        gender=voice.gender,
        region=voice.region,
        language=voice.language,
        tone=voice.tone,
        aliases=(_slug(voice.name),),
    )


def _slug(name: str) -> str:
    """``Nữ dịu miền Bắc (giọng máy)`` as ``nu-diu-mien-bac``."""
    plain = unicodedata.normalize("NFD", re.sub(r"\(.*?\)", "", name.lower()).replace("đ", "d"))
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return "-".join(re.findall(r"[a-z0-9]+", letters))


__all__ = ["EngineStatus", "Sonca", "Speech", "SpeechRequest"]
