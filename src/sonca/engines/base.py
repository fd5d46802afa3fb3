"""The contract of engines: `Engine` and `Session`.

An engine turns utterances into sound. One thread builds, drives and closes it, so no engine needs
a lock; only voices that take long are made on a second thread, while the session steps. A session
is the engine's running batch: utterances are added to free slots, every step moves all of them
on, and sound leaves through events as soon as it exists. An engine that speaks one utterance in
chunks implements `Engine.synthesize` and gets a session for free; one that computes several at
once (VietTTS) overrides `Engine.session`.

Nothing here knows requests, queues, files or HTTP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.audio import AudioChunk, Samples
from sonca.errors import Unsupported
from sonca.utterance import Priority, Utterance
from sonca.voice import Voice


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a loaded engine is, and what it runs on."""

    name: str
    version: str
    sample_rate_hz: int
    device: str
    """The device in use, not the one asked for: ``cpu``, ``cuda:0``."""
    providers: tuple[str, ...] = ()
    """Runtime providers that are active."""
    clones: bool = False
    """Whether `condition` makes a voice from a reference recording."""
    word_marks: bool = False
    deterministic: bool = False
    """Whether equal utterance, voice and options (seed included) give equal samples."""
    slots: int = 1
    """How many utterances a session works on at once."""
    precision: str = ""
    """What it computes in and why, for people; empty where that is no question."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What an engine is told about the place it runs in. Engines read no settings themselves."""

    models_dir: Path | None = None
    """Where downloaded models lie; None where there are none."""
    device: str = "auto"
    """``auto``, ``cpu`` or ``cuda``. A device asked for by name and missing is an error."""
    threads: int | None = None
    """Compute threads, >= 1; None lets the engine choose. For an engine that computes on one, the
    number of instances."""
    steps: int | None = None
    """Steps from noise to sound, >= 1, of engines that work in steps and let one choose; None for
    the engine's own number."""
    exact: bool = False
    """Whether neural engines compute in float32 only, however much longer that takes."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to speak. Engines ignore what they have no control for, except speed."""

    speed: float = 1.0
    """0.5 to 2.0; 2.0 is twice as fast."""
    pitch: float = 1.0
    """0.5 to 2.0, relative to the voice's own."""
    seed: int = 0
    """For engines that sample."""
    priority: Priority = Priority.REALTIME
    """Who waits for the request that the utterance is part of. Engines may make what is `BATCH`
    in the order that costs least, after everything else."""
    first: bool = True
    """Whether this is the utterance that the listener is waiting for now. Without it an engine
    may trade the moment of its first sound for less work in all; the sound is the same but for
    rounding."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A recording whose voice is to be cloned."""

    samples: Samples
    """(N,) float32 in [-1, 1]."""
    sample_rate_hz: int
    content_hash: str
    """SHA-256 of the recording, in hex: the cache key of whatever is computed from it."""


VoiceState = Any
"""What an engine needs to speak in one voice: opaque to everyone else, immutable, shared by
all utterances of the voice."""


@dataclass(frozen=True, slots=True)
class Audio:
    """More sound of the utterance `id`; marks count from the start of the utterance."""

    id: int
    chunk: AudioChunk


@dataclass(frozen=True, slots=True)
class Finished:
    """All sound of the utterance `id` has been emitted."""

    id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The utterance `id` cannot be made; the others go on."""

    id: int
    error: Exception


Event = Audio | Finished | Failed
Emit = Callable[[Event], None]


MEASURED_INSTANCES = 2
"""Instances of an engine that computes on one core, unless threads are set. On two cores two make
1.5 times the sound of one; more were not measured, and all of them share Python's lock."""


class Session(ABC):
    """The running batch of an engine. Everything is called on the engine's own thread."""

    @property
    @abstractmethod
    def free_slots(self) -> int:
        """How many utterances can be added now."""

    @property
    @abstractmethod
    def idle(self) -> bool:
        """Whether a step would have nothing to do."""

    @abstractmethod
    def add(self, id: int, utterance: Utterance, voice: VoiceState, options: Options) -> None:
        """Puts an utterance into a free slot. `id` is unique among those in work."""

    @abstractmethod
    def step(self, emit: Emit) -> None:
        """Moves every utterance on and emits what became ready, in order for each `id`.

        Events go through `emit` and are not returned, because some engines (espeak) hand out
        sound from inside one long call, and the first of it should not wait for the last.
        `emit` may call `cancel` and `promote`, and at the end of an utterance also `add` with the
        same id. It never raises. One `Finished` or `Failed` ends each id. An error raised here, or
        by anything else but `add`, means that the engine itself is broken: it is built anew.
        """

    @abstractmethod
    def cancel(self, id: int) -> None:
        """Drops an utterance: its slot is free and nothing more is emitted. Unknown ids are
        ignored."""

    def promote(self, id: int) -> bool:
        """Goes on with an utterance of priority `BATCH` as if it had been added as the `first` of
        a `REALTIME` request: now somebody waits for it. Unknown ids are ignored.

        Returns False if the session cannot: the utterance is then cancelled and added again.
        """
        return False


