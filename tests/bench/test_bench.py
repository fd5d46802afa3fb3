"""The benchmark runs, and measures what it says. No figure is judged here."""

from __future__ import annotations

import http.server
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sonca.bench import book, compare, latency, load, prober, report, setups
from sonca.bench.bare import Bare, wav
from sonca.bench.corpus import LINES, SIXTY, of_length, story
from sonca.bench.process import Server, free_port, rival_server
from sonca.bench.rivals import RIVALS
from sonca.bench.stats import median, percentile
from sonca.engines.base import Audio, Event, Options, Setup
from sonca.engines.batched import BatchedEngine
from sonca.engines.synthetic import SyntheticEngine, calibration
from sonca.errors import SoncaError
from sonca.synthesizer import Sonca
from tests.conftest import utterance

TINY = setups.Plan(starts=1, rounds=2, loads=1, load_s=0.05)


@pytest.fixture(scope="module")
def result() -> dict[str, object]:
    said: list[str] = []
    result = setups.run("tone", TINY, say=said.append)
    assert any("8 callers" in line for line in said)
    return result


def test_every_setup_of_the_document_is_measured_beside_ours(result: dict[str, object]) -> None:
    rows = result["setups"]
    assert list(rows) == [  # type: ignore[call-overload]
        "direct",
        "executor",
        "executor-lock",
        "executor-pool-2",
        "executor-pool-2-warmup",
        "sonca",
    ]
    for row in rows.values():  # type: ignore[attr-defined]
        assert list(row["audio_s_per_s"]) == ["1", "2", "4", "8"]
        for key in ("start_to_ready_s", "first_request_s", "rtf_median", "livez_p99_ms"):
            assert row[key] > 0
        assert row["memory_peak_mib"] > 20
        assert row["livez_p50_ms"] <= row["livez_p99_ms"] <= row["livez_max_ms"]
    ratios = result["ratios"]
    assert ratios["direct"]["request_over_direct"] == 1  # type: ignore[index]
    assert ratios["sonca"]["request_over_direct"] > 0  # type: ignore[index]
    health = result["livez_p99_under_most_callers_ms"]
    assert set(health) == {*rows, "idle beside sonca"}  # type: ignore[call-overload]
    assert all(value > 0 for value in health.values())  # type: ignore[attr-defined]


def test_results_are_saved_read_compared_and_shown(
    result: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report.save(result, tmp_path / "deep" / "a.json")
    again = report.load(tmp_path / "deep" / "a.json")
    assert again == json.loads(json.dumps(result))
    rows = {name: ratio for name, _, _, ratio in compare.run(again, again)}
    assert rows["setups.sonca.rtf_median"] == 1
    report.table(result)
    shown = capsys.readouterr().out
    assert "start to ready" in shown
    assert "audio s/s, 8 callers" in shown
    assert "an idle server beside the loaded sonca" in shown


def test_charts_are_pictures(result: dict[str, object], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    svg, png = report.charts(result, tmp_path)
    assert svg.read_text().startswith("<?xml")
    assert png.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("content", ["", "[]", "{}", "not json"])
def test_a_file_that_is_no_result_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(content)
    with pytest.raises(SoncaError, match="no benchmark result"):
        report.load(path)


def test_the_bare_call_says_what_the_library_says() -> None:
    bare = Bare("tone", Setup())
    with Sonca("tone") as sonca:
        ours = sonca.speak(SIXTY).samples
    theirs = bare.synthesize(SIXTY)[: len(ours)]  # the bare call keeps the last pause
    assert np.array_equal(ours, theirs)
    assert wav(theirs, 16_000)[:4] == b"RIFF"


def test_latency_by_length_and_overhead() -> None:
    measured = latency.run("tone", rounds=2, lengths=(60, 300))
    assert set(measured["by_chars"]) == {"60", "300"}  # type: ignore[call-overload]
    overhead = measured["overhead"]
    assert overhead["http_median_ms"] > 0  # type: ignore[index]
    assert measured["livez_while_speaking_to_mp3"]["probes"] > 0  # type: ignore[index]


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


def test_a_hang_counts_for_every_probe_that_it_kept_waiting(hanging_server: int) -> None:
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    probes = prober.probe(hanging_server, stop)
    late = [latency for latency in probes.latencies_s if latency > 0.05]
    assert len(late) > 30 and probes.refused == 0  # 45 of the 50 that were due


def test_a_probe_that_is_not_answered_is_no_latency() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    gone = prober.probe(free_port(), stop, "/nothing", 0.05)
    assert gone.latencies_s == [] and gone.refused >= 5


def test_a_server_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(SoncaError, match="nothing-of-that-name"),
        rival_server("direct", "nothing-of-that-name"),
    ):
        pass
    with pytest.raises(SoncaError, match="did not start"), Server(["false"]):
        pass


def test_the_synthetic_engine_costs_what_it_is_told_to() -> None:
    """Twice the work takes clearly longer in processor time, whatever else runs."""

    def cost(engine: SyntheticEngine) -> float:
        started = time.process_time()
        list(engine.synthesize(utterance("một " * 40), 110.0, Options()))
        return time.process_time() - started

    cheap, dear = SyntheticEngine(2, 2), SyntheticEngine(20, 20)
    assert min(cost(dear) for _ in range(3)) > 3 * min(cost(cheap) for _ in range(3))


def test_synthetic_engines_of_other_processes_cost_what_they_cost_here() -> None:
    code = "from sonca.engines.synthetic import calibration; print(calibration())"
    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **calibration()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == str(calibration())


def test_a_batch_makes_eight_at_the_price_of_one() -> None:
    """The same sound as one by one, in far fewer steps."""
    engine = BatchedEngine(0.01, 0.01)
    session, spoken = engine.session(), utterance("một " * 40)
    made: dict[int, list[float]] = {}
    ended: list[int] = []

    def on_event(event: Event) -> None:
        if isinstance(event, Audio):
            made.setdefault(event.id, []).append(event.chunk.duration_s)
        else:
            ended.append(event.id)

    for id in range(session.free_slots):
        session.add(id, spoken, engine.voice("hum"), Options())
    assert session.free_slots == 0
    session.cancel(3)
    steps = 0
    while not session.idle:
        session.step(on_event)
        steps += 1
    alone = [c.duration_s for c in engine.synthesize(spoken, engine.voice("hum"), Options())]
    assert made == {id: alone for id in range(8) if id != 3}
    assert sorted(ended) == [0, 1, 2, 4, 5, 6, 7] and steps == len(alone) + 1


def test_a_book_is_measured_beside_engine_and_encoder() -> None:
    result = book.run("tone", rounds=1, copies=1)
    assert result["chapters"] == 3 and result["utterances"] > 150  # type: ignore[operator]
    for name in ("bare_s", "encode_s", "build_s", "engine_busy", "floor_over_build"):
        assert result[name] > 0, name  # type: ignore[operator]


def test_texts_and_statistics() -> None:
    assert 55 <= len(SIXTY) <= 65
    assert len(story()) > 8000
    assert len(of_length(300)) <= 300 < len(of_length(700)) <= 700
    assert 20_000 < len(of_length(25_000)) <= 25_000
    assert len(LINES) == 6
    assert set(RIVALS) < set(setups.SETUPS)
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 99) == 4
    assert median([3, 1, 2]) == 2
    assert median([4, 1, 2, 3]) == 2.5
