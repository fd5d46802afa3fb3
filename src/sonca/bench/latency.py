"""``sonca bench latency``: what a caller waits for, by length of text.

Also what the HTTP server adds to the bare engine call, and how soon a health check is answered
while four long texts are spoken and encoded to MP3.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from sonca.bench.client import JSON, Caller, connect, speech, stream, together
from sonca.bench.corpus import SIXTY, of_length
from sonca.bench.direct_call import DirectCall, wav
from sonca.bench.livez_probe import probing
from sonca.bench.process import sonca_server
from sonca.bench.stats import machine, percentile
from sonca.engines.base import Setup
from sonca.synthesizer import Sonca

LENGTHS = (60, 300, 1_000, 3_000, 10_000)
SPEAKERS = 4
STRETCH = 25
"""Requests of one side without a break."""


def run(
    engine: str,
    *,
    models_dir: Path | None = None,
    rounds: int = 200,
    lengths: tuple[int, ...] = LENGTHS,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, object]:
    """Measures and returns the whole result, ready for JSON."""
    direct = DirectCall(engine, Setup(models_dir))

    def bare() -> float:
        started = time.perf_counter()
        wav(direct.synthesize(SIXTY), direct.sample_rate_hz)
        return time.perf_counter() - started

    with (
        sonca_server(engine, models_dir) as server,
        closing(Caller(server.port)) as caller,
    ):

        def http() -> float:
            return caller.synthesize(SIXTY).total_s

        say(f"one sentence, {rounds} times over HTTP and bare, in turns")
        overhead = _in_turns(http, bare, rounds)
        say("the same, one after the other without a break")
        overhead |= _back_to_back(http, bare, rounds)
        by_length = {}
        for chars in lengths:
            say(f"{chars} characters")
            by_length[str(chars)] = _stream(server.port, of_length(chars), min(rounds, 10))
        say(f"{SPEAKERS} long texts to MP3, /livez meanwhile")
        livez = _livez_under_load(server.port, of_length(lengths[-1]), min(rounds, 5))
        return {
            "benchmark": "latency",
            "engine": engine,
            "machine": machine(),
            "start_to_ready_s": server.ready_s,
            "overhead": overhead,
            "by_chars": by_length,
            "livez_while_speaking_to_mp3": livez,
            "cancel": _cancel(engine, models_dir, min(rounds, 30)),
            "memory_peak_mib": server.peak_mib,
        }


Call = Callable[[], float]
"""Has one sentence spoken, and returns the seconds that it took."""


def _in_turns(http: Call, bare: Call, rounds: int) -> dict[str, float]:
    """Times the same sentence through the server and without it, in turns."""
    pairs = [(http(), bare()) for _ in range(rounds + 5)][5:]  # the first few fill caches
    return {
        "chars": len(SIXTY),
        "http_median_ms": median(http_s for http_s, _ in pairs) * 1000,
        "bare_median_ms": median(bare_s for _, bare_s in pairs) * 1000,
        "added_median_ms": median(http_s - bare_s for http_s, bare_s in pairs) * 1000,
    }


def _back_to_back(http: Call, bare: Call, rounds: int) -> dict[str, float]:
    """Times the same sentence many times by one side, then by the other, as a caller does who has
    a book: one by one in turns, the two push each other out of the processor's caches. The sides
    change often enough that both see the same of what else the machine does."""
    over_http, alone = [], []
    for _ in range(max(1, rounds // STRETCH)):
        # The first of a stretch find the caches as the other left them.
        over_http += [http() for _ in range(STRETCH)][2:]
        alone += [bare() for _ in range(STRETCH)][2:]
    return {
        "back_to_back_http_median_ms": median(over_http) * 1000,
        "back_to_back_bare_median_ms": median(alone) * 1000,
        "back_to_back_added_ms": (median(over_http) - median(alone)) * 1000,
    }


def _stream(port: int, text: str, rounds: int) -> dict[str, float]:
    """First audio and total of a text that is streamed."""
    replies = [stream(port, text) for _ in range(rounds)]
    first_s = [reply.first_audio_s for reply in replies]
    return {
        "first_audio_median_ms": median(first_s) * 1000,
        "first_audio_p95_ms": percentile(first_s, 95) * 1000,
        "total_median_s": median(reply.total_s for reply in replies),
        "rtf_median": median(reply.total_s / reply.audio_s for reply in replies),
    }


def _cancel(engine: str, models_dir: Path | None, rounds: int) -> dict[str, float]:
    """From a reader's giving up in mid-stream until the engine is free for others."""
    took_s = []
    with Sonca(engine, setup=Setup(models_dir)) as sonca:
        worker = sonca.load()
        for _ in range(rounds):
            speech = sonca.stream(of_length(10_000))
            next(iter(speech))
            started = time.perf_counter()
            speech.cancel()
            while worker.stats.depth["interactive"]:
                time.sleep(0.0001)
            took_s.append(time.perf_counter() - started)
    return {"median_ms": median(took_s) * 1000, "p95_ms": percentile(took_s, 95) * 1000}


def _livez_under_load(port: int, text: str, rounds: int) -> dict[str, float]:
    """Health checks while four callers have long texts spoken and encoded to MP3."""
    body = speech(text, format="mp3")

    def speak(_: int) -> None:
        with closing(connect(port)) as connection:
            for _ in range(rounds):
                connection.request("POST", "/v1/audio/speech", body, JSON)
                connection.getresponse().read()

    with probing(port) as probes:
        together(SPEAKERS, speak)
    return {
        "probes": len(probes.latencies_s),
        "p50_ms": probes.ms(50),
        "p99_ms": probes.ms(99),
        "max_ms": probes.ms(100),
    }
