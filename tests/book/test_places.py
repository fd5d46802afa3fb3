"""Books beside callers: a build uses the places that are for books, and no others."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sonca.audio import AudioChunk
from sonca.book.build.build import MAX_IN_FLIGHT, Build
from sonca.book.cast import Role, one_voice
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.engines import tone
from sonca.engines.base import Engine, Options, Setup
from sonca.errors import Cancelled
from sonca.synthesizer import Sonca, SpeechRequest
from sonca.utterance import Utterance
from tests.book.book_helpers import write_book
from tests.worker.test_worker import eventually

WIDE = 33
"""Slots of Piper on a machine with 32 cores."""


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tone engine of many slots that takes a little time, so that there is a line."""
    speak = tone.ToneEngine.synthesize

    def slow(
        self: tone.ToneEngine, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        for chunk in speak(self, utterance, voice, options):
            time.sleep(0.001)
            yield chunk

    def wide(cls: type[tone.ToneEngine], setup: Setup) -> Engine:
        return cls(slots=WIDE)

    monkeypatch.setattr(tone.ToneEngine, "synthesize", slow)
    monkeypatch.setattr(tone.ToneEngine, "create", classmethod(wide))


def book_of(folder: Path, number: int, sonca: Sonca) -> Build:
    paragraphs = (
        f"Quyển {number}, đoạn {n}, trời {'nắng ' * (n % 7)} và gió thổi mãi." for n in range(600)
    )
    path = write_book(folder, "\n\n".join(paragraphs), f"{number}.txt")
    target = Target(folder / f"{number}", "mp3", True, path, folder / f"work-{number}")
    return Build(read_book(path), target, sonca, one_voice(Role()))


@pytest.mark.slow
@pytest.mark.parametrize("limit", [8, 64])
def test_callers_are_served_while_two_books_are_built(tmp_path: Path, limit: int) -> None:
    with Sonca("tone", queue_limit=limit) as sonca:
        builds = [book_of(tmp_path, number, sonca) for number in range(2)]
        threads = [threading.Thread(target=run, args=(build,)) for build in builds]
        for thread in threads:
            thread.start()
        worker = sonca.load()
        eventually(lambda: worker.stats.depth["bulk"] == limit // 2)
        for n in range(10):
            with sonca.submit(SpeechRequest(f"Xin chào {n}.")) as speech:
                assert sum(len(chunk.samples) for chunk in speech)
        assert worker.stats.depth["bulk"] <= limit // 2
        for build in builds:
            build.stop()
        for thread in threads:
            thread.join(60)


def run(build: Build) -> None:
    with pytest.raises(Cancelled):
        build.run()


@pytest.mark.parametrize(
    ("limit", "in_flight"), [(4, 2), (20, 10), (64, MAX_IN_FLIGHT), (1000, MAX_IN_FLIGHT)]
)
def test_a_build_asks_how_many_places_it_has(tmp_path: Path, limit: int, in_flight: int) -> None:
    with Sonca("tone", queue_limit=limit) as sonca:
        assert book_of(tmp_path, 0, sonca)._in_flight() == in_flight
