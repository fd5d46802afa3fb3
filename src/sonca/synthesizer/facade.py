"""The one path from text to sound. Every surface is a thin caller of `Sonca`.

Streaming is the primitive; whole audio is the joined stream. The facade plans the text, chooses
the voice, and hands the utterances to the worker that owns the engine. It knows nothing of
formats, files or HTTP.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, takewhile

from sonca import text as texts
from sonca.audio import AudioChunk, join, moved
from sonca.engines import registry
from sonca.engines.base import Engine, EngineInfo, Options, Setup, cannot_clone
from sonca.errors import (
    Busy,
    DeadlineExceeded,
    EngineError,
    EngineNotInstalled,
    NothingToSay,
)
from sonca.store.chunks import ChunkCache
from sonca.synthesizer import keys
from sonca.synthesizer.request import SpeechRequest, check
from sonca.synthesizer.speech import Speech
from sonca.utterance import Priority, Utterance
from sonca.voice import Voice
from sonca.voices import Catalogue, Resolution
from sonca.worker import Request, Ticket, Work, Worker, WorkerStats

log = logging.getLogger(__name__)


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
        cache: ChunkCache | None = None,
        lexicon: texts.Lexicon | None = None,
    ) -> None:
        self._lexicon = lexicon
        self._cache = cache
        self._setup = setup or Setup()
        self._queue_limit = queue_limit
        self._max_text_chars = max_text_chars
        self._workers: dict[str, Worker] = {}
        self._loading = threading.Lock()  # so that two first requests do not load twice
        self._engine_asked = engine
        self.default_engine = self._installed(engine).name if engine else self._preferred()
        self.catalogue = self._read_catalogue()

    def reload(self) -> tuple[Voice, ...]:
        """Look again for engines and voices, after models came or went; answers the voices.

        Requests in line are not disturbed. An engine that could not be loaded is tried again
        when it is next asked for. Where the default engine is in use and another one is now
        the best, this waits until that is loaded, so that nobody else does.
        """
        with self._loading:
            for name, worker in list(self._workers.items()):
                if worker.state == "broken":
                    worker.close()
                    del self._workers[name]
            in_use = self.default_engine in self._workers
        preferred = self.default_engine if self._engine_asked else self._preferred()
        if in_use:
            self.load(preferred).loaded.result()
        self.default_engine = preferred
        self.catalogue = self._read_catalogue()
        return self.voices

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
            replace(voice, engine=spec.name)
            for spec in specs
            if spec.public or spec.name == self.default_engine
            if registry.missing(spec, self._setup) is None
            for voice in spec.load().voices(self._setup)
        )

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice that can speak now."""
        return self.catalogue.voices

    def resolve(self, voice: str | None) -> Resolution:
        """The voice that a request for `voice` gets. `UnknownVoice` for a name nobody knows."""
        return self.catalogue.resolve(voice, None, self.default_engine)

    def load(self, engine: str | None = None) -> Worker:
        """The worker of an engine, started if it is not; returns before the engine is loaded."""
        name = registry.find(engine).name if engine else self.default_engine
        worker = self._workers.get(name)
        if worker is None:
            self._installed(name)  # looks at the disk: not for every request
            with self._loading:
                worker = self._workers.get(name) or self._start(name)
        return worker

    def _start(self, name: str) -> Worker:
        cls, setup = registry.find(name).load(), self._setup
        # An engine beside the default one may know a single device: its voices are still of use.
        check = _where_asked if name == self.default_engine else _told_where
        worker = Worker(
            lambda: check(cls.create(setup), setup.device),
            engines=cls.instances(setup),
            queue_limit=self._queue_limit,
            name=name,
        )
        self._workers[name] = worker
        return worker

    def submit(self, request: SpeechRequest) -> Speech:
        """Put a request in line and return its stream. Raises everything that can be known now:
        `InvalidRequest` and its kinds, `Busy`, `EngineError`.

        Waits for the engine if it is still being loaded, and reads the beginning of the text on
        the caller's thread, so a server calls it off its event loop.
        """
        until = _until(request.deadline_s)
        check(request, max_text_chars=self._max_text_chars)
        resolution = self._resolve(request)
        voice = resolution.voice
        reading = _reading(voice, _both(request.lexicon, self._lexicon))
        utterances = _utterances(request, reading)
        info = self._loaded(voice.engine, until)
        options = Options(request.speed, request.pitch, request.seed)
        reference = request.reference
        if reference is not None and not info.clones:
            raise cannot_clone(info.name)
        identity = keys.identity(info, voice, reference, options)
        ticket = self._enqueue(
            voice.engine,
            Request(
                (self._work(utterance, identity) for utterance in utterances),
                reference or voice.id,
                options,
                request.priority,
                None if until is None else until - time.monotonic(),
                on_made=self._keep,
                twin=hash((request.text, request.part, identity)),
            ),
        )
        return Speech(ticket, resolution)

    def reading_for(self, request: SpeechRequest) -> texts.Reading:
        """How a request's text is read: as its voice does, with its words and this `Sonca`'s."""
        return _reading(self._resolve(request).voice, _both(request.lexicon, self._lexicon))

    def _loaded(self, engine: str, until: float | None) -> EngineInfo:
        """What an engine is, once it is loaded; the time of the request passes meanwhile."""
        loaded = self.load(engine).loaded
        try:
            return loaded.result(None if until is None else max(0.0, until - time.monotonic()))
        except TimeoutError as error:
            if loaded.done():  # it is the engine's own
                raise
            raise DeadlineExceeded(
                f"the engine {engine} was not loaded in time for this request; try again later, "
                "or with a later deadline"
            ) from error

    def places(self, engine: str, priority: Priority) -> int:
        """How many requests of a priority an engine takes at once; beyond that it is `Busy`."""
        return self.load(engine).places(priority)

    def wait_for_place(self, engine: str, priority: Priority, at_most_s: float) -> None:
        """Wait, `at_most_s` seconds, until an engine would take a request of a priority."""
        self.load(engine).wait_for_place(priority, at_most_s)

    def _enqueue(self, engine: str, request: Request) -> Ticket:
        """Put a request in line, loading the engine again if it was unloaded just now."""
        while True:
            worker = self.load(engine)
            try:
                return worker.submit(request)
            except Busy:
                with self._loading:  # or it is being unloaded, and not yet off the list
                    if self._workers.get(engine) is worker:
                        raise

    @property
    def state(self) -> str:
        """The default engine's worker: ``loading``, ``ready``, ``draining``, ``broken``,
        ``closed``; ``unloaded`` if it will be loaded when it is needed."""
        worker = self._workers.get(self.default_engine)
        return worker.state if worker is not None else "unloaded"

    def unload_idle(self, after_s: float) -> list[str]:
        """Unload the engines that nobody has used for `after_s` seconds; their names. The next
        request loads them again and waits for it."""
        with self._loading:
            idle = {n: w for n, w in self._workers.items() if w.retire(after_s)}
            for name in idle:
                del self._workers[name]
        for worker in idle.values():
            worker.close()
        return list(idle)

    def _work(self, utterance: Utterance, identity: str) -> Work:
        """The utterance with its key, and its sound if it was made before."""
        key = keys.key(utterance, identity)
        kept = self._cache.get(key) if self._cache is not None else None
        made = None if kept is None else (moved(kept, utterance.span[0]),)
        return Work(utterance, key, made)

    def _keep(self, work: Work, chunks: tuple[AudioChunk, ...]) -> None:
        if self._cache is not None and work.key is not None and chunks:
            rate_hz, start = chunks[0].sample_rate_hz, work.utterance.span[0]
            self._cache.put(work.key, lambda: moved(join(chunks, rate_hz), -start))

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
        request = SpeechRequest(text, voice, engine, speed, pitch, seed, priority=Priority.FILE)
        with self.submit(request) as speech:
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
        """Stop every worker, giving what is in line `drain_s` seconds to finish, all together."""
        until = time.monotonic() + drain_s
        workers = list(self._workers.values())
        for worker in workers:
            worker.shut()
        for worker in workers:
            worker.close(max(0.0, until - time.monotonic()))
        if self._cache is not None:
            self._cache.close()

    def __enter__(self) -> Sonca:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _resolve(self, request: SpeechRequest) -> Resolution:
        engine = self._installed(request.engine).name if request.engine else None
        resolution = self.catalogue.resolve(request.voice, engine, self.default_engine)
        if request.reference is None:
            return resolution
        return Resolution(replace(resolution.voice, cloned=True))


