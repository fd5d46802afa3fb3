"""``sonca bench latency``: what a caller waits for, by length of text.

Also what the HTTP server adds to the bare engine call, and how soon a health check is answered
while four long texts are spoken and encoded to MP3.
"""

from __future__ import annotations

import http.client
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sonca.bench.client import Caller
from sonca.bench.corpus import SIXTY, of_length
from sonca.bench.direct_call import Bare, wav
from sonca.bench.livez_probe import Prober
from sonca.bench.process import sonca_server
from sonca.bench.stats import machine, median, percentile
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
    """Measure and return the whole result, ready for JSON."""
    bare = Bare(engine, Setup(models_dir))
    with tempfile.TemporaryDirectory() as scratch:
        server = sonca_server(engine, Path(scratch), models_dir)
        with server:
            say(f"one sentence, {rounds} times over HTTP and bare, in turns")
            overhead = _overhead(server.port, bare, rounds)
            say("the same, one after the other without a break")
            overhead |= _back_to_back(server.port, bare, rounds)
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


def _overhead(port: int, bare: Bare, rounds: int) -> dict[str, float]:
    """The same sentence through the server and without it, in turns."""
    caller = Caller(port)
    over_http, alone = [], []
    for n in range(rounds + 5):
        reply = caller.synthesize(SIXTY)
        started = time.perf_counter()
        wav(bare.synthesize(SIXTY), bare.sample_rate_hz)
        took = time.perf_counter() - started
        if n >= 5:  # the first few fill caches on both sides
            over_http.append(reply.total_s)
            alone.append(took)
    caller.close()
    return {
        "chars": len(SIXTY),
        "http_median_ms": median(over_http) * 1000,
        "bare_median_ms": median(alone) * 1000,
        "added_median_ms": median([a - b for a, b in zip(over_http, alone, strict=True)]) * 1000,
    }


def _back_to_back(port: int, bare: Bare, rounds: int) -> dict[str, float]:
    """The same sentence many times by one side, then by the other, as a caller does who has a
    book: one by one in turns, the two push each other out of the processor's caches. The sides
    change often enough that both see the same of what else the machine does."""
    caller = Caller(port)
    over_http, alone = [], []
    for _ in range(max(1, rounds // STRETCH)):
        http, bare_s = [], []
        for _ in range(STRETCH):
            http.append(caller.synthesize(SIXTY).total_s)
        for _ in range(STRETCH):
            started = time.perf_counter()
            wav(bare.synthesize(SIXTY), bare.sample_rate_hz)
            bare_s.append(time.perf_counter() - started)
        over_http += http[2:]  # the first of a stretch find the caches as the other left them
        alone += bare_s[2:]
    caller.close()
    return {
        "back_to_back_http_median_ms": median(over_http) * 1000,
        "back_to_back_bare_median_ms": median(alone) * 1000,
        "back_to_back_added_ms": (median(over_http) - median(alone)) * 1000,
    }


def _stream(port: int, text: str, rounds: int) -> dict[str, float]:
    """First audio and total of a text that is streamed."""
    first, total, rtf = [], [], []
    for _ in range(rounds):
        body = json.dumps({"input": text, "voice": "alloy", "response_format": "pcm"})
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
        started = time.perf_counter()
        connection.request(
            "POST", "/v1/audio/speech", body.encode(), {"Content-Type": "application/json"}
        )
        response = connection.getresponse()
        count = len(response.read(2))
        first.append(time.perf_counter() - started)
        count += len(response.read())
        total.append(time.perf_counter() - started)
        rtf.append(total[-1] / (count / 2 / 24_000))
        connection.close()
    return {
        "first_audio_median_ms": median(first) * 1000,
        "first_audio_p95_ms": percentile(first, 95) * 1000,
        "total_median_s": median(total),
        "rtf_median": median(rtf),
    }


def _cancel(engine: str, models_dir: Path | None, rounds: int) -> dict[str, float]:
    """From a reader's giving up in mid-stream until the engine is free for others."""
    took = []
    with Sonca(engine, setup=Setup(models_dir)) as sonca:
        worker = sonca.load()
        for _ in range(rounds):
            speech = sonca.stream(of_length(10_000))
            next(iter(speech))
            started = time.perf_counter()
            speech.cancel()
            while worker.stats.depth["interactive"]:
                time.sleep(0.0001)
            took.append(time.perf_counter() - started)
    return {"median_ms": median(took) * 1000, "p95_ms": percentile(took, 95) * 1000}


def _livez_under_load(port: int, text: str, rounds: int) -> dict[str, float]:
    """Health checks while four callers have long texts spoken and encoded to MP3."""
    body = json.dumps({"input": text, "voice": "alloy", "response_format": "mp3"}).encode()

    def speak() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3600)
        for _ in range(rounds):
            connection.request(
                "POST", "/v1/audio/speech", body, {"Content-Type": "application/json"}
            )
            connection.getresponse().read()
        connection.close()

    with Prober(port) as prober:
        speakers = [threading.Thread(target=speak) for _ in range(SPEAKERS)]
        for speaker in speakers:
            speaker.start()
        for speaker in speakers:
            speaker.join()
    return {
        "probes": len(prober.latencies_s),
        "p50_ms": percentile(prober.latencies_s, 50) * 1000,
        "p99_ms": percentile(prober.latencies_s, 99) * 1000,
        "max_ms": max(prober.latencies_s) * 1000,
    }
