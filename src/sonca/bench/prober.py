"""Asks ``/livez`` a hundred times a second while others load the server.

Runs as a process of its own, so that the callers' work does not colour what it sees. Times count
from when a probe was due and not from when it was sent: a server that hangs for a second has
kept a hundred probes waiting, and each counts.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from types import TracebackType

INTERVAL_S = 0.01


class Prober:
    """Probes while the `with` block runs; `latencies_s` is there afterwards."""

    def __init__(self, port: int) -> None:
        self._command = [sys.executable, "-m", "sonca.bench.prober", str(port)]
        self.latencies_s: list[float] = []

    def __enter__(self) -> Prober:
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it is probing
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        out, _ = self._process.communicate()  # closes its input, which ends it
        self.latencies_s = json.loads(out)


def probe(port: int, stop: threading.Event) -> list[float]:
    """Latencies of probes due every `INTERVAL_S` until `stop`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    latencies = []
    due = time.perf_counter()
    while not stop.is_set():
        connection.request("GET", "/livez")
        connection.getresponse().read()
        now = time.perf_counter()
        while due <= now:
            latencies.append(now - due)
            due += INTERVAL_S
        time.sleep(max(0.0, due - time.perf_counter()))
    return latencies


def main() -> None:
    """Probe until standard input closes, then print the latencies."""
    stop = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    sys.stdout.write("probing\n")
    sys.stdout.flush()
    json.dump(probe(int(sys.argv[1]), stop), sys.stdout)


if __name__ == "__main__":
    main()
