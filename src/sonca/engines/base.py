"""The contract every engine keeps: `Engine` and `Session`.

An engine turns utterances into sound. It is loaded, driven and closed by one thread, its
worker, so no engine needs a lock; only voices that take long are made ready on a second thread,
while the session steps. A session is the engine's running batch: utterances are
added to free slots, every step moves all of them on, and sound leaves through events as soon
as it exists. Engines that make one utterance at a time implement `Engine.synthesize` and get
a session for free; engines with a batch of their own (VietTTS) override `Engine.session`.

Nothing here knows requests, queues, files or HTTP.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sonca.audio import AudioChunk, Samples
from sonca.errors import EngineError, Unsupported
from sonca.utterance import Priority, Utterance
from sonca.voice import Voice


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What a loaded engine is and what it is truly running on."""

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
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What single engines are told, by the engine's name and the option's; see `options_of`."""

    def options_of(self, engine: str, **types: Callable[[Any], Any]) -> dict[str, Any]:
        """Returns the options that an engine was given, each as what its type makes of it.

        >>> cls(**setup.options_of("mine", beams=int, folder=Path))

        `EngineError` if the engine has no such option, or the value is not of its type.
        """
        given = {}
        for name, value in self.options.get(engine, {}).items():
            try:
                given[name] = types[name](value)
            except KeyError:
                known = ", ".join(types)
                raise EngineError(
                    f"the engine {engine} has no option {name!r}; it has: {known}"
                ) from None
            except (TypeError, ValueError) as error:
                raise EngineError(
                    f"the option {name} of the engine {engine} is {value!r}: {error}"
                ) from error
        return given


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
"""Instances of an engine that computes on one core, unless threads are set. Two make 1.5 times
the sound of one on two cores; more were not measured, and all of them share Python's lock."""


class Session(ABC):
    """A running batch. Everything is called on the engine's own thread."""

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
        """Take an utterance into a free slot. `id` is unique among those in work."""

    @abstractmethod
    def step(self, emit: Emit) -> None:
        """Move every utterance on and emit what became ready, in order for each `id`.

        Events go through `emit` and are not returned, because some engines (espeak) hand out
        sound from inside one long call, and the first of it should not wait for the last.
        `emit` may call `cancel` and `promote`, and from an end also `add` with the same id. It
        never raises. One `Finished` or `Failed` ends each id. An error raised from here, or from
        anything else but `add`, means that the engine itself is broken: it is built anew.
        """

    @abstractmethod
    def cancel(self, id: int) -> None:
        """Forget an utterance: its slot is free and nothing more is emitted. Unknown ids are
        ignored."""

    def promote(self, id: int) -> bool:
        """Go on with an utterance of priority `BATCH` as if it had been added as the `first` of
        a `REALTIME` request: now somebody waits for it. Unknown ids are ignored.

        False if the session cannot: the utterance is then cancelled and added again.
        """
        return False


def cannot_clone(engine: str) -> Unsupported:
    """The error of an engine that is given a reference recording and has no use for it."""
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
        """Load the engine. Called on the thread that will own it."""
        return cls()

    @classmethod
    def missing(cls, setup: Setup) -> str | None:
        """Why this engine cannot run here, with the step that installs it; None if it can.

        Must be cheap: it is asked before anything is loaded.
        """
        return None

    @classmethod
    def instances(cls, setup: Setup) -> int:
        """How many of it are worth having at once, each on a thread of its own. More than one
        only for an engine that leaves cores idle and bears company in one process."""
        return 1

    @classmethod
    @abstractmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        """The voices it has of its own, the first its default. Cheap, like `missing`."""

    @classmethod
    def model_files(cls, file: Path) -> Mapping[str, Path]:
        """Returns the files of a model that somebody has, of which `file` is one: each by the
        ending that follows the model's name in the models folder, the main one first. Raises
        `InvalidRequest` if they cannot be used."""
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
        """The state of one of its own voices. `KeyError` if it has no such voice.

        Called on the engine's thread if `voice_ready` says so, or on the second one.
        """

    def voice_ready(self, key: str) -> bool:
        """Whether `voice` answers at once. If it must load something first, others' sound does
        not wait for it."""
        return True

    def condition(self, reference: Reference) -> VoiceState:
        """Make a voice from a recording. Costly: callers cache by `reference.content_hash`.

        Called on the second thread, one call at a time, while the session steps: it touches
        nothing that a step does.
        """
        raise cannot_clone(self.info.name)

    @abstractmethod
    def level_lufs(self, voice: VoiceState) -> float:
        """Returns how loud the engine speaks in a voice by itself; -inf if that is not known.

        Whoever drives the engine brings all voices to one level by it, so no engine does that
        itself. The value is that of `sonca.loudness.loudness` over a sentence or two: kept with
        the voice, or measured here. Called on the second thread after `voice` or `condition`, once
        for each voice, and only where there is a level to bring it to.
        """

    def synthesize(
        self, utterance: Utterance, voice: VoiceState, options: Options
    ) -> Iterator[AudioChunk]:
        """Speak one utterance, chunk by chunk. For engines without a session of their own."""
        raise NotImplementedError

    def session(self) -> Session:
        """The engine's batch. Called once."""
        return SerialSession(self)

    def close(self) -> None:
        """Free what the engine holds. Nothing is called after it."""


@dataclass(slots=True)
class SerialSession(Session):
    """One utterance at a time over `Engine.synthesize`; a step is one chunk."""

    engine: Engine
    _id: int | None = field(default=None, init=False)
    _chunks: Iterator[AudioChunk] | None = field(default=None, init=False)

    @property
    def free_slots(self) -> int:
        return 1 if self._id is None else 0

    @property
    def idle(self) -> bool:
        return self._id is None

    def add(self, id: int, utterance: Utterance, voice: VoiceState, options: Options) -> None:
        if self._id is not None:
            raise RuntimeError("no free slot")
        self._id = id
        self._chunks = self.engine.synthesize(utterance, voice, options)

    def step(self, emit: Emit) -> None:
        id, chunks = self._id, self._chunks
        if id is None or chunks is None:
            return
        try:
            chunk = next(chunks, None)
        except Exception as error:
            self._id = self._chunks = None
            emit(Failed(id, error))
            return
        if chunk is None:
            self._id = self._chunks = None
            emit(Finished(id))
        else:
            emit(Audio(id, chunk))

    def cancel(self, id: int) -> None:
        if id == self._id:
            self._id = self._chunks = None

    def promote(self, id: int) -> bool:
        return True  # there is nothing that it could go before
