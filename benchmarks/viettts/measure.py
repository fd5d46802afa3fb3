"""Measures what VietTTS costs: CPU time and wall time for a second of audio, part by part.

Full size, random weights, forced token counts: the cost of the arithmetic does not depend on
what is said. Every case runs in a process of its own, so that threads and memory are its own.
Whoever calls this gives the folders; nothing is read from settings.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from sonca.bench import stats
from sonca.bench.process import memory_mib

T = TypeVar("T")
TEXT = "xin chào các bạn hôm nay trời đẹp quá chúng ta cùng đi chơi nhé."
UPSTREAM_CPU_S = {25: 11.2, 50: 16.0}
"""CPU seconds of upstream for one second of audio on one thread of such a machine, as the
project's brief has them, for sentences of 3.99 s with a prompt of 4 s."""


@dataclass(frozen=True, slots=True)
class Case:
    """One measurement."""

    rate_hz: int
    threads: int
    sentences: int
    seconds: float
    """Of each sentence."""
    streaming: bool = False


@dataclass(slots=True)
class Result:
    """Times are for one second of audio unless they say otherwise."""

    case: Case
    audio_s: float
    cpu_s: float
    wall_s: float
    parts_cpu_s: dict[str, float] = field(default_factory=dict)
    """`llm`, `flow`, `vocoder`."""
    first_audio_wall_s: float = 0.0
    """From adding the sentences to the first sound, not per second of audio."""
    total_wall_s: float = 0.0
    ready_s: float = 0.0
    memory_mb: float = 0.0
    """Peak of what the process holds, mapped files included."""
    anonymous_mb: float = 0.0
    """What of it is not a file's pages, at the end."""
    voice_cpu_s: float = 0.0
    """CPU time to get a voice that is known already."""


class Clock:
    """CPU time by part."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    def watch(self, owner: Any, name: str, part: str, inside: str | None = None) -> None:
        """Counts the time of a method for `part`; what it spends in `inside` is counted there."""
        work: Callable[..., Any] = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            other = self.parts.get(inside, 0.0) if inside else 0.0
            start = time.process_time()
            try:
                return work(*args, **kwargs)
            finally:
                spent = time.process_time() - start
                if inside:
                    spent -= self.parts.get(inside, 0.0) - other
                self.parts[part] = self.parts.get(part, 0.0) + spent

        setattr(owner, name, timed)


def measure(model: Path, case: Case, repeats: int = 1) -> Result:
    """Loads the model, warm up, run the case; the best CPU time of `repeats`."""
    from sonca.engines.viettts.engine import VietTTSEngine

    start = time.perf_counter()
    engine = VietTTSEngine(model, _setup(model, case.threads))
    ready = time.perf_counter() - start
    voice = _voice(engine)
    before = time.process_time()
    _voice(engine)
    known = time.process_time() - before
    _run(engine, replace(case, sentences=1, seconds=1.0), voice)
    result = min((_run(engine, case, voice) for _ in range(repeats)), key=lambda r: r.cpu_s)
    result.ready_s, result.voice_cpu_s = ready, known
    result.memory_mb, result.anonymous_mb = memory_mib("VmHWM"), memory_mib("RssAnon")
    return result


def in_a_process(work: Callable[..., T], *arguments: Any) -> T:
    """Calls `work` in a process of its own, so that threads and memory are its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _setup(model: Path, threads: int) -> Any:
    """Voices are kept beside the model."""
    from sonca.engines.base import Setup

    return Setup(models_dir=model.parent, device="cpu", threads=threads)


def learn_voice(model: Path) -> None:
    """Computes the voice and keep it on disk, so that `measure` finds a voice that is known: the
    models that hear recordings are not part of speaking."""
    from sonca.engines.viettts.engine import VietTTSEngine

    engine = VietTTSEngine(model, _setup(model, 1))
    _voice(engine)
    engine.close()


def _run(engine: Any, case: Case, voice: Any) -> Result:
    from sonca.engines.base import Audio, Event, Failed, Options
    from sonca.engines.viettts.pieces import Cuts
    from sonca.engines.viettts.runtime_config import Limits
    from sonca.engines.viettts.session import VietTTSSession
    from sonca.engines.viettts.vocoder import Vocoder
    from sonca.utterance import Utterance

    tokens = round(case.seconds * case.rate_hz)
    config = replace(
        engine.config,
        slots=case.sentences,
        limits=Limits(forced_tokens=tokens),
        cuts=Cuts() if case.streaming else Cuts(whole_s=math.inf),
    )
    session = VietTTSSession(engine.backend, engine.tokenizer.encode, config)
    clock = Clock()
    clock.watch(session.decoding, "start", "llm")
    clock.watch(session.decoding, "step", "llm")
    clock.watch(session.rendering, "step", "flow", inside="vocoder")
    plain = Vocoder.feed
    samples = 0
    first: float | None = None
    start = time.perf_counter()

    def hear(event: Event) -> None:
        nonlocal samples, first
        if isinstance(event, Failed):
            raise event.error
        if isinstance(event, Audio):
            samples += len(event.chunk.samples)
            first = first or time.perf_counter() - start

    clock.watch(Vocoder, "feed", "vocoder")
    options = Options()
    cpu = time.process_time()
    try:
        for id in range(case.sentences):
            session.add(id, Utterance((0, len(TEXT)), TEXT, TEXT, 0.0), voice, options)
        while not session.idle:
            session.step(hear)
    finally:
        Vocoder.feed = plain  # type: ignore[method-assign]
    cpu, wall = time.process_time() - cpu, time.perf_counter() - start
    audio = samples / engine.info.sample_rate_hz
    parts = {part: spent / audio for part, spent in clock.parts.items()}
    return Result(case, audio, cpu / audio, wall / audio, parts, first or wall, wall)


