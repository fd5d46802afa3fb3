"""Builds a book: speaks what is missing, encodes chapters as they are complete, joins them.

Several requests are in flight, so that an engine's batch is full; sentences are on the disk as
soon as they are made; chapters are encoded beside the speaking. Killed at any moment, the same
build goes on where it was. Knows no command line and no HTTP.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from sonca.book import output
from sonca.book.assembly import encode_chapter
from sonca.book.cast.sheet import Cast
from sonca.book.journal import ChapterLog, Said, locked
from sonca.book.model import Book
from sonca.book.output import Target
from sonca.book.publishing import Finished, Problem
from sonca.book.script import Role, Script, make_script
from sonca.book.speaking import RunSpeaker
from sonca.book.work import Work
from sonca.encoding.m4b import published
from sonca.errors import Cancelled, NothingToSay, SoncaError
from sonca.synthesizer import Sonca, SpeechRequest
from sonca.text import Lexicon
from sonca.voices import Voice

MAX_IN_FLIGHT = 16
CHAPTERS_AHEAD = 4
"""Chapters that are spoken and not yet encoded: bounds the disk that their sound takes."""
_SYNC_EVERY_S = 0.2
_REPORT_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a build is."""

    phase: str
    """``speaking`` or ``joining``."""
    chapter: int
    """The one that was worked on last, from 0."""
    title: str
    chapters_done: int
    chapters: int
    utterances: int
    """Made by this build; what was there before is not counted."""
    sentence: str
    """The one made last."""
    audio_s: float
    """Sound made by this build."""
    chars_done: int
    chars: int
    elapsed_s: float

    @property
    def speed(self) -> float:
        """Seconds of sound per second."""
        return self.audio_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a build gave."""

    path: Path
    duration_s: float
    chapters: tuple[Finished, ...]
    problems: tuple[Problem, ...]
    reused_chapters: int
    """Complete before this build began."""
    utterances: int
    """Made by this build."""
    elapsed_s: float


@dataclass(slots=True)
class _Chapter:
    script: Script
    digest: str
    log: ChapterLog
    left: int
    """Runs that are not complete."""


@dataclass(slots=True)
class _State:
    """Shared by the threads of a build, under `lock`."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    error: BaseException | None = None
    utterances: int = 0
    audio_s: float = 0.0
    chars_done: int = 0
    chapters_done: int = 0
    reused: int = 0
    reported_at: float = 0.0


def _ignore(*_: object) -> None:
    """For who does not want to be told."""


