"""The benchmark runs, and measures what it says. No figure is judged here."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sonca.bench import client, latency, livez_probe, load, report
from sonca.bench.corpus import LINES, SIXTY, of_length, story
from sonca.bench.direct_call import DirectCall, wav
from sonca.bench.process import Server, free_port
from sonca.bench.stats import percentile
from sonca.engines.base import Setup
from sonca.errors import SoncaError
from sonca.synthesizer import Sonca


def test_results_are_saved_read_and_compared(tmp_path: Path) -> None:
    result = {"benchmark": "latency", "engine": "tone", "by_chars": {"60": {"rtf_median": 0.5}}}
    report.save(result, tmp_path / "deep" / "a.json")
    again = report.load(tmp_path / "deep" / "a.json")
    assert again == result
    rows = {name: ratio for name, _, _, ratio in report.compare(again, again)}
    assert rows == {"by_chars.60.rtf_median": 1}


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json"])
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(SoncaError, match="not a benchmark result"):
        report.load(path)


def test_the_bare_call_says_what_the_library_says() -> None:
    direct = DirectCall("tone", Setup())
    with Sonca("tone") as sonca:
        ours = sonca.speak(SIXTY).samples
    theirs = direct.synthesize(SIXTY)[: len(ours)]  # the bare call keeps the last pause
    assert np.array_equal(ours, theirs)
    assert wav(theirs, 16_000)[:4] == b"RIFF"


@pytest.mark.slow
def test_latency_by_length_and_overhead() -> None:
    measured = latency.run("tone", rounds=2, lengths=(60, 300))
    assert set(measured["by_chars"]) == {"60", "300"}  # type: ignore[call-overload]
    overhead = measured["overhead"]
    assert overhead["http_median_ms"] > 0  # type: ignore[index]
    assert measured["livez_while_speaking_to_mp3"]["probes"] > 0  # type: ignore[index]


@pytest.mark.slow
def test_load_leaves_nothing_behind() -> None:
    measured = load.run("tone", per_s=50, requests=10, soak=20, readers=3)
    assert measured["open_loop"]["answered"] == 10  # type: ignore[index]
    assert measured["rude_readers"]["in_flight_afterwards"] == 0  # type: ignore[index]
    assert len(measured["soak"]["resident_mib"]) > 10  # type: ignore[index]


def test_load_is_bounded() -> None:
    with pytest.raises(SoncaError, match="at most"):
        load.run("tone", requests=10**6)


@pytest.fixture
def hanging_server() -> Iterator[int]:
    """Answers at once, but for one answer that takes 0.5 s."""
    answers = iter([0.0] * 5 + [0.5])

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(next(answers, 0.0))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.slow
def test_a_hang_counts_for_every_probe_that_it_kept_waiting(hanging_server: int) -> None:
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    probes = livez_probe.probe(hanging_server, stop)
    late = [latency for latency in probes.latencies_s if latency > 0.05]
    assert len(late) > 30 and probes.refused == 0  # 45 of the 50 that were due


def test_a_probe_that_is_not_answered_is_no_latency() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    gone = livez_probe.probe(free_port(), stop, "/nothing", 0.05)
    assert gone.latencies_s == [] and gone.refused >= 5


def test_a_server_that_does_not_start_says_why() -> None:
    with pytest.raises(SoncaError, match="did not start"), Server(["false"]):
        pass


def test_an_idle_connection_is_not_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server closes it after some seconds; slow engines leave it idle for longer."""
    connections: list[int] = []

    class Speak(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            connections.append(1)
            super().setup()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = wav(np.zeros(2205, np.float32), 22050)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Speak)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        caller = client.Caller(server.server_port)
        assert [caller.synthesize("a").audio_s for _ in range(2)] == [0.1, 0.1]
        assert len(connections) == 1
        monkeypatch.setattr(client, "_IDLE_S", -1.0)
        assert caller.synthesize("a").audio_s == 0.1
        assert len(connections) == 2
        caller.close()
    finally:
        server.shutdown()
        server.server_close()


def test_texts_and_statistics() -> None:
    assert 55 <= len(SIXTY) <= 65
    assert len(story()) > 8000
    assert len(of_length(300)) <= 300 < len(of_length(700)) <= 700
    assert 20_000 < len(of_length(25_000)) <= 25_000
    assert len(LINES) == 6
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 99) == 4
