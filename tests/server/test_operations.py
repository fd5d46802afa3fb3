"""Keys, limits, logs, metrics, devices, the page: what those who run the server rely on."""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import logging
import re
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import openai
import pytest

from sonca import errors
from sonca.engines import registry
from sonca.engines.base import EngineInfo
from sonca.errors import Busy, ShuttingDown
from sonca.server import logs
from sonca.server.errors import REFUSALS, TABLE
from sonca.server.lifecycle import Lifecycle
from sonca.server.routes.operations import device_warnings
from sonca.synthesizer import EngineStatus
from tests.processes import ROOT

from .conftest import Live, Serve, wait_until
from .engines import CueEngine, SlowEngine

OPEN = ("/livez", "/readyz", "/health", "/api/tts/health")
CLOSED = (
    *("/v1/models", "/v1/audio/voices", "/v1/devices", "/metrics", "/openapi.json"),
    *("/api/tts/voices", "/api/tts/storage/stats", "/api/tts/audio/x", "/nothing"),
)


class TestKeys:
    @pytest.fixture(scope="class")
    @classmethod
    def locked(cls, tmp_path_factory: pytest.TempPathFactory) -> object:
        from .conftest import running

        with running(tmp_path_factory.mktemp("locked"), api_keys="khóa-một, key-2") as live:
            yield live

    def test_what_machines_ask_is_open(self, locked: Live) -> None:
        for path in OPEN:
            assert locked.http.get(path).status_code == 200
        # The page may be absent, but nobody is asked for a key.
        assert locked.http.get("/").status_code in (200, 404)
        assert locked.http.get("/page/none.js").status_code == 404

    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "Bearer",
            "Bearer wrong",
            "Bearer key-",
            "Bearer key-22",
            "key-2",
            "Basic key-2",
            "Bearer key-2 x",
        ],
    )
    def test_everything_else_needs_one(self, locked: Live, header: str | None) -> None:
        headers = {} if header is None else {"authorization": header}
        for path in CLOSED:
            answer = locked.http.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        for path in ("/v1/audio/speech", "/api/tts/synthesize"):
            assert locked.http.post(path, json={}, headers=headers).status_code == 401

    def test_each_key_opens(self, locked: Live) -> None:
        for key in ("khóa-một".encode(), b"key-2"):
            headers = {b"authorization": b"Bearer " + key}
            assert locked.http.get("/v1/models", headers=headers).status_code == 200  # type: ignore[arg-type]

    def test_the_official_client(self, locked: Live) -> None:
        def speak(key: str) -> bytes:
            client = openai.OpenAI(base_url=f"{locked.url}/v1", api_key=key, max_retries=0)
            speech = client.audio.speech.create(model="tts-1", voice="alloy", input="Chào.")
            return speech.content

        assert speak("key-2")
        with pytest.raises(openai.AuthenticationError) as caught:
            speak("key-3")
        assert caught.value.code == "invalid_api_key"
        assert "key-3" not in str(caught.value)

    def test_the_schema_says_so(self, locked: Live) -> None:
        headers = {"authorization": "Bearer key-2"}
        schema = locked.http.get("/openapi.json", headers=headers).json()
        assert schema["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
        assert "401" in schema["paths"]["/v1/models"]["get"]["responses"]
        assert "401" not in schema["paths"]["/livez"]["get"]["responses"]


class TestLimits:
    def test_a_full_queue(self, cue_serve: Serve) -> None:
        live = cue_serve(queue_limit=1)
        waiting = live.post_raw("/v1/audio/speech", {"input": "chờ"})
        wait_until(lambda: live.stats.depth["interactive"] == 1, "the first request")
        refused = live.speech("hai")
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["type"] == "rate_limit_error"
        old = live.synthesize("hai")
        assert old.status_code == 429
        assert int(old.headers["retry-after"]) >= 1
        assert "limit is 1" in old.json()["detail"]
        client = openai.OpenAI(base_url=f"{live.url}/v1", api_key="x", max_retries=0)
        with pytest.raises(openai.RateLimitError):
            client.audio.speech.create(model="tts-1", voice="alloy", input="hai")
        CueEngine.gate.set()
        assert waiting.recv(100).startswith(b"HTTP/1.1 200")
        waiting.close()
        wait_until(lambda: live.stats.depth["interactive"] == 0, "the end of it")
        assert live.speech("hai").status_code == 200

    def test_counting(self) -> None:
        async def count() -> None:
            lifecycle = Lifecycle(2)
            first = await lifecycle.enter()
            await lifecycle.enter()
            with pytest.raises(Busy, match="limit is 2"):
                await lifecycle.enter()
            lifecycle.leave(first)
            second = await lifecycle.enter()
            lifecycle.drain()
            lifecycle.leave(second)
            with pytest.raises(ShuttingDown):
                await lifecycle.enter()

        asyncio.run(count())

    def test_who_is_refused_comes_back_when_half_may_be_answered(self) -> None:
        async def refuse(clock: Iterator[float]) -> float:
            lifecycle = Lifecycle(1, clock=lambda: next(clock))
            for _ in range(20):
                lifecycle.leave(await lifecycle.enter())
            await lifecycle.enter()
            with pytest.raises(Busy) as caught:
                await lifecycle.enter()
            return caught.value.retry_after_s

        assert asyncio.run(refuse(itertools.count(step=30.0))) == pytest.approx(15, rel=0.1)
        assert asyncio.run(refuse(itertools.count(step=0.1))) == 2
        assert asyncio.run(refuse(itertools.count(step=9999.0))) == 60


def test_every_error_of_ours_has_a_row() -> None:
    from sonca import errors

    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.SoncaError)
    ]
    unanswered = {kind.__name__ for kind in kinds} - {kind.__name__ for kind in TABLE}
    assert unanswered == {"SettingsError"}  # never met while serving


