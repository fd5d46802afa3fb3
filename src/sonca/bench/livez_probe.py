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
from dataclasses import asdict, dataclass, field
from types import TracebackType

INTERVAL_S = 0.01


@dataclass(slots=True)
class Probes:
    """What became of the probes."""

    latencies_s: list[float] = field(default_factory=list)
    """Of those that were answered with 200."""
    refused: int = 0
    """Answered with anything else, or cut."""


class Prober:
    """Probes while the `with` block runs; `latencies_s` and `refused` are there afterwards."""

    def __init__(self, port: int, path: str = "/livez", interval_s: float = INTERVAL_S) -> None:
        arguments = [str(port), path, str(interval_s)]
        self._command = [sys.executable, "-m", "sonca.bench.livez_probe", *arguments]
        self.latencies_s: list[float] = []
        self.refused = 0

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
        probes = Probes(**json.loads(out))
        self.latencies_s, self.refused = probes.latencies_s, probes.refused


def probe(
    port: int, stop: threading.Event, path: str = "/livez", interval_s: float = INTERVAL_S
) -> Probes:
    """Probes due every `interval_s` until `stop`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
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
    """Probe until standard input closes, then print the latencies."""
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
