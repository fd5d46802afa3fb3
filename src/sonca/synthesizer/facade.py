"""The one path from text to sound. Every surface is a thin caller of `Sonca`.

Streaming is the primitive; whole audio is the joined stream. The facade plans the text, chooses
the voice, and hands the utterances to the worker that owns the engine. It knows nothing of
formats, files or HTTP.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from itertools import chain, takewhile
from pathlib import Path

from sonca import text as texts
from sonca.audio import AudioChunk, join, moved
from sonca.engines import registry
from sonca.engines.base import EngineInfo, Options, Setup, cannot_clone
from sonca.errors import Busy, DeadlineExceeded, NothingToSay
from sonca.listening import Listener, folder_of, open_recogniser
from sonca.store.chunks import ChunkCache
from sonca.synthesizer import choosing
from sonca.synthesizer.choosing import Better
from sonca.synthesizer.engine_pool import EnginePool, EngineStatus
from sonca.synthesizer.recipe import Recipe, recipe_of
from sonca.synthesizer.request import SpeechRequest, cache_key, check, identity_of
from sonca.synthesizer.speech import Speech
from sonca.synthesizer.verified import VerifiedStream
from sonca.utterance import Priority, Utterance
from sonca.voice import Voice
from sonca.voices import Catalogue, Resolution
from sonca.voices.permits import Permits
from sonca.worker import Request, ResultStream, Worker, WorkItem

_RETAKE_WAIT_S = 20.0
"""How long another take waits for a place in a line that is full: all in it may wait for one."""


class EngineLoading(Exception):
    """The engine that a request needs is still being loaded; `loaded` is done when it is."""

    def __init__(self, loaded: Future[EngineInfo]) -> None:
        super().__init__("the engine is being loaded")
        self.loaded = loaded


class Sonca:
    """Vietnamese speech from text.

    >>> with Sonca() as sonca:
    ...     for chunk in sonca.stream("Xin chào các bạn."):
    ...         play(chunk.samples, chunk.sample_rate_hz)

    An engine is loaded on its own thread when the first request needs it, or by `load`. Every
    voice is brought to `loudness_lufs` by one fixed gain; None leaves voices as they are.
    """

    def __init__(
        self,
        engine: str | None = None,
        *,
        setup: Setup | None = None,
        queue_limit: int = 64,
        max_text_chars: int = 1_000_000,
        loudness_lufs: float | None = None,
        cache: ChunkCache | None = None,
        lexicon: texts.Lexicon | None = None,
        commercial: bool = False,
    ) -> None:
        self._lexicon = lexicon
        self._cache = cache
        self._max_text_chars = max_text_chars
        self.loudness_lufs = loudness_lufs
        """The level that every voice is brought to; None leaves them as they are."""
        setup = setup or Setup()
        self._asked = engine is not None
        self.permits = Permits(setup.models_dir, commercial=commercial)
        """The passports of the voices; with `commercial`, only those may speak that allow it."""
        self._listening = threading.Lock()
        self._listeners: dict[Path | None, Listener] = {}
        self.pool = EnginePool(engine, setup, queue_limit, loudness_lufs, self.permits)
        self.catalogue = self._read_catalogue()

    def reload(self) -> tuple[Voice, ...]:
        """Looks again for engines and voices, after models came or went; returns the voices. See
        `EnginePool.reload`."""
        self.pool.reload()
        self.catalogue = self._read_catalogue()
        return self.voices

    @property
    def default_engine(self) -> str:
        """The engine that speaks where none is asked for."""
        return self.pool.default

    @property
    def voices(self) -> tuple[Voice, ...]:
        """Every voice that can speak now."""
        return self.catalogue.voices

    def resolve(self, voice: str | None) -> Resolution:
        """Returns the voice that a request for `voice` gets. `UnknownVoice`."""
        return self.catalogue.resolve(voice, None, self.pool.default)

    def better(self) -> Better | None:
        """Returns a model whose voices are better than the default engine's and can be had; None
        if there is none, or the engine was asked for by name."""
        return None if self._asked else choosing.better(self.default_engine)

    def load(self, engine: str | None = None) -> Worker:
        """Starts an engine (None: the default one) if it is not; returns its worker at once."""
        return self.pool.load(engine)

    def info(self, engine: str | None = None) -> EngineInfo:
        """Returns what an engine is. Waits until it is loaded, and raises why it cannot be."""
        return self.pool.load(engine).loaded.result()

    def engines(self) -> list[EngineStatus]:
        """Returns every engine that is known, installed or not, but for those of tests."""
        return self.pool.status()

    def submit(self, request: SpeechRequest, *, wait: bool = True) -> Speech:
        """Queues a request and returns its stream. Raises everything that can be known now:
        `InvalidRequest` and its kinds, `Busy`, `EngineError`.

        Waits for the engine if it is still being loaded; with `wait` false, raises
        `EngineLoading` then, before the text is read. Reads the beginning of the text on the
        caller's thread, so a server calls it off its event loop.
        """
        until = None if request.deadline_s is None else time.monotonic() + request.deadline_s
        check(request, max_text_chars=self._max_text_chars)
        resolution = self._resolve(request)
        voice, reference = resolution.voice, request.reference
        listener = self.listener(voice.language) if request.verify else None
        if not wait:
            self._loaded(voice.engine, until, wait=False)
        reading = self._reading(request, voice)
        utterances = _utterances(request, reading)
        info = self._loaded(voice.engine, until, wait=wait)
        if reference is not None and not info.clones:
            raise cannot_clone(info.name)
        options = Options(request.speed, request.pitch, request.seed)
        identity = identity_of(info, voice, reference, options, self.loudness_lufs)
        stream = self.pool.submit(
            voice.engine,
            Request(
                (self._work(utterance, identity, request.fresh) for utterance in utterances),
                reference or voice.id,
                options,
                request.priority,
                None if until is None else until - time.monotonic(),
                on_made=self._keep,
                affinity=hash((request.text, request.part, identity)),
            ),
        )
        heard = (
            stream
            if listener is None
            else self._verified(stream, listener, request, voice, identity, info, until)
        )
        recipe = self._recipe(request, voice, info)
        return Speech(heard, resolution, info.sample_rate_hz, recipe)

    def recipe(self, request: SpeechRequest) -> Recipe:
        """Returns how a request would be made, whatever its text. Waits for its engine; raises what
        `submit` raises."""
        voice = self._resolve(request).voice
        return self._recipe(request, voice, self.info(voice.engine))

    def _recipe(self, request: SpeechRequest, voice: Voice, info: EngineInfo) -> Recipe:
        return recipe_of(
            info,
            voice,
            self.permits.model_hash(voice),
            request.reference,
            Options(request.speed, request.pitch, request.seed),
            self.loudness_lufs,
            self._reading(request, voice).lexicon,
        )

    def _verified(
        self,
        stream: ResultStream,
        listener: Listener,
        request: SpeechRequest,
        voice: Voice,
        identity: str,
        info: EngineInfo,
        until: float | None,
    ) -> VerifiedStream:
        return VerifiedStream(
            stream,
            listener,
            voice,
            functools.partial(self._again, request, until),
            functools.partial(self._keep_better, identity),
            marks=not info.word_marks,
        )

    def _again(
        self, request: SpeechRequest, until: float | None, utterance: Utterance, take: int
    ) -> Speech:
        """Queues another take of an utterance, with another seed, within the time of its request.
        Waits a while where the queue for books is full."""
        start, seed = utterance.span[0], request.seed + take
        once_more = replace(request, part=(start, start + 1), seed=seed, fresh=True, verify=False)
        give_up = time.monotonic() + _RETAKE_WAIT_S
        while True:
            now = time.monotonic()
            if until is not None and now >= until:
                raise DeadlineExceeded("the request's time is up")
            left_s = None if until is None else until - now
            try:
                return self.submit(replace(once_more, deadline_s=left_s))
            except Busy:
                if request.priority is not Priority.BATCH or now >= give_up:
                    raise
            worker = self.pool.load(self._resolve(request).voice.engine)
            worker.wait_for_place(request.priority, 1.0)

    def _keep_better(
        self, identity: str, utterance: Utterance, chunks: tuple[AudioChunk, ...]
    ) -> None:
        self._keep(WorkItem(utterance, cache_key(utterance, identity)), chunks)

    def listener(self, language: str = "vi") -> Listener:
        """Returns what hears a language, loaded when it is first asked for. `EngineNotInstalled`,
        `InvalidRequest` for a recogniser that does not load."""
        setup = self.pool.setup
        folder = folder_of(setup.models_dir, language)
        with self._listening:
            if folder not in self._listeners:
                recogniser = open_recogniser(setup.models_dir, setup.threads, language)
                self._listeners[folder] = Listener(recogniser)
            return self._listeners[folder]

    def _work(self, utterance: Utterance, identity: str, fresh: bool) -> WorkItem:
        """Returns the utterance with its key, and its sound if it was made before and is not to be
        made `fresh`."""
        key = cache_key(utterance, identity)
        kept = self._cache.get(key) if self._cache is not None and not fresh else None
        made = None if kept is None else (moved(kept, utterance.span[0]),)
        return WorkItem(utterance, key, made)

    def _keep(self, work: WorkItem, chunks: tuple[AudioChunk, ...]) -> None:
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
        """Speaks `text`; the first chunk is there before the rest is made."""
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
        """Speaks `text` and returns all of its sound."""
        request = SpeechRequest(text, voice, engine, speed, pitch, seed, priority=Priority.FILE)
        with self.submit(request) as speech:
            return join(speech, speech.sample_rate_hz)

    def close(self, drain_s: float = 0.0) -> None:
        """Stops every engine, giving queued requests `drain_s` seconds to finish."""
        self.pool.close(drain_s)
        if self._cache is not None:
            self._cache.close()

    def __enter__(self) -> Sonca:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def reading_for(self, request: SpeechRequest) -> texts.Reading:
        """Returns how a request's text is read: as its voice does, with its lexicon and ours."""
        return self._reading(request, self._resolve(request).voice)

    def _reading(self, request: SpeechRequest, voice: Voice) -> texts.Reading:
        lexicon = request.lexicon or self._lexicon
        if request.lexicon and self._lexicon:  # the first that has a word wins
            lexicon = texts.Lexicon(request.lexicon.entries + self._lexicon.entries)
        if voice.language and voice.language != "vi":
            return texts.Reading(language=voice.language, lexicon=lexicon)
        if voice.region in ("central", "south"):
            return texts.Reading(region=voice.region, lexicon=lexicon)
        return texts.Reading(lexicon=lexicon)

    def _resolve(self, request: SpeechRequest) -> Resolution:
        engine = self.pool.installed(request.engine).name if request.engine else None
        resolution = self.catalogue.resolve(request.voice, engine, self.pool.default)
        if request.reference is None:
            return resolution
        return Resolution(replace(resolution.voice, cloned=True))

    def _loaded(self, engine: str, until: float | None, *, wait: bool) -> EngineInfo:
        """Returns what an engine is, once it is loaded: that takes of the request's time, which is
        up at `until`."""
        loaded = self.pool.load(engine).loaded
        if not wait and not loaded.done():
            raise EngineLoading(loaded)
        try:
            return loaded.result(None if until is None else max(0.0, until - time.monotonic()))
        except TimeoutError as error:
            if loaded.done():  # it is the engine's own
                raise
            raise DeadlineExceeded(
                f"the engine {engine} was not loaded in time for this request; try again later, "
                "or with a later deadline"
            ) from error

    def _read_catalogue(self) -> Catalogue:
        """Reads the voices of every installed engine, the default engine's first."""
        setup, default, permits = self.pool.setup, self.pool.default, self.permits
        specs = [
            spec
            for spec in sorted(self.pool.listed(), key=lambda spec: spec.name != default)
            if registry.missing(spec, setup) is None
        ]
        return Catalogue(
            (voice for spec in specs for voice in choosing.voices(spec, setup, permits)),
            refused=[each for spec in specs for each in choosing.refused(spec, setup, permits)],
        )


def _utterances(request: SpeechRequest, reading: texts.Reading) -> Iterator[Utterance]:
    """Returns the utterances, planned as they are asked for, except that the first is there
    already: a text that says nothing is refused now."""
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
