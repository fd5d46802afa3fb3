"""Requests for an engine that is still being loaded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from sonca.engines import registry

from .conftest import Live, Serve, wait_until
from .engines import SlowEngine


@pytest.fixture(autouse=True)
def _gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # As any engine that is installed, and not the default one.
    monkeypatch.setitem(registry.specs(), "slow", replace(registry.find("slow"), public=True))
    SlowEngine.gate.clear()
    yield
    SlowEngine.gate.set()


def in_flight(live: Live) -> int:
    return live.server.services.lifecycle.in_flight


def test_the_time_limit_holds_while_the_engine_is_loaded(serve: Serve) -> None:
    live = serve(request_timeout_s=0.2)
    answer = live.speech("một hai", model="slow")
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "deadline_exceeded"
    assert live.synthesize("một hai", model="slow").status_code == 504
    assert live.synthesize("***", model="slow").status_code == 504  # nothing to say
    assert live.speech("một hai").status_code == 200  # the engine that is there goes on
    SlowEngine.gate.set()
    wait_until(lambda: live.speech("một hai", model="slow").status_code == 200, "the engine")


@pytest.mark.slow
def test_who_goes_away_meanwhile_is_no_longer_answered(serve: Serve) -> None:
    live = serve()
    sockets = [
        live.post_raw("/v1/audio/speech", {"input": "một", "model": "slow"}),
        live.post_raw("/api/tts/synthesize", {"text": "một", "model": "slow"}),
    ]
    wait_until(lambda: in_flight(live) == 2, "the requests")
    for raw in sockets:
        raw.close()
    wait_until(lambda: in_flight(live) == 0, "the end of the requests")
    counted = 'sonca_http_requests_total{method="POST",route="/v1/audio/speech",status="499"} 1.0'
    wait_until(lambda: counted in live.http.get("/metrics").text, "the count")
    assert not SlowEngine.gate.is_set()


def test_who_waits_for_it_is_answered(serve: Serve) -> None:
    live = serve()
    answers: list[httpx.Response] = []
    callers = [
        threading.Thread(target=lambda: answers.append(live.speech("một hai", model="slow")))
        for _ in range(3)
    ]
    for caller in callers:
        caller.start()
    wait_until(lambda: in_flight(live) == 3, "the requests")
    SlowEngine.gate.set()
    for caller in callers:
        caller.join(30)
    assert [answer.status_code for answer in answers] == [200] * 3
