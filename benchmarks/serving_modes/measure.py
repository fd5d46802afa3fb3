"""Measures the document's ways to serve, side by side with ours.

All servers are real processes, up at the same time and driven over HTTP. Requests are
interleaved, one mode after the other in turning order, so that whatever else the machine does
hits all of them alike; ratios are taken within the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.servers import baseline_server, forced_server
from benchmarks.serving_modes.baseline_servers import BASELINES
from sonca.bench.client import Caller, Reply, load
from sonca.bench.corpus import LINES
from sonca.bench.livez_probe import Probes, probing
from sonca.bench.process import Server
from sonca.bench.stats import machine, percentile
from sonca.engines import synthetic

MODES = (*BASELINES, "sonca")
CALLERS = (1, 2, 4, 8)
MOST_EACH = 200
"""Requests of each caller, however fast the engine."""

Say = Callable[[str], None]
Start = Callable[[str], AbstractContextManager[Server]]
"""Runs a server of a mode."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    starts: int
    """Times each server is started alone."""
    rounds: int
    """Single requests of each mode."""
    loads: int
    """Times each number of callers is tried."""
    callers: tuple[int, ...]
    """Numbers of callers at once, the most last."""
    load_s: float = 1.5
    """Seconds each number of callers should keep a server busy, about."""
    sentence_s: float = 0.0
    """VietTTS only, for random weights, which end no sentence: so many seconds for each."""


@dataclass
class Measured:
    """Everything measured about one mode."""

    ready_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    idle_mib: list[float] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    """To single requests."""
    audio_per_s: dict[int, list[float]] = field(default_factory=dict)
    livez: dict[int, Probes] = field(default_factory=dict)
    """By number of callers, as `audio_per_s`."""
    idle_livez: Probes = field(default_factory=Probes)
    """`/livez` of another, idle server while this one is under the greatest load: what the
    machine's load alone costs an answer, whoever gives it."""
    peak_mib: float = 0.0

    @property
    def total_s(self) -> list[float]:
        """How long single requests took."""
        return [reply.total_s for reply in self.replies]

    @property
    def busiest(self) -> Probes:
        """`/livez` with the most callers."""
        return self.livez[max(self.livez)]


def measure(
    engine: str,
    plan: Plan,
    *,
    models_dir: Path | None = None,
    modes: tuple[str, ...] = MODES,
    say: Say = lambda _: None,
) -> dict[str, object]:
    """Measures and returns the whole result, ready for JSON."""
    measured = {name: Measured() for name in modes}
    start = _starter(engine, models_dir, plan.sentence_s)
    for number in range(plan.starts):
        for name in _turned(modes, number):
            say(f"start {number + 1}/{plan.starts}: {name}")
            _measure_start(start(name), measured[name])
    with ExitStack() as stack:
        servers = {name: stack.enter_context(start(name)) for name in modes}
        say(f"single requests: {plan.rounds} of each mode")
        _measure_single(servers, measured, plan)
        _measure_load(servers, measured, plan, say)
        for name, server in servers.items():
            measured[name].peak_mib = server.peak_mib
    return {
        "benchmark": "setups",
        "engine": engine,
        "machine": machine(),
        "plan": asdict(plan),
        "setups": {name: _summary(one) for name, one in measured.items()},
        "ratios": _ratios(measured),
        "livez_p99_under_most_callers_ms": _under_most(measured),
    }


def _starter(engine: str, models_dir: Path | None, sentence_s: float) -> Start:
    alike = synthetic.calibration() if engine.startswith("synthetic") else {}

    def start(name: str) -> AbstractContextManager[Server]:
        if name == "sonca":
            return forced_server(engine, models_dir, sentence_s=sentence_s, more=alike)
        return baseline_server(name, engine, models_dir, sentence_s=sentence_s, more=alike)

    return start


def _turned(modes: tuple[str, ...], by: int) -> tuple[str, ...]:
    by %= len(modes)
    return modes[by:] + modes[:by]