class Build:
    """One build of one book. `run` does it; `stop`, from any thread, ends it early."""

    def __init__(
        self,
        book: Book,
        target: Target,
        sonca: Sonca,
        cast: Cast,
        *,
        lexicon: Lexicon | None = None,
        on_progress: Callable[[Progress], None] = _ignore,
        on_chapter: Callable[[int, Path, float], None] = _ignore,
    ) -> None:
        """Raises what can be known now: `UnknownVoice`, `InvalidRequest` for an output that
        cannot be.

        `lexicon` holds the book's own readings.

        `on_progress` is told some twenty times a second, `on_chapter` of every chapter whose
        file is complete, with its length; both from the build's own threads, one at a time.
        """
        self._book = book
        self._target = target
        self._sonca = sonca
        self._cast = cast
        self._lexicon = lexicon
        self._on_progress = on_progress
        self._on_chapter = on_chapter
        self._roles, self._voices = self._resolved()
        self._stop = threading.Event()
        self._state = _State()
        self._told = threading.Lock()
        self._open: dict[int, _Chapter] = {}
        self._started = 0.0

    def _resolved(self) -> tuple[dict[str, Role], dict[str, Voice]]:
        """Roles with the ids of voices that exist, and those voices by id."""
        roles: dict[str, Role] = {}
        voices: dict[str, Voice] = {}
        for speaker, role in self._cast.roles().items():
            voice = self._sonca.resolve(role.voice).voice
            roles[speaker] = replace(role, voice=voice.id)
            voices[voice.id] = voice
        return roles, voices

    def stop(self) -> None:
        """End `run` with `Cancelled`, within a sentence. What is made stays for the next time."""
        self._stop.set()

    def run(self) -> Report:
        """Build the book. Raises `Cancelled`, `StorageFull`, `EngineError` and the like; what
        is made by then stays, and the same build goes on from there."""
        self._started = time.monotonic()
        self._target.check()
        work = Work(self._target.work, self._target.chapter_suffix)
        busy = f"{self._target.path} is being built by another process; wait for it"
        with locked(work.folder, busy=busy):
            work.note({"title": self._book.title, "output": str(self._target.path)})
            rate_hz, extra = self._engines()
            digests = self._speak_all(work, rate_hz, extra)
            work.sweep({work.name(*each) for each in digests.items()})
            self._tell(self._book.chapters[-1].title, len(self._book.chapters) - 1, "", "joining")
            finished, problems, duration_s = output.publish(self._book, self._target, work, digests)
            work.remove()
        state = self._state
        return Report(
            *(self._target.path, duration_s, tuple(finished), tuple(problems)),
            *(state.reused, state.utterances, time.monotonic() - self._started),
        )

    def _engines(self) -> tuple[int, list[object]]:
        """Load every engine of the cast: the book's rate in Hz, and what decides the sound."""
        extra: list[object] = [self._target.format]
        words = self._sonca.reading_for(SpeechRequest("", lexicon=self._lexicon)).lexicon
        if words is not None:
            extra.append([repr(entry) for entry in words.entries])
        for voice in sorted(self._voices.values(), key=lambda v: v.id):
            info = self._sonca.load(voice.engine).loaded.result()
            extra.append([voice.id, voice.key, info.name, info.version, info.sample_rate_hz])
        narrator = self._voices[str(self._roles[""].voice)]
        rate_hz = self._sonca.load(narrator.engine).loaded.result().sample_rate_hz
        return rate_hz, [*extra, rate_hz]

    def _in_flight(self) -> int:
        engines = {voice.engine for voice in self._voices.values()}
        slots = [self._sonca.load(e).loaded.result().slots for e in engines]
        # One more than the engine works on, so that there is always a next one.
        return min(MAX_IN_FLIGHT, max(slots) + 1)

    # Speaking

    def _speak_all(self, work: Work, rate_hz: int, extra: list[object]) -> dict[int, str]:
        """Make every chapter's sound; the digest of each that has any, by index."""
        count = self._in_flight()
        digests: dict[int, str] = {}
        slots = threading.Semaphore(count + 2)
        ahead = threading.Semaphore(CHAPTERS_AHEAD)
        syncer = threading.Thread(target=self._sync, name="sonca-book-sync", daemon=True)
        with (
            ThreadPoolExecutor(count, thread_name_prefix="sonca-book") as speakers,
            ThreadPoolExecutor(1, thread_name_prefix="sonca-book-encoder") as encoders,
        ):
            syncer.start()
            try:
                for script in self._scripts():
                    digest = script.digest(*extra)
                    digests[script.index] = digest
                    if self._found(work, script, digest):
                        continue
                    self._take(ahead)
                    chapter = self._begin(work, script, digest)
                    finish = self._finisher(chapter, work, rate_hz, ahead, encoders)
                    missing = [
                        i for i in range(len(script.runs)) if i not in chapter.log.contents.ended
                    ]
                    if not missing:
                        finish()
                    for index in missing:
                        self._take(slots)
                        speakers.submit(self._speak, chapter, index, slots, finish)
                speakers.shutdown()
                encoders.shutdown()
            except BaseException as error:  # an interrupt among them: the threads must hear of it
                self._fail(error)
        self._stop_sync(syncer)
        if self._state.error is not None:
            raise self._state.error
        if not digests:
            raise NothingToSay("nothing in the book can be spoken", field="file")
        return digests

    def _scripts(self) -> Iterator[Script]:
        for index, chapter in enumerate(self._book.chapters):
            script = make_script(index, chapter, self._roles, self._cast.lines_of(index))
            if script.runs:
                yield script

    def _found(self, work: Work, script: Script, digest: str) -> bool:
        """Whether the chapter is complete already."""
        made = work.made(script.index, digest)
        if made is None:
            return False
        with self._state.lock:
            self._state.reused += 1
            self._state.chars_done += script.chars
        self._chapter_done(script, made.path, made.duration_s)
        return True

    def _begin(self, work: Work, script: Script, digest: str) -> _Chapter:
        log = ChapterLog(work.log_path(script.index, digest))
        left = len(script.runs) - len(log.contents.ended)
        chapter = _Chapter(script, digest, log, left)
        with self._state.lock:
            self._open[script.index] = chapter
            self._state.chars_done += sum(
                entry.said.span[1] - entry.said.span[0]
                for entries in log.contents.entries.values()
                for entry in entries
            )
        return chapter

    def _speak(
        self,
        chapter: _Chapter,
        index: int,
        slots: threading.Semaphore,
        finish: Callable[[], None],
    ) -> None:
        """On a thread of the pool: one run."""
        try:
            if self._stop.is_set():
                return
            own = RunSpeaker(
                self._sonca, self._stop, lambda s, n: self._on_said(chapter, s, n), self._lexicon
            )
            own.speak(index, chapter.script.runs[index], chapter.log)
            with self._state.lock:
                chapter.left -= 1
                done = chapter.left == 0
            if done:
                finish()
        except BaseException as error:
            self._fail(error)
        finally:
            slots.release()

    def _on_said(self, chapter: _Chapter, said: Said, samples: int) -> None:
        state = self._state
        now = time.monotonic()
        with state.lock:
            state.utterances += 1
            state.chars_done += said.span[1] - said.span[0]
            if said.sample_rate_hz:
                state.audio_s += samples / said.sample_rate_hz
            due = now - state.reported_at >= _REPORT_EVERY_S
            if due:
                state.reported_at = now
        if due:
            run = chapter.script.runs[said.run]
            sentence = run.text[slice(*said.span)]
            self._tell(chapter.script.title, chapter.script.index, sentence, "speaking")

    # Encoding

    def _finisher(
        self,
        chapter: _Chapter,
        work: Work,
        rate_hz: int,
        ahead: threading.Semaphore,
        encoders: ThreadPoolExecutor,
    ) -> Callable[[], None]:
        def encode() -> None:
            try:
                self._encode(chapter, work, rate_hz)
            except BaseException as error:
                self._fail(error)
            finally:
                ahead.release()

        return lambda: (encoders.submit(encode), None)[1]

    def _encode(self, chapter: _Chapter, work: Work, rate_hz: int) -> None:
        """The chapter's file, on one more attempt if something unforeseen happens."""
        for attempt in (1, 2):
            if self._stop.is_set():
                return
            try:
                duration_s = self._write(chapter, work, rate_hz)
                break
            except SoncaError:
                raise
            except Exception:
                if attempt == 2:
                    raise
        script = chapter.script
        with self._state.lock:
            self._open.pop(script.index, None)
        chapter.log.close()
        work.forget_log(script.index, chapter.digest)
        self._chapter_done(script, work.sound_path(script.index, chapter.digest), duration_s)

    def _write(self, chapter: _Chapter, work: Work, rate_hz: int) -> float:
        script = chapter.script
        tags = self._target.tags(self._book, script.index, script.title)
        with published(work.sound_path(script.index, chapter.digest)) as temporary:
            line, packets = encode_chapter(
                *(script, chapter.log, temporary),
                *(self._target.chapter_suffix, rate_hz, tags),
            )
            work.keep_line(script.index, chapter.digest, line, packets)
        return line.duration_s

    def _chapter_done(self, script: Script, path: Path, duration_s: float) -> None:
        state = self._state
        with state.lock:
            state.chapters_done += 1
        with self._told:
            self._on_chapter(script.index, path, duration_s)
        self._tell(script.title, script.index, "", "speaking")

    # Around

    def _take(self, semaphore: threading.Semaphore) -> None:
        while not semaphore.acquire(timeout=0.1):
            self._check()
        self._check()

    def _check(self) -> None:
        if self._stop.is_set():
            raise self._state.error or Cancelled("the build was stopped; start it again to go on")

    def _fail(self, error: BaseException) -> None:
        with self._state.lock:
            first = self._state.error
            if first is None or (isinstance(first, Cancelled) and not isinstance(error, Cancelled)):
                self._state.error = error
        self._stop.set()

    def _sync(self) -> None:
        """Bring what is said to the disk all the time, on a thread of its own: a slow engine's
        sentences one by one, a fast one's in groups."""
        while not self._stop.wait(_SYNC_EVERY_S):
            self._sync_once()

    def _sync_once(self) -> None:
        with self._state.lock:
            logs = [chapter.log for chapter in self._open.values()]
        for log in logs:
            with contextlib.suppress(SoncaError, OSError):
                log.sync()

    def _stop_sync(self, syncer: threading.Thread) -> None:
        self._stop.set()
        syncer.join()
        for chapter in self._open.values():
            with contextlib.suppress(SoncaError, OSError):
                chapter.log.sync()
            chapter.log.close()

    def _tell(self, title: str, index: int, sentence: str, phase: str) -> None:
        state = self._state
        with state.lock:
            progress = Progress(
                *(phase, index, title, state.chapters_done, len(self._book.chapters)),
                *(state.utterances, " ".join(sentence.split()), state.audio_s),
                *(state.chars_done, self._book.chars, time.monotonic() - self._started),
            )
        with self._told:
            self._on_progress(progress)