def _until(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _where_asked(engine: Engine, device: str) -> Engine:
    """The engine, if it runs on the device that was asked for by name. Here and not in each
    engine: one that knows a single device would take any other in silence."""
    if wrong := _elsewhere(engine.info, device):
        engine.close()
        raise EngineError(wrong)
    return engine


def _told_where(engine: Engine, device: str) -> Engine:
    """The engine, and a warning if it runs elsewhere."""
    if wrong := _elsewhere(engine.info, device):
        log.warning("%s", wrong)
    return engine


def _elsewhere(info: EngineInfo, device: str) -> str | None:
    kind = info.device.partition(":")[0]
    if device in ("auto", kind):
        return None
    return (
        f"the device {device} was asked for, but the engine {info.name} runs on {info.device}; "
        f"set SONCA_DEVICE to auto or {kind}, or choose another engine"
    )


def _utterances(request: SpeechRequest, reading: texts.Reading) -> Iterator[Utterance]:
    """The utterances, planned as they are asked for, except that the first is there already: a
    text that says nothing is refused now."""
    plan = texts.plan_iter(request.text, reading=reading)
    low, high = request.part or (0, len(request.text))
    begun = takewhile(lambda part: part.span[0] < high, plan)
    spoken = (p for p in begun if isinstance(p, Utterance) and p.span[0] >= low)
    first = next(spoken, None)
    if first is None:
        raise NothingToSay(
            "nothing in the text can be spoken (only separators, emoji or symbols)",
            field="text",
        )
    return chain([first], spoken)


def _both(first: texts.Lexicon | None, second: texts.Lexicon | None) -> texts.Lexicon | None:
    """Two lexicons as one, in which the first wins."""
    if first is None or second is None:
        return first or second
    return texts.Lexicon(first.entries + second.entries)


def _reading(voice: Voice, lexicon: texts.Lexicon | None) -> texts.Reading:
    if voice.language and voice.language != "vi":
        return texts.Reading(language=voice.language, lexicon=lexicon)
    match voice.region:
        case "central" | "south" as region:
            return texts.Reading(region=region, lexicon=lexicon)
        case _:
            return texts.Reading(lexicon=lexicon)
