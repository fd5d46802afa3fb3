"""One of those who are compared: ``peer.py NAME MODELS THREADS``; the names are in `LOADERS`.

MODELS is a models folder with a model in ``supertonic/full`` and one for single rows in
``supertonic/single``. Answers texts and steps with seconds to the first sound and to the last, of
processor time and of sound, and peak memory. Several texts are callers who come at once; the
packages speak them one after the other.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.answers import answer_lines
from benchmarks.spoken import Heard, timed

Speak = Callable[[list[str], int, Heard], None]


def load_sonca(models: Path, threads: int, *, exact: bool = False) -> Speak:
    """Returns the engine, loaded; its session, without a worker."""
    from sonca.engines.base import Audio, Options, Session, Setup
    from sonca.engines.supertonic import SupertonicEngine
    from sonca.engines.supertonic.session import open_session
    from sonca.testing import utterance

    engine = SupertonicEngine(Setup(models, threads=threads, exact=exact))
    voice = engine.voice("f1")
    sessions: dict[int, Session] = {}

    def speak(texts: list[str], steps: int, heard: Heard) -> None:
        session = sessions.setdefault(steps, open_session(slots=4, threads=threads, steps=steps))
        for number, text in enumerate(texts):
            session.add(number, utterance(text), voice, Options())
        while not session.idle:
            session.step(lambda e: heard(e.chunk.duration_s) if isinstance(e, Audio) else None)

    return speak


def load_korvatts(models: Path, threads: int) -> Speak:
    """Returns korvatts, loaded."""
    package: Any = import_module("korvatts")
    folder = models / "supertonic" / "single"
    tts = package.TTS(folder, device="cpu", num_threads=threads)
    style = tts.get_voice("F1")

    def speak(texts: list[str], steps: int, heard: Heard) -> None:
        for text in texts:
            heard(tts.synthesize(text, voice=style, total_steps=steps, seed=0)[1])

    return speak


def load_supertonic(models: Path, threads: int) -> Speak:
    """Returns supertonic, loaded."""
    package: Any = import_module("supertonic")
    tts = package.TTS(
        model_dir=models / "supertonic" / "full", auto_download=False, intra_op_num_threads=threads
    )
    style = tts.get_voice_style("F1")

    def speak(texts: list[str], steps: int, heard: Heard) -> None:
        for text in texts:
            made = tts.synthesize(text, style, total_steps=steps, lang="vi")
            heard(float(made[1][0]))

    return speak


LOADERS: dict[str, Callable[[Path, int], Speak]] = {
    "sonca": load_sonca,
    "sonca_exact": partial(load_sonca, exact=True),
    "korvatts": load_korvatts,
    "supertonic": load_supertonic,
}


def main() -> None:
    """Loads and answers."""
    name, models, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

    def load() -> tuple[dict[str, Any], Callable[[Any], dict[str, Any]]]:
        began = time.perf_counter()
        speak = LOADERS[name](models, threads)
        ready_s = time.perf_counter() - began

        def answer(asked: Any) -> dict[str, Any]:
            return timed(lambda heard: speak(asked["texts"], asked["steps"], heard))

        return {"ready_s": ready_s}, answer

    answer_lines(load)


if __name__ == "__main__":
    main()
