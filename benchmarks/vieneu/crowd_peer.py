"""VieNeu with several callers: ``crowd_peer.py sonca|vieneu MODEL_FOLDER THREADS``.

A question has ``texts`` and how many of them are worked on ``together``. The vieneu package answers
one after the other, whatever is asked: its server does so on a CPU.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), sys.argv[3]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.answers import answer_lines, peak_mib

Speak = Callable[[list[str], int], list[tuple[float, float]]]
"""Texts, and how many together -> for each the seconds to its first sound, and of its sound."""


def load_sonca(model: str, threads: int) -> Speak:
    from sonca.engines.base import Audio, Event, Finished, Options, Setup
    from sonca.engines.vieneu.engine import VieneuEngine
    from sonca.testing import utterance

    setup = Setup(Path(model).parents[1], threads=threads)
    engine = VieneuEngine.create(setup)
    assert engine.info.slots > 1, "no batch"
    session = engine.session()
    voice = engine.voice(engine.voices(setup)[0].id)

    def speak(texts: list[str], together: int) -> list[tuple[float, float]]:
        begun, first = dict[int, float](), dict[int, float]()
        audio = dict.fromkeys(range(len(texts)), 0.0)
        left = list(enumerate(texts))
        working = set[int]()

        def emit(event: Event) -> None:
            if isinstance(event, Audio):
                first.setdefault(event.id, time.perf_counter() - begun[event.id])
                audio[event.id] += event.chunk.duration_s
            else:
                assert isinstance(event, Finished), event
                working.remove(event.id)

        while left or working:
            while left and len(working) < together:
                id, text = left.pop(0)
                begun[id] = time.perf_counter()
                session.add(id, utterance(text), voice, Options(seed=id))
                working.add(id)
            session.step(emit)
        return [(first[id], audio[id]) for id in range(len(texts))]

    return speak


def load_vieneu(model: str, threads: int) -> Speak:
    from benchmarks.vieneu.upstream_peer import load

    one = load(model, threads)

    def speak(texts: list[str], together: int) -> list[tuple[float, float]]:
        started, heard = time.perf_counter(), list[tuple[float, float]]()
        for text in texts:
            began = time.perf_counter() if together == 1 else started
            pieces = list[tuple[float, float]]()

            def hear(seconds: float, pieces: Any = pieces, began: float = began) -> None:
                pieces.append((time.perf_counter() - began, seconds))

            one(text, hear)
            heard.append((pieces[0][0], sum(seconds for _, seconds in pieces)))
        return heard

    return speak


def main() -> None:
    speak = {"sonca": load_sonca, "vieneu": load_vieneu}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))

    def answer(question: dict[str, Any]) -> dict[str, Any]:
        started, worked = time.perf_counter(), time.process_time()
        heard = speak(question["texts"], question["together"])
        return {
            "cpu_s": time.process_time() - worked,
            "wall_s": time.perf_counter() - started,
            "first_s": [first for first, _ in heard],
            "audio_s": sum(audio for _, audio in heard),
            "peak_mib": peak_mib(),
        }

    answer_lines(lambda: ({"ready": True}, answer))


if __name__ == "__main__":
    main()