class TestDraining:
    def test_readiness_turns_at_once_and_work_is_refused(self, live: Live) -> None:
        assert live.http.get("/readyz").json() == {"status": "ready"}
        live.server.services.lifecycle.drain()
        answer = live.http.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"status": "draining"})
        assert live.http.get("/livez").status_code == 200
        refused = live.speech("một")
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "shutting_down"
        assert live.http.get("/v1/models").status_code == 200


@pytest.mark.slow
class TestShuttingDown:
    """Every refusal of a server that ends is a 503: a 429 would be taken for a full one."""

    def end(self, live: Live) -> None:
        live.server.handle_exit(signal.SIGTERM, None)

    def is_refused(self, raw: socket.socket) -> None:
        answer = http.client.HTTPResponse(raw, method="POST")
        answer.begin()
        assert answer.status == 503, answer.read()
        assert int(answer.headers["retry-after"]) >= 1
        assert json.loads(answer.read())["error"]["code"] == "shutting_down"
        raw.close()

    def test_one_that_waits_for_an_engine_to_load(
        self, serve: Serve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(registry.specs(), "slow", replace(registry.find("slow"), public=True))
        live = serve(drain_s=0.2)
        SlowEngine.gate.clear()
        raw = live.post_raw("/v1/audio/speech", {"input": "một", "model": "slow"})
        services = live.server.services
        wait_until(lambda: services.lifecycle.in_flight == 1, "the request")
        self.end(live)
        self.is_refused(raw)
        SlowEngine.gate.set()

    def test_one_that_waits_to_be_planned(self, serve: Serve) -> None:
        live = serve(drain_s=0.2)
        services, gate = live.server.services, threading.Event()
        others = [services.pools.requests.submit(gate.wait, 20) for _ in range(8)]
        raw = live.post_raw("/v1/audio/speech", {"input": "một"})
        wait_until(lambda: services.lifecycle.in_flight == 1, "the request")
        self.end(live)
        self.is_refused(raw)
        gate.set()
        assert others[0].result()

    def test_one_that_waits_for_a_place_in_a_full_server(self, cue_serve: Serve) -> None:
        live = cue_serve(queue_limit=1, drain_s=20)
        waiting = live.post_raw("/v1/audio/speech", {"input": "chờ"})
        wait_until(lambda: live.stats.depth["interactive"] == 1, "the first request")
        assert live.speech("hai").json()["error"]["code"] == "queue_full"
        self.end(live)
        self.is_refused(live.post_raw("/v1/audio/speech", {"input": "hai"}))
        CueEngine.gate.set()
        assert waiting.recv(100).startswith(b"HTTP/1.1 200")  # what was taken is finished
        waiting.close()

    @pytest.mark.parametrize("drain_s", [0.2, 20.0])
    def test_one_whose_body_comes_during_the_drain_or_never(
        self, cue_serve: Serve, drain_s: float
    ) -> None:
        live = cue_serve(drain_s=drain_s)
        waiting = live.post_raw("/v1/audio/speech", {"input": "chờ"})
        raw = live.connect()
        raw.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n")
        raw.sendall(b'Content-Type: application/json\r\n\r\n{"inpu')
        wait_until(lambda: live.stats.depth["interactive"] == 1, "the first request")
        self.end(live)
        if drain_s > 1:
            raw.sendall(b't": "a"}')
        self.is_refused(raw)
        CueEngine.gate.set()
        waiting.close()

    def test_one_whose_engine_was_closed_meanwhile(self, live: Live) -> None:
        live.server.services.sonca.close()
        self.is_refused(live.post_raw("/v1/audio/speech", {"input": "một"}))

    def test_half_a_request_does_not_hold_the_end_up(self, serve: Serve) -> None:
        live = serve(drain_s=600)
        raw = live.connect()
        raw.sendall(b"POST /v1/audio/speech HTTP/1.1\r\nHost: x\r\nContent-Length: 15\r\n\r\n{")
        wait_until(lambda: len(live.server.server_state.tasks) == 1, "the request")
        self.end(live)
        self.is_refused(raw)


def test_every_cause_of_a_429_is_documented() -> None:
    source = Path(errors.__file__).parent
    raised = {
        code
        for file in source.rglob("*.py")
        for code in re.findall(r'reason="(\w+)"', file.read_text("utf-8"))
    }
    assert raised - {"shutting_down"} == set(REFUSALS)
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    for code, meaning in REFUSALS.items():
        assert f"| `{code}` | {meaning} |" in page


class TestRequestId:
    def test_a_sane_one_is_taken(self, shared: Live) -> None:
        for id in ("abc", "A-1_2.3:4", "x" * 128):
            answer = shared.http.get("/livez", headers={"x-request-id": id})
            assert answer.headers["x-request-id"] == id

    @pytest.mark.parametrize("id", ["", "a b", "x" * 129, "<script>", "a\tb", "ế".encode()])
    def test_another_is_replaced(self, shared: Live, id: str | bytes) -> None:
        answer = shared.http.get("/livez", headers={"x-request-id": id})
        assert re.fullmatch(r"[0-9a-f]{24}", answer.headers["x-request-id"])

    def test_it_is_in_every_answer_and_in_the_log(
        self, shared: Live, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for path, status in (("/nothing", 404), ("/v1/audio/speech", 405), ("/livez", 200)):
            answer = shared.http.get(path)
            assert answer.status_code == status
            id = answer.headers["x-request-id"]
            # The line is written when all is sent, which the client may see before.
            wait_until(
                lambda path=path: any(
                    getattr(record, "path", None) == path for record in caplog.records
                ),
                "the line",
            )
            told = answer.json()
            assert "detail" not in told or told["request_id"] == id

    def test_the_synthesizers_answer_has_the_clients_id(self, shared: Live) -> None:
        told = shared.http.post(
            "/api/tts/synthesize",
            json={"text": "một", "return_audio": False},
            headers={"x-request-id": "mine"},
        ).json()
        assert told["request_id"] == "mine"
        assert told["file_metadata"]["request_id"] == "mine"


class TestLogs:
    def record(self, message: str, **extra: object) -> logging.LogRecord:
        record = logging.LogRecord("sonca.test", logging.INFO, __file__, 1, message, None, None)
        vars(record).update(extra)
        return record

    def test_json_is_one_line_with_the_id(self) -> None:
        line = logs.JsonFormatter().format(self.record("a\nb", request_id="x1", status=200))
        assert "\n" not in line
        told = json.loads(line)
        assert told["message"] == "a\nb"
        assert (told["request_id"], told["status"], told["level"]) == ("x1", 200, "info")

    def test_text_cannot_be_forged(self) -> None:
        line = logs.TextFormatter().format(
            self.record("GET /a\r\n12:00:00 ERROR fake \x1b[31m", request_id="x1")
        )
        assert "\n" not in line and "\r" not in line and "\x1b" not in line
        assert line.endswith("[x1]")

    def test_an_exception_is_shown_whole(self) -> None:
        try:
            raise ValueError("Đây")
        except ValueError as error:
            record = self.record("oops")
            record.exc_info = (ValueError, error, error.__traceback__)
        assert "Traceback" in logs.TextFormatter().format(record)
        assert "Traceback" in json.loads(logs.JsonFormatter().format(record))["exception"]

    def test_configure(self, capsys: pytest.CaptureFixture[str]) -> None:
        root = logging.getLogger()
        before, level = root.handlers[:], root.level
        try:
            logs.configure("info", "auto")
            token = logs.request_id_of_this_task.set("id-7")
            logging.getLogger("sonca.x").info("chào")
            logging.getLogger("sonca.x").debug("unheard")
            logs.request_id_of_this_task.reset(token)
        finally:
            root.handlers[:], root.level = before, level
        told = json.loads(capsys.readouterr().err)
        assert (told["message"], told["request_id"]) == ("chào", "id-7")


def test_what_nobody_foresaw_is_a_500_without_a_traceback(
    live: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(type(live.server.services.audio), "stats", fail)
    answer = live.http.get("/api/tts/storage/stats")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret detail" in caplog.text
    monkeypatch.undo()
    assert "sonca_unhandled_exceptions_total 1.0" in live.http.get("/metrics").text


class TestCors:
    ASK: ClassVar = {
        "origin": "https://app.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }

    def test_off_unless_configured(self, shared: Live) -> None:
        assert shared.http.options("/v1/audio/speech", headers=self.ASK).status_code == 405
        answer = shared.http.get("/livez", headers={"origin": "https://app.example"})
        assert "access-control-allow-origin" not in answer.headers

    def test_configured(self, serve: Serve) -> None:
        live = serve(cors_origins="https://app.example", api_keys="key")
        asked = live.http.options("/v1/audio/speech", headers=self.ASK)
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == "https://app.example"
        other = live.http.options(
            "/v1/audio/speech", headers=self.ASK | {"origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in other.headers
        # A refusal can be read by the page that caused it.
        refused = live.http.post(
            "/v1/audio/speech", json={}, headers={"origin": "https://app.example"}
        )
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == "https://app.example"
        assert "X-File-ID" in refused.headers["access-control-expose-headers"]


def test_metrics(live: Live) -> None:
    size = len(live.synthesize("Một hai.").content)
    live.speech("Một hai.", response_format="wav")
    live.speech("Một hai.", voice="nobody")
    live.http.get("/no/such/path")

    def told() -> str:
        return live.http.get("/metrics").text

    for line in (
        'sonca_http_requests_total{method="POST",route="/v1/audio/speech",status="200"} 1.0',
        'sonca_http_requests_total{method="POST",route="/v1/audio/speech",status="400"} 1.0',
        'sonca_http_requests_total{method="POST",route="/api/tts/synthesize",status="200"} 1.0',
        'sonca_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'sonca_first_audio_seconds_count{api="openai"} 1.0',
        'sonca_first_audio_seconds_count{api="predecessor"} 1.0',
        'sonca_sent_audio_seconds_total{api="openai",format="wav"} 0.4',
        'sonca_errors_total{code="unknown_voice"} 1.0',
        'sonca_audio_seconds_total{engine="tone"} 0.8',
        'sonca_queue_depth{engine="tone",lane="interactive"} 0.0',
        'sonca_queue_depth{engine="tone",lane="bulk"} 0.0',
        'sonca_engine_ready{engine="tone"} 1.0',
        'sonca_cancelled_requests_total{engine="tone"} 0.0',
        "sonca_requests_in_flight 0.0",
        "sonca_kept_audio_files 1.0",
        f"sonca_kept_audio_bytes {float(size)}",
    ):
        wait_until(lambda line=line: line in told(), line)
    assert re.search(r'sonca_real_time_factor\{engine="tone"\} \d', told())


def test_apps_do_not_share_counters(serve: Serve) -> None:
    first, second = serve(), serve()
    first.speech("một")
    assert 'route="/v1/audio/speech"' not in second.http.get("/metrics").text


def test_devices(shared: Live) -> None:
    told = shared.http.get("/v1/devices").json()
    assert told["requested"] == "auto"
    assert isinstance(told["gpu_present"], bool)
    tone = next(engine for engine in told["engines"] if engine["name"] == "tone")
    assert (tone["device"], tone["state"], tone["default"]) == ("cpu", "ready", True)
    assert told["warnings"] == []


def test_a_gpu_that_was_asked_for_and_is_not_used() -> None:
    def status(device: str) -> EngineStatus:
        info = EngineInfo("viettts", "1", 22_050, device)
        return EngineStatus("viettts", None, True, None, info)

    assert device_warnings("cuda", [status("cuda:0")]) == []
    assert device_warnings("auto", [status("cpu")]) == []
    (warning,) = device_warnings("cuda", [status("cpu")])
    assert "viettts runs on cpu" in warning


def test_the_page_has_strict_headers_and_is_cached_by_content(shared: Live) -> None:
    answer = shared.http.get("/")
    if answer.status_code == 404:
        pytest.skip("this checkout has no page")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = shared.http.get("/", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_requests_do_not_hinder_each_other(live: Live) -> None:
    """Many clients at once, each with its own sound."""
    texts = [" ".join(["một", "hai", "ba"][: 1 + n % 3]) for n in range(24)]
    sizes: list[int] = [0] * len(texts)

    def ask(n: int) -> None:
        sizes[n] = len(live.speech(texts[n], response_format="wav").content)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sizes == [44 + 6400 * (1 + n % 3) for n in range(len(texts))]


def test_a_sweep_that_fails_in_a_way_nobody_foresaw_is_logged_and_not_the_last(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    live = serve(sweep_s=0.02)
    swept: list[int] = []

    def broken() -> int:
        swept.append(1)
        raise ValueError("no such thing")

    monkeypatch.setattr(live.server.services.audio, "sweep", broken)
    wait_until(lambda: len(swept) >= 3, "the third sweep")
    assert "sonca_unhandled_exceptions_total" in live.http.get("/metrics").text
