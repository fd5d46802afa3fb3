"""``python -m benchmarks.field``: large files as the field leaves them, from plan to m4b and epub.

Each is made, planned (seconds per million characters), built, and listened to by program: what must
be heard is in the spoken text in its order, what must not is not; every caption lies where there
is sound, and pauses where there is none.
"""

from __future__ import annotations

import itertools
import json as jsons
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from benchmarks.field.makers import MAKERS, Made
from benchmarks.options import Engine, Json, run_command, say
from sonca.bench.report import show
from sonca.bench.stats import machine
from sonca.book.build import Build
from sonca.book.cast import Role, one_voice
from sonca.book.model import Book
from sonca.book.output import Target
from sonca.book.preview import preview
from sonca.book.sources import read_book
from sonca.book.spoken import spoken_chapters
from sonca.engines.base import Setup
from sonca.synthesizer import Sonca

_LOUD = 0.01
"""Share of full scale that is sound."""


def run(engine: str, only: list[str]) -> dict[str, object]:
    """Measures and returns the whole result, ready for JSON."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch, Sonca(engine, setup=Setup(None)) as sonca:
        sonca.load().loaded.result()
        for name in only or list(MAKERS):
            say(f"{name}: made")
            folder = Path(scratch) / name
            folder.mkdir()
            made = MAKERS[name](folder)
            found[name] = _measured(made, sonca, folder)
            say(f"{name}: {found[name]}")
    return {"benchmark": "field", "engine": engine, "machine": machine(), **found}


def _measured(made: Made, sonca: Sonca, folder: Path) -> dict[str, object]:
    started = time.process_time()
    book = read_book(made.path)
    preview(book)
    plan_s = time.process_time() - started
    report = _spoken(made, book)
    report |= {
        "megabytes": round(book.chars / 1e6, 3),
        "plan_s_per_mb": round(plan_s / (book.chars / 1e6), 2),
        "mended": len(book.mended),
    }
    for format in ("m4b", "epub"):
        started = time.perf_counter()
        path = folder / f"out.{format}"
        built = Build(book, Target(path, format), sonca, one_voice(Role())).run()
        report[f"{format}_build_s"] = round(time.perf_counter() - started, 1)
        report[f"{format}_mib"] = round(path.stat().st_size / 1024**2, 1)
        report["sound_s"] = round(built.duration_s, 1)
        report["problems"] = len(built.problems)
    return report | _heard(folder / "out.m4b")


def _spoken(made: Made, book: Book) -> dict[str, object]:
    text = " ".join(line.spoken for lines in spoken_chapters(book) for line in lines).lower()
    at, missing = 0, []
    for words in made.said:
        place = text.find(words, at)
        missing += [words] if place < 0 else []
        at = max(at, place)
    return {
        "chapters": len(book.chapters),
        "chapters_wanted": made.chapters,
        "missing": missing,
        "heard_wrongly": [words for words in made.never if words in text],
    }


def _heard(m4b: Path) -> dict[str, object]:
    """Compares captions with the sound: their loudest tenth of a second, and that of the gaps."""
    import av

    blocks = []
    with av.open(str(m4b)) as file:
        rate = file.streams.audio[0].rate
        size = rate // 10
        rest = np.zeros(0, np.float32)
        for frame in file.decode(audio=0):
            rest = np.concatenate((rest, frame.to_ndarray().reshape(-1)))
            whole = len(rest) // size * size
            if whole:
                blocks.append(np.abs(rest[:whole].reshape(-1, size)).max(axis=1))
                rest = rest[whole:]
    loud = np.concatenate(blocks) > _LOUD
    told = jsons.loads(m4b.with_suffix(".json").read_text("utf-8"))
    cues = [(span["start_s"], span["end_s"]) for span in told["spans"]]
    silent = sum(not loud[int(a * 10) : int(b * 10) + 1].any() for a, b in cues)
    gaps = [(b, c) for (_, b), (c, _) in itertools.pairwise(cues) if c - b > 0.3]
    noisy = sum(loud[int(a * 10) + 2 : int(b * 10) - 1].any() for a, b in gaps)
    return {
        "captions": len(cues),
        "captions_without_sound": silent,
        "pauses": len(gaps),
        "pauses_with_sound": int(noisy),
    }


def main(
    engine: Engine = "espeak",
    json: Json = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(MAKERS)}; repeat for several.")
    ] = None,
) -> None:
    """Large files with the faults of their kind, from plan to m4b and read-along EPUB."""
    show(run(engine, only or []), json)


if __name__ == "__main__":
    run_command(main)