def _measure_start(starting: AbstractContextManager[Server], into: Measured) -> None:
    with starting as server, closing(Caller(server.port)) as caller:
        into.ready_s.append(server.ready_s)
        into.first_s.append(caller.synthesize(LINES[0]).total_s)
        into.idle_mib.append(server.resident_mib)


def _measure_single(
    servers: Mapping[str, Server], measured: Mapping[str, Measured], plan: Plan
) -> None:
    with ExitStack() as stack:
        callers = {
            name: stack.enter_context(closing(Caller(server.port)))
            for name, server in servers.items()
        }
        for caller in callers.values():
            caller.synthesize(LINES[0])  # the first request was measured on its own
        for number in range(plan.rounds):
            for name in _turned(tuple(servers), number):
                reply = callers[name].synthesize(LINES[number % len(LINES)])
                measured[name].replies.append(reply)


def _measure_load(
    servers: Mapping[str, Server], measured: Mapping[str, Measured], plan: Plan, say: Say
) -> None:
    request_s = min(median(one.total_s) for one in measured.values())
    for number in range(plan.loads):
        for callers in plan.callers:
            say(f"load {number + 1}/{plan.loads}: {callers} callers")
            each = min(MOST_EACH, max(1, math.ceil(plan.load_s / request_s / callers)))
            for name in _turned(tuple(servers), number):
                with probing(servers[name].port) as probes:
                    result = load(servers[name].port, LINES, callers, each)
                one = measured[name]
                one.audio_per_s.setdefault(callers, []).append(result.audio_per_s)
                one.livez.setdefault(callers, Probes()).latencies_s += probes.latencies_s
        # The last was the greatest number of callers.
        busy, idle = servers.get("sonca"), servers.get("direct")
        if busy and idle:
            say(f"load {number + 1}/{plan.loads}: {callers} callers, an idle server beside")
            with probing(idle.port) as probes:
                load(busy.port, LINES, callers, each)
            measured["sonca"].idle_livez.latencies_s += probes.latencies_s


def _summary(one: Measured) -> dict[str, object]:
    livez = Probes([value for probes in one.livez.values() for value in probes.latencies_s])
    return {
        "start_to_ready_s": median(one.ready_s),
        "first_request_s": median(one.first_s),
        "request_median_s": median(one.total_s),
        "request_p95_s": percentile(one.total_s, 95),
        "first_audio_median_s": median(reply.first_audio_s for reply in one.replies),
        "rtf_median": median(reply.total_s / reply.audio_s for reply in one.replies),
        "audio_s_per_s": {str(n): median(values) for n, values in one.audio_per_s.items()},
        "livez_p50_ms": livez.ms(50),
        "livez_p99_ms": livez.ms(99),
        "livez_max_ms": livez.ms(100),
        "memory_after_first_mib": median(one.idle_mib),
        "memory_peak_mib": one.peak_mib,
    }


def _under_most(measured: Mapping[str, Measured]) -> dict[str, float]:
    """p99 of `/livez` with the most callers, by mode; and of an idle server beside ours."""
    figures = {name: one.busiest.ms(99) for name, one in measured.items()}
    if (ours := measured.get("sonca")) and ours.idle_livez.latencies_s:
        figures["idle beside sonca"] = ours.idle_livez.ms(99)
    return figures


def _ratios(measured: Mapping[str, Measured]) -> dict[str, object]:
    """Every mode against `direct`, request by request, so that noise hits both sides."""
    base = measured.get("direct")
    if base is None:
        return {}

    def over(ours: list[float], theirs: list[float]) -> float:
        return median(a / b for a, b in zip(ours, theirs, strict=True))

    return {
        name: {
            "request_over_direct": over(one.total_s, base.total_s),
            "request_minus_direct_ms": 1000
            * median(a - b for a, b in zip(one.total_s, base.total_s, strict=True)),
            "throughput_over_direct": {
                str(n): over(values, base.audio_per_s[n]) for n, values in one.audio_per_s.items()
            },
            "livez_p99_over_direct": one.busiest.ms(99) / base.busiest.ms(99),
        }
        for name, one in measured.items()
    }
