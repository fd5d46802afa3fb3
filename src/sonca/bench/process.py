"""Server processes under measurement: start, wait, watch their memory, stop."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sonca.bench.client import connect
from sonca.errors import SoncaError

READY_WITHIN_S = 600.0


@dataclass
class Server:
    """One server process on the loopback, as a context manager. `ready_s` is set on entry."""

    command: list[str]
    """With ``{port}`` where the port goes."""
    env: dict[str, str] = field(default_factory=dict)
    ready_path: str = "/readyz"
    """Answers with 200 when the server is ready."""
    port: int = 0
    ready_s: float = 0.0
    """Seconds from start to ready."""

    def __enter__(self) -> Server:
        self.port = free_port()
        command = [part.format(port=self.port) for part in self.command]
        self._log = tempfile.TemporaryFile()
        started = time.perf_counter()
        self._process = subprocess.Popen(
            command, env={**os.environ, **self.env}, stdout=self._log, stderr=self._log
        )
        while not self._is_ready():
            if self._process.poll() is not None or time.perf_counter() - started > READY_WITHIN_S:
                raise SoncaError(f"{' '.join(command)} did not start: {self._last_words()}")
            time.sleep(0.002)
        self.ready_s = time.perf_counter() - started
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()

    def _is_ready(self) -> bool:
        with closing(connect(self.port, 5)) as connection:
            try:
                connection.request("GET", self.ready_path)
                return connection.getresponse().status == 200
            except OSError:
                return False

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-500:].strip()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def peak_mib(self) -> float:
        """Peak resident memory so far, in MiB."""
        return memory_mib("VmHWM", self.pid)

    @property
    def resident_mib(self) -> float:
        """Resident memory now, in MiB."""
        return memory_mib("VmRSS", self.pid)

    @property
    def cpu_s(self) -> float:
        """Processor time used so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mib(key: str, pid: int | str = "self") -> float:
    """Returns one of the sizes in a process's status, in MiB; 0 where there is none."""
    path = Path(f"/proc/{pid}/status")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    return 0.0


def free_port() -> int:
    """Returns a port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def sonca_server(
    engine: str,
    models_dir: Path | None = None,
    *,
    module: tuple[str, ...] = ("sonca",),
    more: Mapping[str, str] | None = None,
) -> Iterator[Server]:
    """Runs our own server on a data folder of its own, with the chunk cache off so that every
    request is real work. `module` is what Python runs, with its arguments; `more` goes into the
    environment."""
    with tempfile.TemporaryDirectory(prefix="sonca-bench-") as data_dir:
        env = {
            "SONCA_DATA_DIR": data_dir,
            "SONCA_ENGINE": engine,
            "SONCA_LOG_LEVEL": "warning",
            "SONCA_CACHE_QUOTA_BYTES": "0",
            **(more or {}),
        }
        if models_dir is not None:
            Path(data_dir, "models").symlink_to(models_dir.resolve())
        command = [sys.executable, "-m", *module, "serve", "--port", "{port}"]
        with Server(command, env) as server:
            yield server