def cannot_clone(engine: str) -> Unsupported:
    """Returns the error of an engine that is given a recording and cannot clone."""
    return Unsupported(
        f"the engine {engine} cannot clone voices; ask for one that can (model viettts)",
        field="voice_file",
    )


class Engine(ABC):
    """A loaded engine. Built, used and closed by one thread."""

    @property
    @abstractmethod
    def info(self) -> EngineInfo: ...

    @classmethod
    def create(cls, setup: Setup) -> Engine:
        """Loads the engine. Called on the thread that will own it."""
        return cls()

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """Returns why this engine cannot run here, with the step that installs it; None if it
        can. Must be cheap: it is called before anything is loaded."""
        return None

    @classmethod
    def instances(cls, setup: Setup) -> int:
        """Returns how many of it are worth loading at once, each on a thread of its own: more than
        one where one leaves cores idle and several can share a process."""
        return 1

    @classmethod
    @abstractmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        """Returns the voices that it has of its own, its default first. Cheap, like `missing`."""

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        """Returns the files of a model that somebody has, the main one first. `file` is one of
        them, or the folder that holds them, laid out as the hub's repository.

        Each stands by the path under which it is kept in the model's folder, with `/`
        (``onnx/vocoder.onnx``; `sonca.engines.folders` helps), or by an ending that follows the
        model's name there (``.onnx.json``; it begins with a dot). Raises `InvalidRequest` if they
        cannot be used: no file of any model may end in a traceback.
        """
        raise Unsupported("this engine takes no models from files", field="file")

    @classmethod
    def after_install(
        cls, folder: Path, models_dir: Path, facts: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        """Does what a model needs once, when its files have come into `folder`.

        `facts` is what is known of a voice: ``name``, ``gender``, ``region``. `say` is told what
        is being done, for people.
        """

    @abstractmethod
    def voice(self, key: str) -> VoiceState:
        """Returns the state of one of its own voices, by `Voice.id`. `KeyError` if it has no such
        voice.

        Called on the engine's thread if `voice_ready` is true, or on the second one.
        """

    def voice_ready(self, key: str) -> bool:
        """Returns whether `voice` returns at once. If not, it is called on the second thread, so
        that nobody else's sound waits for it."""
        return True

    def condition(self, reference: Reference) -> VoiceState:
        """Makes a voice from a recording. Callers cache it by `reference.content_hash`.

        Called on the second thread, one call at a time, while the session steps: it must touch
        nothing that a step does.
        """
        raise cannot_clone(self.info.name)

    @abstractmethod
    def level_lufs(self, voice: VoiceState) -> float:
        """Returns how loud the engine speaks in a voice by itself, in LUFS; -inf if that is not
        known, and the voice is to stay as it is.

        The worker brings all voices to one level by it, so engines never do. The value is that of
        `sonca.loudness.loudness` over a sentence or two: kept with the voice, or measured here.
        Called on the second thread after `voice` or `condition`, again if `voice_ready` was false
        meanwhile, and only if there is a level to bring it to.
        """

    def synthesize(
        self, utterance: Utterance, voice: VoiceState, options: Options
    ) -> Iterator[AudioChunk]:
        """Speaks one utterance, chunk by chunk. For engines without a session of their own."""
        raise NotImplementedError

    def session(self) -> Session:
        """Returns the running batch. Asked for again only when the one before is no longer used."""
        return GeneratorSession(self)

    def close(self) -> None:
        """Frees what the engine holds. Nothing is called after it."""


class GeneratorSession(Session):
    """Up to `EngineInfo.slots` utterances over `Engine.synthesize`; a step is one more chunk of
    each."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._slots = engine.info.slots
        self._running: dict[int, Iterator[AudioChunk]] = {}

    @property
    def free_slots(self) -> int:
        return self._slots - len(self._running)

    @property
    def idle(self) -> bool:
        return not self._running

    def add(self, id: int, utterance: Utterance, voice: VoiceState, options: Options) -> None:
        if self.free_slots <= 0:
            raise RuntimeError("no free slot")
        self._running[id] = self._engine.synthesize(utterance, voice, options)

    def step(self, emit: Emit) -> None:
        for id, chunks in list(self._running.items()):
            if self._running.get(id) is not chunks:  # cancelled by an earlier event of this step
                continue
            try:
                chunk = next(chunks, None)
            except Exception as error:
                del self._running[id]
                emit(Failed(id, error))
                continue
            if chunk is None:
                del self._running[id]
                emit(Finished(id))
            else:
                emit(Audio(id, chunk))

    def cancel(self, id: int) -> None:
        self._running.pop(id, None)

    def promote(self, id: int) -> bool:
        return True  # every step serves all alike
