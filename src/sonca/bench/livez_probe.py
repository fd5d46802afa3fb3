"""Asks for one address, ``/livez`` a hundred times a second unless told otherwise, while others
load the server.

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
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

from sonca.bench.client import connect
from sonca.bench.stats import percentile

INTERVAL_S = 0.01


@dataclass(slots=True)
class Probes:
    """What became of the probes."""

    latencies_s: list[float] = field(default_factory=list)
    """Of those that were answered with 200."""
    refused: int = 0
    """Answered with anything else, or cut."""

    def ms(self, percent: float) -> float:
        """Returns a percentile of the latencies, in milliseconds."""
        return percentile(self.latencies_s, percent) * 1000


@contextmanager
def probing(port: int, path: str = "/livez", interval_s: float = INTERVAL_S) -> Iterator[Probes]:
    """Probes while the block runs; the figures are there when it has ended."""
    probes = Probes()
    with subprocess.Popen(
        [sys.executable, "-m", __name__, str(port), path, str(interval_s)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()  # it is probing
        try:
            yield probes
        finally:
            out, _ = process.communicate()  # closes its input, which ends it
    found = json.loads(out)
    probes.latencies_s, probes.refused = found["latencies_s"], found["refused"]


def probe(
    port: int, stop: threading.Event, path: str = "/livez", interval_s: float = INTERVAL_S
) -> Probes:
    """Returns what became of the probes due every `interval_s` until `stop`."""
    connection = connect(port, 600)
    probes = Probes()
    due = time.perf_counter()
    while not stop.is_set():
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            response.read()
            good = response.status == 200
        except (OSError, http.client.HTTPException):
            connection.close()  # the next probe opens it again
            good = False
        now = time.perf_counter()
        while due <= now:
            if good:
                probes.latencies_s.append(now - due)
            else:
                probes.refused += 1
            due += interval_s
        time.sleep(max(0.0, due - time.perf_counter()))
    connection.close()
    return probes


def main() -> None:
    """Probes until standard input closes, then prints the latencies."""
    stop = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    sys.stdout.write("probing\n")
    sys.stdout.flush()
    port, path, interval_s = sys.argv[1:]
    json.dump(asdict(probe(int(port), stop, path, float(interval_s))), sys.stdout)


if __name__ == "__main__":
    main()
