"""One of those who are compared: ``peer.py NAME MODELS THREADS``; the names are in `LOADERS`.

MODELS is a models folder with a model in ``kokoro/kokoro-82m`` and its voices in ``voices.npz``
there. Answers texts with seconds to the first sound and to the last, of processor time and of
sound, and peak memory. Several texts are callers who come at once; the package speaks them one
after the other.
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

Speak = Callable[[list[str], Heard], None]
VOICE = "af_voice"


def load_sonca(models: Path, threads: int, *, exact: bool = False) -> Speak:
    """Returns the engine, loaded; its session, without a worker."""
    from sonca.engines.base import Audio, Options, Setup
    from sonca.engines.kokoro.engine import KokoroEngine
    from sonca.testing import utterance

    engine = KokoroEngine(Setup(models, threads=threads, exact=exact))
    voice = engine.voice(VOICE.replace("_", "-"))
    session = engine.session()

    def speak(texts: list[str], heard: Heard) -> None:
        for number, text in enumerate(texts):
            session.add(number, utterance(text), voice, Options())
        while not session.idle:
            session.step(lambda e: heard(e.chunk.duration_s) if isinstance(e, Audio) else None)

    return speak


def load_kokoro_onnx(models: Path, threads: int) -> Speak:
    """Returns kokoro-onnx, loaded. Its session has ONNX Runtime's defaults but for the threads."""
    package: Any = import_module("kokoro_onnx")
    runtime: Any = import_module("onnxruntime")
    folder = models / "kokoro" / "kokoro-82m"
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    session = runtime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    kokoro = package.Kokoro.from_session(session, str(folder / "voices.npz"))

    def speak(texts: list[str], heard: Heard) -> None:
        for text in texts:
            heard(len(kokoro.create(text, VOICE)[0]) / 24_000)

    return speak


LOADERS: dict[str, Callable[[Path, int], Speak]] = {
    "sonca": load_sonca,
    "sonca_exact": partial(load_sonca, exact=True),
    "kokoro_onnx": load_kokoro_onnx,
}


def main() -> None:
    """Loads and answers."""
    name, models, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

    def load() -> tuple[dict[str, Any], Callable[[Any], dict[str, Any]]]:
        began, worked = time.perf_counter(), time.process_time()
        speak = LOADERS[name](models, threads)
        first = {
            "ready_s": time.perf_counter() - began,
            "ready_cpu_s": time.process_time() - worked,
        }

        def answer(asked: Any) -> dict[str, Any]:
            return timed(lambda heard: speak(asked, heard))

        return first, answer

    answer_lines(load)


if __name__ == "__main__":
    main()
