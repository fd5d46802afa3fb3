"""``sonca bench load``: open-loop arrivals, a soak, slow readers and readers that vanish.

Everything is bounded in count and time and talks to the loopback only.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from statistics import median

from sonca.bench.client import Caller, Reply, idle, speech
from sonca.bench.corpus import LINES, of_length
from sonca.bench.livez_probe import probing
from sonca.bench.process import Server, sonca_server
from sonca.bench.stats import machine, percentile
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
    """Measures and returns the whole result, ready for JSON."""
    if not 0 < requests <= MOST_REQUESTS or soak > MOST_REQUESTS:
        raise SoncaError(f"at most {MOST_REQUESTS} requests; run it several times for more")
    with sonca_server(engine, models_dir) as server:
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
        with closing(Caller(port)) as caller:
            try:
                replies.append(caller.synthesize(text))
            except SoncaError:
                refused.append(1)

    threads = []
    with probing(port) as probes:
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
        "livez_p99_ms": probes.ms(99),
    }


def post_unread(
    port: int, body: bytes, *, length: int | None = None, timeout_s: float = 60.0
) -> socket.socket:
    """Posts a request for speech and returns the connection, on which the kernel reads little
    ahead. `length` is what the header says, the truth if None."""
    connection = socket.socket()
    connection.settimeout(timeout_s)
    # Before it connects, or the kernel reads far ahead.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    try:
        connection.connect(("127.0.0.1", port))
        connection.sendall(
            b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\n"
            + f"Content-Length: {len(body) if length is None else length}\r\n\r\n".encode()
            + body
        )
    except OSError:
        connection.close()
        raise
    return connection


def _rude_readers(server: Server, count: int) -> dict[str, object]:
    """Readers that hardly read and readers that go away leave nothing behind."""
    body = speech(of_length(10_000), format="wav")

    def begun() -> socket.socket:
        connection = post_unread(server.port, body)
        connection.recv(1024)
        return connection

    before = server.resident_mib
    slow = [begun() for _ in range(min(count, 50))]
    time.sleep(2)
    with_slow = server.resident_mib
    with closing(Caller(server.port)) as caller:
        beside_s = caller.synthesize(LINES[0]).total_s
    for connection in slow:
        connection.close()
    for _ in range(count):
        with begun():
            time.sleep(0.01)
    depth = idle(server.port, "sonca_queue_depth{")
    return {
        "slow": len(slow),
        "vanished": count,
        "memory_before_mib": before,
        "memory_with_slow_readers_mib": with_slow,
        "memory_after_mib": server.resident_mib,
        "request_beside_slow_readers_s": beside_s,
        "in_flight_afterwards": depth,
        "threads": len(list(Path(f"/proc/{server.pid}/task").iterdir())),
        "open_files": len(list(Path(f"/proc/{server.pid}/fd").iterdir())),
    }


def _soak(server: Server, requests: int, say: Callable[[str], None]) -> dict[str, object]:
    """Memory over many requests."""
    memory: list[float] = []
    with closing(Caller(server.port)) as caller:
        for n in range(requests):
            caller.synthesize(LINES[n % len(LINES)])
            if n % max(1, requests // 20) == 0:
                memory.append(server.resident_mib)
                say(f"soak: {n} requests, {memory[-1]:.0f} MiB")
    memory.append(server.resident_mib)
    return {
        "requests": requests,
        "resident_mib": memory,
        "growth_after_first_quarter_mib": memory[-1] - memory[len(memory) // 4],
    }
