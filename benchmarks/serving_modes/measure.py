"""The document's ways to serve, side by side with ours.

All servers are real processes, up at the same time and driven over HTTP. Requests are
interleaved, one setup after the other in turning order, so that whatever else the machine does
hits all of them alike; ratios are taken within the run.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.servers import baseline_server, forced_server
from benchmarks.serving_modes.baseline_servers import RIVALS
from sonca.bench.client import Caller, load
from sonca.bench.corpus import LINES, of_length
from sonca.bench.livez_probe import Prober
from sonca.bench.process import Server
from sonca.bench.stats import machine, median, percentile
from sonca.engines import synthetic

SETUPS = (*RIVALS, "sonca")
CALLERS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    starts: int = 3
    """Times each server is started alone."""
    rounds: int = 40
    """Single requests of each setup."""
    loads: int = 3
    """Times each number of callers is tried."""
    callers: tuple[int, ...] = CALLERS
    """Numbers of callers at once."""
    load_s: float = 1.5
    """Seconds each number of callers should keep a server busy, about."""
    text_chars: int = 0
    """Length of the texts; 0 for single sentences of about 8 s."""
    sentence_s: float = 0.0
    """VietTTS only, for random weights, which end no sentence: so many seconds for each."""
    most_s: float = 600.0
    """About how long the requests may take in all; an engine too slow for that gets fewer."""


QUICK = Plan(starts=1, rounds=5, loads=1, load_s=0.4, most_s=120.0)

LEAST_EACH, MOST_EACH = 1, 200
"""Requests of each caller, whatever the engine's speed."""


@dataclass
class Samples:
    """Everything measured about one setup."""

    ready_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    idle_mib: list[float] = field(default_factory=list)
    total_s: list[float] = field(default_factory=list)
    first_audio_s: list[float] = field(default_factory=list)
    rtf: list[float] = field(default_factory=list)
    audio_per_s: dict[int, list[float]] = field(default_factory=dict)
    livez_s: dict[int, list[float]] = field(default_factory=dict)
    beside_s: list[float] = field(default_factory=list)
    """`/livez` of another, idle server while this one is under the greatest load: what the
    machine's load alone costs an answer, whoever gives it."""
    peak_mib: float = 0.0


def run(
    engine: str,
    plan: Plan,
    *,
    models_dir: Path | None = None,
    setups: tuple[str, ...] = SETUPS,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, object]:
    """Measure and return the whole result, ready for JSON."""
    texts = LINES if not plan.text_chars else (of_length(plan.text_chars),)
    samples = {name: Samples() for name in setups}
    with tempfile.TemporaryDirectory() as scratch:
        make = _factory(engine, Path(scratch), models_dir, plan.sentence_s)
        round = 0
        while round < plan.starts:
            for name in _turned(setups, round):
                say(f"start {round + 1}/{plan.starts}: {name}")
                _measure_start(make(name), samples[name], texts[0])
            if round == 0:
                plan = fitted(plan, sum(one.first_s[0] for one in samples.values()))
            round += 1
        with ExitStack() as stack:
            servers = {name: stack.enter_context(make(name)) for name in setups}
            say(f"single requests: {plan.rounds} of each setup")
            _measure_single(servers, samples, plan, texts)
            _measure_load(servers, samples, plan, texts, say)
            for name, server in servers.items():
                samples[name].peak_mib = server.peak_mib
    return {
        "benchmark": "setups",
        "engine": engine,
        "machine": machine(),
        "plan": {slot: getattr(plan, slot) for slot in Plan.__slots__},
        "setups": {name: _summary(one) for name, one in samples.items()},
        "ratios": _ratios(samples),
        "livez_p99_under_most_callers_ms": _under_most(samples),
    }


def fitted(plan: Plan, turn_s: float) -> Plan:
    """The plan, or less of everything where `turn_s`, a request of every setup, is so long that
    it would take more than `most_s`."""
    turns = plan.starts + plan.rounds + plan.loads * sum(plan.callers)
    if turns * turn_s <= plan.most_s:
        return plan
    third = plan.most_s / 3
    return replace(
        plan,
        starts=1,
        rounds=max(1, min(plan.rounds, int(third / turn_s))),
        loads=1,
        callers=tuple(
            count
            for place, count in enumerate(plan.callers)
            if place == 0 or sum(plan.callers[: place + 1]) * turn_s <= third
        ),
    )


def _factory(
    engine: str, scratch: Path, models_dir: Path | None, sentence_s: float
) -> Callable[[str], Server]:
    count = 0
    alike = synthetic.calibration() if engine.startswith("synthetic") else {}

    def make(name: str) -> Server:
        server = start(name)
        server.env |= alike
        return server

    def start(name: str) -> Server:
        nonlocal count
        if name != "sonca":
            return baseline_server(name, engine, models_dir, sentence_s=sentence_s)
        count += 1
        data_dir = scratch / str(count)
        data_dir.mkdir()
        return forced_server(engine, data_dir, models_dir, sentence_s=sentence_s)

    return make


