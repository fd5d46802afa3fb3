"""Builds a book: speaks what is missing, encodes chapters while they are spoken, joins them.

Several requests are in flight, so that an engine's batch is full; sentences are on the disk as
soon as they are made; encoders follow them there. Killed at any moment, the same build goes on
where it was. Knows no command line and no HTTP.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from sonca import disk
from sonca.book.build.build_dir import BuildDir
from sonca.book.build.chapter_sound import CEILING, ChapterSound, speaking_order
from sonca.book.build.journal import ChapterLog, UtteranceRecord
from sonca.book.build.log_flusher import LogFlusher
from sonca.book.build.original import read_original
from sonca.book.build.progress import BuildReport, Progress, ProgressReporter
from sonca.book.build.run_speaker import RunSpeaker
from sonca.book.build.script import Script, make_script
from sonca.book.cast import Cast, Role
from sonca.book.model import Book
from sonca.book.output.own_pages import Original
from sonca.book.output.publish import publish, recover_interrupted_publish
from sonca.book.output.target import Target
from sonca.book.output.timeline import ChapterArtifact
from sonca.cores import cores
from sonca.encoding.m4b import ChapterEncoder
from sonca.errors import Cancelled, NothingToSay, SoncaError
from sonca.synthesizer import Sonca, SpeechRequest
from sonca.text import Lexicon
from sonca.utterance import Priority
from sonca.voice import Voice

MAX_IN_FLIGHT = 32
"""As many as an engine takes for books by default."""
MAX_ENCODERS = 4
CHAPTERS_AHEAD = 4
"""Chapters that are begun and not yet encoded: bounds the disk that their sound takes. No less
than `MAX_ENCODERS`."""


@dataclass(frozen=True, slots=True)
class _OpenChapter:
    script: Script
    path: Path
    """Where its sound goes."""
    log: ChapterLog


class Build:
    """A build of a book. `run` does it; `stop`, from any thread, ends it early."""

    def __init__(
        self,
        book: Book,
        target: Target,
        sonca: Sonca,
        cast: Cast,
        *,
        lexicon: Lexicon | None = None,
        verify: bool = False,
        on_progress: Callable[[Progress], None] = lambda *_: None,
        on_chapter: Callable[[int, Path, float], None] = lambda *_: None,
    ) -> None:
        """Raises what can be known now: `UnknownVoice`, `InvalidRequest` for an output that
        cannot be.

        `lexicon` holds the book's own readings. With `verify`, every sentence is listened to, and
        made again where it went wrong. Every voice is brought to the level of `sonca`.

        `on_progress` is told some twenty times a second, `on_chapter` of every chapter whose
        file is complete, with its length; both from the build's own threads, one at a time.
        """
        self._book = book
        self._target = target
        self._sonca = sonca
        self._cast = cast
        self._lexicon = lexicon
        self._verify = verify
        self._on_chapter = on_chapter
        self._roles, self._voices = self._resolved()
        if verify:  # whether they can be heard is known now and not in the night
            for voice in self._voices.values():
                sonca.listener(voice.language)
        self._target = self._told_of(target)
        self._stop = threading.Event()
        self._failing = threading.Lock()
        self._error: BaseException | None = None
        self._reporter = ProgressReporter(on_progress, len(book.chapters), book.chars)
        self._dir = BuildDir(target.build_dir, target.chapter_suffix)
        self._rate_hz = 0
        self._made: dict[int, ChapterArtifact] = {}

    def _resolved(self) -> tuple[dict[str, Role], dict[str, Voice]]:
        """Returns the roles with the ids of voices that exist, and those voices by id."""
        roles: dict[str, Role] = {}
        voices: dict[str, Voice] = {}
        for speaker, role in self._cast.roles().items():
            voice = self._sonca.resolve(role.voice).voice
            roles[speaker] = replace(role, voice=voice.id)
            voices[voice.id] = voice
        return roles, voices

    def _told_of(self, target: Target) -> Target:
        """Returns the target with the narrator's voice as the narrator, where no name was given."""
        if target.about.narrator:
            return target
        voice = self._voices[str(self._roles[""].voice)]
        return replace(target, about=replace(target.about, narrator=f"{voice.name} (Sonca)"))

    def stop(self) -> None:
        """Ends `run` with `Cancelled` within a sentence. What is made stays for the next time."""
        self._stop.set()

    def run(self) -> BuildReport:
        """Builds the book. Raises `Cancelled`, `StorageFull`, `EngineError` and the like; what is
        made by then stays, and the same build goes on from there."""
        reporter, build_dir = self._reporter, self._dir
        reporter.start()
        recover_interrupted_publish(self._target)
        self._target.check()
        build_dir.open()
        busy = f"{self._target.path} is being built by another process; wait for it"
        with disk.locked(build_dir.path / ".lock", busy=busy):
            build_dir.note({"title": self._book.title, "output": str(self._target.path)})
            self._rate_hz, extra = self._engines()
            chapters = self._make_all(extra)
            build_dir.sweep(chapters)
            last = len(self._book.chapters) - 1
            reporter.report(last, self._book.chapters[last].title, phase="joining")
            original = self._original()
            finished, problems = publish(self._book, self._target, chapters, original)
            build_dir.remove()
        return BuildReport(
            self._target.path,
            tuple(finished),
            tuple(problems),
            reporter.reused,
            reporter.utterances,
            reporter.elapsed_s,
            self._recipes(),
        )

    def _recipes(self) -> dict[str, str]:
        """Says how each speaker of the cast is made."""
        return {
            speaker: self._sonca.recipe(
                SpeechRequest(
                    "", role.voice, speed=role.speed, pitch=role.pitch, lexicon=self._lexicon
                )
            ).header()
            for speaker, role in self._roles.items()
        }

    def _original(self) -> Original | None:
        """Returns the book's own pages, where a read-along EPUB is made of an EPUB."""
        source = self._target.source
        return read_original(source) if source and self._target.format == "epub" else None

    def _engines(self) -> tuple[int, list[object]]:
        """Loads every engine of the cast. Returns the book's rate in Hz, and what decides how its
        words are spoken."""
        extra: list[object] = [self._target.format]
        words = self._sonca.reading_for(SpeechRequest("", lexicon=self._lexicon)).lexicon
        if words is not None:
            extra.append([repr(entry) for entry in words.entries])
        for voice in sorted(self._voices.values(), key=lambda v: v.id):
            info = self._sonca.info(voice.engine)
            extra.append([voice.id, voice.id, voice.version])  # as ever: what was begun goes on
            extra.append([info.name, info.version, info.sample_rate_hz])
        narrator = self._voices[str(self._roles[""].voice)]
        rate_hz = self._sonca.info(narrator.engine).sample_rate_hz
        return rate_hz, [*extra, rate_hz]

    def _in_flight(self) -> int:
        """Returns how many runs are to be spoken at once."""
        engines = {voice.engine for voice in self._voices.values()}
        workers = [self._sonca.load(name) for name in engines]
        slots = sum(worker.slots for worker in workers)
        places = sum(worker.places(Priority.BATCH) for worker in workers)
        # Some end at the same step, and no place should wait for what follows; but the more are
        # in flight, the further the encoder falls behind.
        return min(MAX_IN_FLIGHT, slots + slots // 2 + 2, places)

    # Making chapters

    def _make_all(self, extra: list[object]) -> list[ChapterArtifact]:
        """Makes the file of every chapter that has any sound."""
        count = self._in_flight()
        waiting = threading.Semaphore(count + 2)
        ahead = threading.Semaphore(CHAPTERS_AHEAD)
        with (
            closing(LogFlusher()) as flusher,
            ThreadPoolExecutor(count, "sonca-book") as speakers,
            ThreadPoolExecutor(min(MAX_ENCODERS, cores()), "sonca-book-encoder") as encoders,
        ):
            try:
                for script in self._scripts():
                    digest = script.digest(*extra, self._sonca.loudness_lufs, CEILING)
                    path = self._dir.sound_path(script.index, digest)
                    if self._found(script, path):
                        continue
                    self._take(ahead)
                    # What is spoken does not know the level: another one needs no new words.
                    spoken = self._dir.log_path(script.index, script.digest(*extra))
                    chapter = _OpenChapter(script, path, self._open_log(spoken, flusher))
                    encoders.submit(self._encode, chapter, flusher, ahead)
                    for index in speaking_order(script):
                        if index not in chapter.log.ended:
                            self._take(waiting)
                            speakers.submit(self._speak, chapter, index, waiting)
                speakers.shutdown()
                encoders.shutdown()
            except BaseException as error:  # an interrupt among them: the threads must hear of it
                self._fail(error)
        self._check()
        if not self._made:
            raise NothingToSay("nothing in the book can be spoken", field="file")
        return [self._made[index] for index in sorted(self._made)]

    def _scripts(self) -> Iterator[Script]:
        for index, chapter in enumerate(self._book.chapters):
            script = make_script(index, chapter, self._roles, self._cast.lines_of(index))
            if script.runs:
                yield script

    def _found(self, script: Script, path: Path) -> bool:
        """Reports the chapter if it is complete already; returns whether it is."""
        artifact = ChapterArtifact.find(script.index, path)
        if artifact is None:
            return False
        self._reporter.count_found(script.chars, chapter=True)
        self._chapter_done(script, artifact)
        return True

    def _open_log(self, path: Path, flusher: LogFlusher) -> ChapterLog:
        log = ChapterLog(path)
        flusher.add(log)
        spans = [record.span for own in log.records.values() for record in own]
        self._reporter.count_found(sum(end - start for start, end in spans))
        return log

    def _speak(self, chapter: _OpenChapter, index: int, waiting: threading.Semaphore) -> None:
        """Speaks one run, on a thread of the pool."""
        script = chapter.script
        run = script.runs[index]

        def on_record(record: UtteranceRecord, samples: int) -> None:
            sentence = run.text[slice(*record.span)]
            audio_s = samples / record.sample_rate_hz if record.sample_rate_hz else 0.0
            self._reporter.count_utterance(script.index, script.title, sentence, audio_s)

        try:
            if not self._stop.is_set():
                RunSpeaker(
                    self._sonca,
                    index,
                    run,
                    chapter.log,
                    self._stop,
                    on_record,
                    self._lexicon,
                    verify=self._verify,
                ).speak()
        except BaseException as error:
            self._fail(error)
        finally:
            waiting.release()

    def _encode(
        self, chapter: _OpenChapter, flusher: LogFlusher, ahead: threading.Semaphore
    ) -> None:
        """Writes the chapter's file while it is spoken, on a thread of the pool. Tries once more if
        something unforeseen happens."""
        try:
            try:
                artifact = self._write(chapter)
            except SoncaError:
                raise
            except Exception:
                artifact = self._write(chapter)
            flusher.remove(chapter.log)
            disk.remove(chapter.log.path)
            self._chapter_done(chapter.script, artifact)
        except BaseException as error:
            self._fail(error)
        finally:
            ahead.release()

    def _write(self, chapter: _OpenChapter) -> ChapterArtifact:
        script, format = chapter.script, self._target.chapter_format
        tags = self._target.tags(self._book, script.index, script.title)
        level = self._sonca.loudness_lufs
        sound = ChapterSound(script, chapter.log, self._rate_hz, level, self._stop)
        with disk.new_files(chapter.path, sole_writer=True) as (draft,):
            with ChapterEncoder(draft, format, self._rate_hz, tags=tags) as encoder:
                for samples in sound:
                    encoder.feed(samples)
                encoder.finish()
            artifact = ChapterArtifact(
                script.index, chapter.path, encoder.packets, sound.duration_s
            )
            artifact.write_timeline(sound.timeline)
        return artifact

    def _chapter_done(self, script: Script, artifact: ChapterArtifact) -> None:
        self._made[script.index] = artifact

        def tell() -> None:
            self._on_chapter(script.index, artifact.path, artifact.duration_s)

        self._reporter.chapter_done(script.index, script.title, tell)

    # Ending early

    def _take(self, semaphore: threading.Semaphore) -> None:
        while not semaphore.acquire(timeout=0.1):
            self._check()
        self._check()

    def _check(self) -> None:
        if self._stop.is_set():
            raise self._error or Cancelled("the build was stopped; start it again to go on")

    def _fail(self, error: BaseException) -> None:
        with self._failing:
            first = self._error
            if first is None or (isinstance(first, Cancelled) and not isinstance(error, Cancelled)):
                self._error = error
        self._stop.set()
