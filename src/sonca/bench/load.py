"""``sonca bench load``: open-loop arrivals, a soak, slow readers and readers that vanish.

Everything is bounded in count and time and talks to the loopback only.
"""

from __future__ import annotations

import json
import random
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sonca.bench.client import Caller, Reply, idle
from sonca.bench.corpus import LINES, of_length
from sonca.bench.livez_probe import Prober
from sonca.bench.process import Server, sonca_server
from sonca.bench.stats import machine, median, percentile
from sonca.errors import SoncaError

MOST_REQUESTS = 20_000


def run(
    engine: str,
    *,
    models_dir: Path | None = None,
    per_s: float = 5.0,
    requests: int = 100,
    soak: int = 0,
    readers: int = 50,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, object]:
    """Measure and return the whole result, ready for JSON."""
    if not 0 < requests <= MOST_REQUESTS or soak > MOST_REQUESTS:
        raise SoncaError(f"at most {MOST_REQUESTS} requests; run it several times for more")
    with (
        tempfile.TemporaryDirectory() as scratch,
        sonca_server(engine, Path(scratch), models_dir) as server,
    ):
        say(f"{requests} requests, {per_s:g} a second, whether or not answers come")
        arrivals = _open_loop(server.port, per_s, requests)
        say(f"{readers} slow readers and {readers} that vanish")
        rude = _rude_readers(server, readers)
        memory = _soak(server, soak, say) if soak else None
    return {
        "benchmark": "load",
        "engine": engine,
        "machine": machine(),
        "open_loop": arrivals,
        "rude_readers": rude,
        "soak": memory,
    }


def _open_loop(port: int, per_s: float, requests: int) -> dict[str, object]:
    """Requests arrive by a Poisson process and do not wait for each other."""
    rng = random.Random(1)
    replies: list[Reply] = []
    refused: list[int] = []

    def one(text: str) -> None:
        caller = Caller(port)
        try:
            replies.append(caller.synthesize(text))
        except SoncaError:
            refused.append(1)
        finally:
            caller.close()

    threads = []
    with Prober(port) as prober:
        due = started = time.perf_counter()
        for n in range(requests):
            due += rng.expovariate(per_s)
            time.sleep(max(0.0, due - time.perf_counter()))
            threads.append(threading.Thread(target=one, args=(LINES[n % len(LINES)],)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        wall_s = time.perf_counter() - started
    totals = [reply.total_s for reply in replies]
    return {
        "requests": requests,
        "per_s": per_s,
        "answered": len(replies),
        "refused": len(refused),
        "wall_s": wall_s,
        "total_median_s": median(totals),
        "total_p95_s": percentile(totals, 95),
        "total_p99_s": percentile(totals, 99),
        "audio_s_per_s": sum(reply.audio_s for reply in replies) / wall_s,
        "livez_p99_ms": percentile(prober.latencies_s, 99) * 1000,
    }


def _post(port: int, text: str, pause_s: float = 0.0) -> socket.socket:
    """Ask for a long stream and return the connection with the first bytes read."""
    body = json.dumps({"input": text, "voice": "alloy", "response_format": "wav"}).encode()
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(
        b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + f"Content-Length: {len(body)}\r\n\r\n".encode()
        + body
    )
    connection.recv(1024)
    time.sleep(pause_s)
    return connection


def _rude_readers(server: Server, count: int) -> dict[str, object]:
    """Readers that hardly read and readers that go away leave nothing behind."""
    text = of_length(10_000)
    before = server.resident_mib
    slow = [_post(server.port, text) for _ in range(min(count, 50))]
    time.sleep(2)
    with_slow = server.resident_mib
    caller = Caller(server.port)
    beside = caller.synthesize(LINES[0]).total_s
    for connection in slow:
        connection.close()
    for _ in range(count):
        _post(server.port, text, 0.01).close()
    depth = idle(server.port, "sonca_queue_depth{")
    after = server.resident_mib
    caller.close()
    return {
        "slow": len(slow),
        "vanished": count,
        "memory_before_mib": before,
        "memory_with_slow_readers_mib": with_slow,
        "memory_after_mib": after,
        "request_beside_slow_readers_s": beside,
        "in_flight_afterwards": depth,
        "threads": len(list(Path(f"/proc/{server.pid}/task").iterdir())),
        "open_files": len(list(Path(f"/proc/{server.pid}/fd").iterdir())),
    }


def _soak(server: Server, requests: int, say: Callable[[str], None]) -> dict[str, object]:
    """Memory over many requests."""
    caller = Caller(server.port)
    memory: list[float] = []
    for n in range(requests):
        caller.synthesize(LINES[n % len(LINES)])
        if n % max(1, requests // 20) == 0:
            memory.append(server.resident_mib)
            say(f"soak: {n} requests, {memory[-1]:.0f} MiB")
    memory.append(server.resident_mib)
    caller.close()
    quarter = memory[len(memory) // 4]
    return {
        "requests": requests,
        "resident_mib": memory,
        "growth_after_first_quarter_mib": memory[-1] - quarter,
    }
