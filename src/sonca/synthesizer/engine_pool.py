"""The engines of one process: which are installed, which are loaded, which is the default.

Each loaded engine has a worker (`sonca.worker`). Knows nothing of text, voices or requests' fields.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass

from sonca.engines import registry
from sonca.engines.base import Engine, EngineInfo, Setup
from sonca.errors import Busy, EngineError, EngineNotInstalled, Unsupported
from sonca.synthesizer import choosing
from sonca.voices.permits import Permits
from sonca.worker import Request, ResultStream, Worker, WorkerStats

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """An engine as the operator sees it."""

    name: str
    missing: str | None
    """Why it cannot run here; None if it can."""
    default: bool
    stats: WorkerStats | None
    """None while it is not loaded."""
    info: EngineInfo | None
    """None while it is not loaded."""


class EnginePool:
    """Loads engines when they are first asked for, and unloads them."""

    def __init__(
        self,
        default: str | None,
        setup: Setup,
        queue_limit: int,
        loudness_lufs: float | None,
        permits: Permits,
    ) -> None:
        """`default` names the default engine; None chooses the best that is installed and free,
        again after each `reload`. `EngineNotInstalled` if there is no such engine here."""
        self.setup = setup
        self.permits = permits
        self._queue_limit = queue_limit
        self._loudness_lufs = loudness_lufs
        self._workers: dict[str, Worker] = {}
        self._loading = threading.Lock()  # so that two first requests do not load twice
        self._asked = default
        self.default = self.installed(default).name if default else self._preferred()

    def installed(self, name: str) -> registry.EngineSpec:
        """Returns the engine of a name; `UnknownEngine`, `EngineNotInstalled`,
        `Unsupported` where its weights' licence forbids it."""
        spec = registry.find(name)
        if refusal := self.permits.engine_refusal(spec.name):
            raise Unsupported(f"the model {name!r} may not speak here: {refusal}", field="model")
        reason = registry.missing(spec, self.setup)
        if reason is not None:
            raise EngineNotInstalled(
                f"the model {name!r} is not installed: {reason}", field="model"
            )
        return spec

    def listed(self) -> list[registry.EngineSpec]:
        """Returns every engine that is known, installed or not, but for those of tests."""
        known = registry.specs().values()
        return [spec for spec in known if spec.public or spec.name == self.default]

    def load(self, name: str | None = None) -> Worker:
        """Returns the worker of an engine, which may still be loading; starts it if need be."""
        name = registry.find(name).name if name else self.default
        worker = self._workers.get(name)
        if worker is None:
            self.installed(name)  # it looks at the disk: not for every request
            with self._loading:
                worker = self._workers.get(name) or self._start(name)
        return worker

    def submit(self, name: str, request: Request) -> ResultStream:
        """Queues a request, and loads the engine again if it was unloaded just now. `Busy`."""
        while True:
            worker = self.load(name)
            try:
                return worker.submit(request)
            except Busy as refusal:
                if refusal.__cause__ is not None:  # some of its text was read, and is gone
                    raise
                with self._loading:  # or it is being unloaded, and not yet off the list
                    if worker in self._workers.values():
                        raise

    def reload(self) -> None:
        """Looks again which engines there are, after models came or went.

        Queued requests are not disturbed. An engine that could not be loaded is tried again when
        it is next asked for. Where the default engine is in use and another one is now the best,
        this waits until that is loaded, so that no request does.
        """
        self.permits.reload()
        with self._loading:
            for name, worker in list(self._workers.items()):
                if worker.state == "broken":
                    worker.close()
                    del self._workers[name]
            in_use = self.default in self._workers
        preferred = self.default if self._asked else self._preferred()
        if in_use:
            self.load(preferred).loaded.result()
        self.default = preferred

    def unload_idle(self, after_s: float) -> list[str]:
        """Unloads the engines that nobody has used for `after_s` seconds; returns their names.
        The next request loads them again and waits for it."""
        with self._loading:
            idle = {n: w for n, w in self._workers.items() if w.retire(after_s)}
            for name in idle:
                del self._workers[name]
        for worker in idle.values():
            worker.close()
        return list(idle)

    @property
    def state(self) -> str:
        """The state of the default engine's worker: ``loading``, ``ready``, ``draining``,
        ``broken``, ``closed``; ``unloaded`` if it is loaded when it is needed."""
        worker = self._workers.get(self.default)
        return worker.state if worker is not None else "unloaded"

    def status(self) -> list[EngineStatus]:
        """Returns the status of every engine that is `listed`."""
        return [self._status(spec) for spec in self.listed()]

    def close(self, drain_s: float = 0.0) -> None:
        """Stops every worker, giving what is in line `drain_s` seconds to finish, all together."""
        until = time.monotonic() + drain_s
        workers = list(self._workers.values())
        for worker in workers:
            worker.shut()
        for worker in workers:
            worker.close(max(0.0, until - time.monotonic()))

    def _preferred(self) -> str:
        return choosing.default(self.setup, self.permits).name

    def _start(self, name: str) -> Worker:
        cls, setup = registry.find(name).load(), self.setup
        # An engine beside the default one may know a single device: its voices are still of use.
        strict = name == self.default
        worker = Worker(
            lambda: _on_device(cls.create(setup), setup.device, strict=strict),
            engines=cls.instances(setup),
            queue_limit=self._queue_limit,
            loudness_lufs=self._loudness_lufs,
            name=name,
        )
        self._workers[name] = worker
        return worker

    def _status(self, spec: registry.EngineSpec) -> EngineStatus:
        worker = self._workers.get(spec.name)
        info = None
        if worker is not None and worker.loaded.done() and not worker.loaded.exception():
            info = worker.loaded.result()
        return EngineStatus(
            spec.name,
            choosing.missing(spec, self.setup, self.permits),
            spec.name == self.default,
            worker.stats if worker else None,
            info,
        )


def _on_device(engine: Engine, device: str, *, strict: bool) -> Engine:
    """Returns the engine if it runs on the device that was asked for by name; else, if `strict`,
    closes it and raises `EngineError`. Here and not in each engine: one that knows a single device
    would take any other in silence."""
    info = engine.info
    kind = info.device.partition(":")[0]
    if device in ("auto", kind):
        return engine
    wrong = (
        f"the device {device} was asked for, but the engine {info.name} runs on {info.device}; "
        f"set SONCA_DEVICE to auto or {kind}, or choose another engine"
    )
    if strict:
        engine.close()
        raise EngineError(wrong)
    log.warning("%s", wrong)
    return engine
