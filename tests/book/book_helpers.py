"""What the tests of books share: a story, small builds, sound read back from files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from sonca.audio import Samples
from sonca.book.build import Build, BuildReport
from sonca.book.cast import Cast, propose_cast
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.synthesizer import Sonca

STORY = Path(__file__).parent / "data" / "story_vi.txt"

SHORT = """Chương 1: Sáng

Trời sáng dần trên sông. Ông Thoại ngồi ở mũi thuyền.

- Cháu đi đâu? - Ông Thoại hỏi.

- Cháu về nhà, ông ạ. - Quyên đáp.

Chương 2: Chiều

Gió thổi từ núi xuống. Nước lên rất nhanh.

***

Quyên nói:

- Về thôi!
"""


@dataclass(frozen=True)
class Sound:
    """A file as a player sees it."""

    samples: Samples
    rate_hz: int
    tags: dict[str, str]
    marks: list[tuple[str, float, float]]
    """Title, start and end in seconds."""
    pictures: int


def listen(path: Path) -> Sound:
    with av.open(str(path)) as container:
        marks = [
            (
                c["metadata"]["title"],
                float(c["start"] * c["time_base"]),
                float(c["end"] * c["time_base"]),
            )
            for c in container.chapters()
        ]
        rate_hz = container.streams.audio[0].rate
        tags = dict(container.metadata)
        pictures = len(container.streams.video)
        parts = [f.to_ndarray().reshape(-1) for f in container.decode(audio=0)]
    return Sound(np.concatenate(parts).astype(np.float32), rate_hz, tags, marks, pictures)


def write_book(folder: Path, text: str = SHORT, name: str = "truyen.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def build(
    sonca: Sonca, path: Path, output: Path, *, cast: Cast | None = None, **target: Any
) -> BuildReport:
    book = read_book(path)
    chosen = cast or propose_cast(book, sonca.catalogue.of(sonca.default_engine))
    return Build(book, Target(output, source=path, **target), sonca, chosen).run()


def mapping(path: Path) -> dict[str, Any]:
    """The JSON beside an m4b."""
    value: dict[str, Any] = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    return value


def level(sound: Sound, start_s: float, end_s: float) -> float:
    """The loudest sample between two moments."""
    piece = sound.samples[round(start_s * sound.rate_hz) : round(end_s * sound.rate_hz)]
    return float(np.abs(piece).max()) if len(piece) else 0.0
