"""Metrics for Prometheus: counted here as it happens, or read from the workers when asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sonca.store import StoreStats
from sonca.synthesizer import EngineStatus
from sonca.worker import WorkerStats

_FIRST_AUDIO_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_REQUEST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """The counters of one app, in a registry of their own."""

    def __init__(
        self,
        engines: Callable[[], Sequence[EngineStatus]],
        kept: Callable[[], StoreStats],
        in_flight: Callable[[], int],
    ) -> None:
        registry = self._registry = CollectorRegistry()
        self.requests = Counter(
            "sonca_http_requests",
            "Requests answered; 499 is a client that went away.",
            ("method", "route", "status"),
            registry=registry,
        )
        self.request_seconds = Histogram(
            "sonca_http_request_seconds",
            "From the request line to the last byte.",
            ("route",),
            buckets=_REQUEST_S,
            registry=registry,
        )
        self.first_audio_seconds = Histogram(
            "sonca_first_audio_seconds",
            "From the request line to the first sound on its way.",
            ("api",),
            buckets=_FIRST_AUDIO_S,
            registry=registry,
        )
        self.sent_audio_seconds = Counter(
            "sonca_sent_audio_seconds",
            "Seconds of sound encoded for answers.",
            ("api", "format"),
            registry=registry,
        )
        self.broken_streams = Counter(
            "sonca_broken_streams",
            "Answers that ended early, after their first byte.",
            ("reason",),
            registry=registry,
        )
        self.errors = Counter(
            "sonca_errors", "Errors answered, by code.", ("code",), registry=registry
        )
        self.unhandled = Counter(
            "sonca_unhandled_exceptions", "Defects: errors nobody foresaw.", registry=registry
        )
        Gauge(
            "sonca_requests_in_flight", "Requests for speech or uploads.", registry=registry
        ).set_function(in_flight)
        registry.register(_EngineCollector(engines))
        registry.register(_StoreCollector(kept))

    def exposition(self) -> bytes:
        """Returns everything in Prometheus' text format. Asks the store: not on the event loop."""
        return generate_latest(self._registry)


class _EngineCollector(Collector):
    """The workers' own counters, read when somebody asks."""

    def __init__(self, engines: Callable[[], Sequence[EngineStatus]]) -> None:
        self._engines = engines

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        loaded = {e.name: e.stats for e in self._engines() if e.stats is not None}
        depth = GaugeMetricFamily(
            "sonca_queue_depth", "Requests in line.", labels=("engine", "lane")
        )
        ready = GaugeMetricFamily("sonca_engine_ready", "1 if it speaks.", labels=("engine",))
        rtf = GaugeMetricFamily(
            "sonca_real_time_factor", "Seconds of work per second of sound.", labels=("engine",)
        )
        instances = GaugeMetricFamily(
            "sonca_engine_instances", "Copies that are loaded.", labels=("engine",)
        )
        lost = GaugeMetricFamily(
            "sonca_engine_instances_lost",
            "Copies that broke and are not replaced yet.",
            labels=("engine",),
        )
        for name, stats in loaded.items():
            instances.add_metric((name,), stats.engines)
            lost.add_metric((name,), stats.lost)
            ready.add_metric((name,), stats.state == "ready")
            rtf.add_metric((name,), stats.busy_s / stats.audio_s if stats.audio_s else 0.0)
            for lane, count in stats.depth.items():
                depth.add_metric((name, lane), count)
        yield from (depth, ready, instances, lost, rtf)
        for metric, text, read in _ENGINE_COUNTERS:
            family = CounterMetricFamily(metric, text, labels=("engine",))
            for name, stats in loaded.items():
                family.add_metric((name,), read(stats))
            yield family


_ENGINE_COUNTERS: tuple[tuple[str, str, Callable[[WorkerStats], float]], ...] = (
    ("sonca_utterances", "Utterances spoken.", lambda s: s.utterances),
    ("sonca_audio_seconds", "Seconds of sound made.", lambda s: s.audio_s),
    ("sonca_engine_busy_seconds", "Seconds the engine worked.", lambda s: s.busy_s),
    ("sonca_cancelled_requests", "Requests whose reader went away.", lambda s: s.cancelled),
    ("sonca_failed_requests", "Requests the engine failed.", lambda s: s.failed),
    ("sonca_reused_utterances", "Utterances that were made before.", lambda s: s.reused),
    ("sonca_shared_utterances", "Utterances made once for several.", lambda s: s.shared),
    ("sonca_remade_utterances", "Utterances whose sound was impossible.", lambda s: s.remade),
    ("sonca_suspect_utterances", "Utterances whose sound stayed so.", lambda s: s.suspect),
    ("sonca_engine_rebuilds", "Times a broken engine was built again.", lambda s: s.rebuilt),
)


class _StoreCollector(Collector):
    """How full the store is."""

    def __init__(self, stats: Callable[[], StoreStats]) -> None:
        self._stats = stats

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        stats = self._stats()
        yield GaugeMetricFamily("sonca_kept_audio_files", "Kept audio files.", stats.files)
        yield GaugeMetricFamily("sonca_kept_audio_bytes", "Bytes of kept audio.", stats.size)
        yield GaugeMetricFamily("sonca_kept_audio_quota_bytes", "Its limit.", stats.quota)