def _voice(engine: Any) -> Any:
    """A voice of a synthetic recording."""
    from benchmarks.viettts.random_model import reference_wave
    from sonca.engines.base import Reference

    # Not speech: its detection would only be in the way.
    engine.prompts._segments = lambda: lambda heard: [(0, len(heard))]
    return engine.condition(Reference(reference_wave(), 16000, "bench"))


def accuracy(checkpoint: Path, frames: int = 300, tokens: int = 80) -> dict[str, float]:
    """Returns how far the fast path is from float32 on the same weights: relative L2 of a mel after
    all ten steps, and the share of the 25 likeliest tokens that both name."""
    from sonca.engines.viettts.backends.base import VoicePrompt
    from sonca.engines.viettts.backends.openvino.assemble import from_states
    from sonca.engines.viettts.config import read_config
    from sonca.engines.viettts.convert.checkpoint import fold, read_checkpoint
    from sonca.engines.viettts.model_folder import Precision

    config = read_config(checkpoint / "config.yaml")
    states = {part: read_checkpoint(checkpoint / f"{part}.pt") for part in ("llm", "flow", "hift")}
    states["hift"] = fold(states["hift"])
    rng = np.random.default_rng(0)
    voice = VoicePrompt(
        rng.standard_normal(config.llm.speaker).astype(np.float32),
        rng.integers(0, config.flow.vocab, 50),
        rng.standard_normal((frames // 2, config.flow.mel)).astype(np.float32),
    )
    said = rng.integers(0, config.flow.vocab, tokens)
    text = rng.integers(0, 50000, 20)
    mels, tops = [], []
    kinds: tuple[Precision, ...] = ("exact", "fast")
    for precision in kinds:
        backend = from_states(config, states, precision, threads=len(os.sched_getaffinity(0)))
        noise = np.random.default_rng(1).standard_normal((frames, config.flow.mel), np.float32)
        solver = backend.solver(voice, said, noise)
        while not solver.step():
            pass
        mels.append(solver.mel())
        decoder = backend.decoder()
        rows = [decoder.start(0, text, voice, said[:0])]
        rows += [decoder.step({0: int(token)})[0] for token in said]
        tops.append(np.argsort(-np.array(rows), axis=1)[:, :25])
        backend.close()
    shared = np.mean([len(np.intersect1d(a, b)) / 25 for a, b in zip(*tops, strict=True)])
    error = np.linalg.norm(mels[1] - mels[0]) / np.linalg.norm(mels[0])
    return {"mel_relative_error": float(error), "top25_overlap": float(shared)}


def machine() -> dict[str, Any]:
    """Returns what was measured on: without it the numbers mean nothing."""
    import openvino

    flags = stats.processor("flags").split()
    wanted = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8")
    return {
        **stats.machine(),
        "family": stats.processor("cpu family"),
        "extensions": [flag for flag in wanted if flag in flags],
        "load_average": os.getloadavg(),
        "openvino": openvino.get_version(),
    }


def cases(rate_hz: int, threads: int) -> Iterator[Case]:
    """Yields what is measured for one token rate and thread count."""
    seconds = 100 / 25  # 3.99 s of audio, the length that upstream was measured with
    yield Case(rate_hz, threads, 1, seconds)
    yield Case(rate_hz, threads, 1, 8.0)
    yield Case(rate_hz, threads, 1, 12.0, streaming=True)
    for sentences in (4, 8):
        yield Case(rate_hz, threads, sentences, seconds)


@contextmanager
def random_model(rate_hz: int, keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """Yields a checkpoint folder and its conversion, made if they are not in `keep`."""
    from benchmarks.viettts.random_model import make

    with tempfile.TemporaryDirectory() as temporary:
        yield make((keep or Path(temporary)) / str(rate_hz), rate_hz)


def line(result: Result) -> str:
    """Returns a result for a person."""
    times = UPSTREAM_CPU_S[result.case.rate_hz] / result.cpu_s
    return (
        f"{result.case}: {result.cpu_s:.2f} CPU s/s ({times:.1f}x), {result.wall_s:.2f} wall s/s, "
        f"{result.memory_mb:.0f} MB"
    )