def _turned(setups: tuple[str, ...], by: int) -> tuple[str, ...]:
    by %= len(setups)
    return setups[by:] + setups[:by]


def _measure_start(server: Server, into: Samples, text: str) -> None:
    with server:
        into.ready_s.append(server.ready_s)
        caller = Caller(server.port)
        into.first_s.append(caller.synthesize(text).total_s)
        into.idle_mib.append(server.resident_mib)
        caller.close()


def _measure_single(
    servers: dict[str, Server], samples: dict[str, Samples], plan: Plan, texts: tuple[str, ...]
) -> None:
    callers = {name: Caller(server.port) for name, server in servers.items()}
    for caller in callers.values():
        caller.synthesize(texts[0])  # the first request was measured on its own
    for round in range(plan.rounds):
        for name in _turned(tuple(servers), round):
            reply = callers[name].synthesize(texts[round % len(texts)])
            samples[name].total_s.append(reply.total_s)
            samples[name].first_audio_s.append(reply.first_audio_s)
            samples[name].rtf.append(reply.total_s / reply.audio_s)
    for caller in callers.values():
        caller.close()


def _measure_load(
    servers: dict[str, Server],
    samples: dict[str, Samples],
    plan: Plan,
    texts: tuple[str, ...],
    say: Callable[[str], None],
) -> None:
    request_s = min(median(one.total_s) for one in samples.values())
    for round in range(plan.loads):
        for callers in plan.callers:
            say(f"load {round + 1}/{plan.loads}: {callers} callers")
            each = min(MOST_EACH, max(LEAST_EACH, math.ceil(plan.load_s / request_s / callers)))
            for name in _turned(tuple(servers), round):
                port = servers[name].port
                with Prober(port) as prober:
                    result = load(port, texts, callers, each)
                samples[name].audio_per_s.setdefault(callers, []).append(result.audio_per_s)
                samples[name].livez_s.setdefault(callers, []).extend(prober.latencies_s)
        # The last was the greatest number of callers.
        busy, idle = servers.get("sonca"), servers.get("direct")
        if busy and idle:
            say(f"load {round + 1}/{plan.loads}: {callers} callers, an idle server beside")
            with Prober(idle.port) as prober:
                load(busy.port, texts, callers, each)
            samples["sonca"].beside_s.extend(prober.latencies_s)


def _summary(one: Samples) -> dict[str, object]:
    busiest = [value for values in one.livez_s.values() for value in values]
    return {
        "start_to_ready_s": median(one.ready_s),
        "first_request_s": median(one.first_s),
        "request_median_s": median(one.total_s),
        "request_p95_s": percentile(one.total_s, 95),
        "first_audio_median_s": median(one.first_audio_s),
        "rtf_median": median(one.rtf),
        "audio_s_per_s": {str(n): median(values) for n, values in one.audio_per_s.items()},
        "livez_p50_ms": percentile(busiest, 50) * 1000,
        "livez_p99_ms": percentile(busiest, 99) * 1000,
        "livez_max_ms": max(busiest) * 1000,
        "memory_after_first_mib": median(one.idle_mib),
        "memory_peak_mib": one.peak_mib,
    }


def _under_most(samples: dict[str, Samples]) -> dict[str, float]:
    """p99 of `/livez` with the most callers, by setup; and of an idle server beside ours."""
    seen = {name: one.livez_s[max(one.livez_s)] for name, one in samples.items()}
    if (ours := samples.get("sonca")) and ours.beside_s:
        seen["idle beside sonca"] = ours.beside_s
    return {name: percentile(latencies_s, 99) * 1000 for name, latencies_s in seen.items()}


def _ratios(samples: dict[str, Samples]) -> dict[str, object]:
    """Every setup against `direct`, request by request, so that noise hits both sides."""
    base = samples.get("direct")
    if base is None:
        return {}
    return {
        name: {
            "request_over_direct": median(
                [a / b for a, b in zip(one.total_s, base.total_s, strict=True)]
            ),
            "request_minus_direct_ms": 1000
            * median([a - b for a, b in zip(one.total_s, base.total_s, strict=True)]),
            "throughput_over_direct": {
                str(n): median([a / b for a, b in zip(values, base.audio_per_s[n], strict=True)])
                for n, values in one.audio_per_s.items()
            },
            "livez_p99_over_direct": percentile(one.livez_s[max(one.livez_s)], 99)
            / percentile(base.livez_s[max(base.livez_s)], 99),
        }
        for name, one in samples.items()
    }
