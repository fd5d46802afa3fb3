"""Server processes under measurement: start, wait, watch their memory, stop."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from sonca.errors import SoncaError

READY_WITHIN_S = 600.0


@dataclass
class Server:
    """One server process on the loopback, as a context manager. `ready_s` is set on entry."""

    command: list[str]
    """With ``{port}`` where the port goes."""
    env: dict[str, str] = field(default_factory=dict)
    port: int = 0
    ready_s: float = 0.0
    """Seconds from start to the first 200 of ``/readyz``."""
    _process: subprocess.Popen[bytes] | None = None

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

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-500:].strip()

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def peak_mib(self) -> float:
        """Peak resident memory so far, in MiB."""
        return self._status_kib("VmHWM") / 1024

    @property
    def resident_mib(self) -> float:
        """Resident memory now, in MiB."""
        return self._status_kib("VmRSS") / 1024

    @property
    def cpu_s(self) -> float:
        """Processor time used so far, in seconds."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _status_kib(self, key: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1])
        return 0


def free_port() -> int:
    """A port of the loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def sonca_server(
    engine: str,
    data_dir: Path,
    models_dir: Path | None = None,
    *,
    more: Mapping[str, str] | None = None,
) -> Server:
    """Returns our own server, not started, with the chunk cache off so that every request is real
    work; `more` goes into the environment."""
    env = {
        "SONCA_DATA_DIR": str(data_dir),
        "SONCA_ENGINE": engine,
        "SONCA_LOG_LEVEL": "warning",
        "SONCA_CACHE_QUOTA_BYTES": "0",
        **(more or {}),
    }
    if models_dir is not None and models_dir != data_dir / "models":
        (data_dir / "models").symlink_to(models_dir.resolve())
    return Server([sys.executable, "-m", "sonca", "serve", "--port", "{port}"], env)
