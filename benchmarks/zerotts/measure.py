"""ZeroTTS here and in its own package on one model: cost, first sound, four callers, memory.

    python -m benchmarks.zerotts.measure FOLDER --json benchmarks/results/zerotts.json

FOLDER is a models folder with a model under ``zerotts/``; `random_model` writes one of the
published sizes. The Python has zerotts and can import Sonca. Everything runs on one thread, the two
in turns, and the median of the rounds counts.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from importlib import import_module, metadata
from json import dumps
from pathlib import Path
from typing import Any

import numpy as np

from sonca.engines.base import Audio, Event, Finished, Options, Setup
from sonca.engines.zerotts import ZeroTTSEngine, prepare
from sonca.engines.zerotts.model_folder import find_model
from sonca.utterance import Utterance

TEXTS = (
    "Chiều hôm đó trời nổi gió.",
    "Bà đứng ở hiên nhà một mình.",
    "Hôm nay chợ đông từ rất sớm.",
    "Anh đọc rồi trả lời em nhé.",
)


class Run:
    """What one way of speaking took."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        self.first_s: float | None = None
        self.sound_s = 0.0

    def hear(self, samples: Any) -> None:
        if self.first_s is None:
            self.first_s = time.perf_counter() - self.wall
        self.sound_s += samples.shape[-1] / 48_000

    def end(self) -> dict[str, float]:
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return {
            "cpu_s_per_s": cpu / self.sound_s,
            "first_s": self.first_s or 0.0,
            "sound_per_wall_s": self.sound_s / wall,
        }


def ours(engine: ZeroTTSEngine, texts: tuple[str, ...], seed: int) -> dict[str, float]:
    """All texts at once in one session."""
    session, run = engine.session(), Run()

    def hear(event: Event) -> None:
        if isinstance(event, Audio):
            run.hear(event.chunk.samples)
        else:
            assert isinstance(event, Finished)

    for id, text in enumerate(texts):
        said = Utterance((0, len(text)), text, text, 0.0)
        session.add(id, said, engine.voice("maichi"), Options(seed=seed))
    while not session.idle:
        session.step(hear)
    return run.end()


def theirs(package: Any, texts: tuple[str, ...], seed: int) -> dict[str, float]:
    """One text after the other, as the package does."""
    np.random.seed(seed)
    run = Run()
    for text in texts:
        for piece in package.synthesize_stream(text, voice="maichi"):
            run.hear(piece)
    return run.end()


def compared(ways: dict[str, Callable[[int], dict[str, float]]], rounds: int) -> dict[str, Any]:
    """Returns the medians of each way, which take turns."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for turn in range(rounds):
        for name, way in ways.items():
            found[name].append(way(turn))
    return {
        name: {key: round(statistics.median(m[key] for m in made), 4) for key in made[0]}
        for name, made in found.items()
    }


def engines(models: Path) -> tuple[dict[str, ZeroTTSEngine], dict[str, Any]]:
    """Returns the engine with eight bits and with float32, and how long each took to load.

    The bar of the proof is left out: random weights draw otherwise more often than trained ones.
    The graph that draws several frames at once is there for int8 only.
    """
    folder = find_model(models)
    assert folder is not None
    prepare.LEAST_ALIKE = 0.0
    if prepare.together_of(folder, prepare.int8_of(folder)) is None:
        prepare.prepare(folder, lambda _: None)
    loaded, facts = {}, dict[str, Any]()
    for name in ("int8", "float32"):
        if name == "float32":
            shutil.move(folder / "int8", folder / "unused")
        start, before = time.perf_counter(), resident()
        loaded[name] = ZeroTTSEngine(Setup(models_dir=models, threads=1))
        engine = loaded[name]
        facts[f"ready_{name}_s"] = round(time.perf_counter() - start, 2)
        facts[f"memory_{name}_mb"] = round(resident() - before)
        if engine._model._together is not None:  # what several callers would have it load
            engine._model._together.load()
            facts[f"memory_{name}_together_mb"] = round(resident() - before)
    shutil.move(folder / "unused", folder / "int8")
    return loaded, facts


def resident() -> float:
    """Returns the process's memory in MB."""
    text = Path("/proc/self/status").read_text("utf-8")
    line = next(row for row in text.splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def main(models: Path, rounds: int = 3, json: Path | None = None) -> None:
    """Measures, prints and writes."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    folder = find_model(models)
    loaded, facts = engines(models)
    package = import_module("zerotts").ZeroTTS(folder, intra_op_num_threads=1, warmup=False)

    def ways(texts: tuple[str, ...]) -> dict[str, Callable[[int], dict[str, float]]]:
        return {
            "sonca": lambda n: ours(loaded["int8"], texts, n),
            "sonca_float32": lambda n: ours(loaded["float32"], texts, n),
            "zerotts": lambda n: theirs(package, texts, n),
        }

    compared(ways(("Xin chào các bạn.",)), 1)  # warms up
    result = {
        "versions": {name: metadata.version(name) for name in ("zerotts", "onnxruntime")},
        "threads": 1,
        "rounds": rounds,
        **facts,
        "alone": compared(ways(TEXTS[:1]), rounds),
        "four": compared(ways(TEXTS), rounds),
    }
    text = dumps(result, indent=1)
    sys.stdout.write(text + "\n")
    if json:
        json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    import typer

    typer.run(main)
