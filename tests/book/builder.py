"""Builds a book in a process of its own, to be killed: arguments are the book, the output and the
seconds that every word takes. Prints how many utterances this process has made."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sonca.audio import AudioChunk
from sonca.book.build import Build
from sonca.book.cast import sheet
from sonca.book.sources import read_book
from sonca.book.target import Target
from sonca.engines import tone
from sonca.engines.base import Options
from sonca.synthesizer import Sonca
from sonca.utterance import Utterance


def slowed(word_s: float) -> None:
    """Make the tone engine take `word_s` seconds a word."""
    speak = tone.ToneEngine.synthesize

    def slow(
        self: tone.ToneEngine, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        for chunk in speak(self, utterance, voice, options):
            time.sleep(word_s)
            yield chunk

    tone.ToneEngine.synthesize = slow  # type: ignore[method-assign]


def main(book_path: str, output: str, word_s: str) -> None:
    slowed(float(word_s))
    book = read_book(Path(book_path))
    with Sonca("tone") as sonca:
        cast = sheet.propose_cast(book, sonca.catalogue.of("tone"))
        target = Target(Path(output), force=True, source=Path(book_path))
        report = Build(book, target, sonca, cast).run()
    print(report.utterances, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
