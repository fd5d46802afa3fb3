"""Sound that was made before, engines nobody uses, sound that cannot be right."""

from __future__ import annotations

import httpx
import pytest

from sonca.worker import quality

from .conftest import Serve, wait_until


def test_equal_requests_give_equal_bytes_though_the_engine_never_repeats_itself(
    serve: Serve,
) -> None:
    live = serve(engine="espeak", cache_quota_bytes=10**8)
    text = "Chiều hôm đó trời nổi gió. Mây kéo xuống."
    first = live.synthesize(text).content
    wait_until(lambda: len(list(live.data_dir.rglob("*.chunk"))) == 2, "two kept utterances")
    assert live.synthesize(text).content == first
    assert live.stats.reused == 2
    assert 'sonca_reused_utterances_total{engine="espeak"} 2.0' in live.http.get("/metrics").text


def test_no_quota_keeps_nothing(serve: Serve) -> None:
    live = serve(cache_quota_bytes=0)
    live.synthesize("Một hai.")
    assert list(live.data_dir.rglob("*.chunk")) == []


def test_an_idle_engine_is_unloaded_stays_ready_and_comes_back(serve: Serve) -> None:
    live = serve(unload_after_s=0.05, sweep_s=0.05)
    live.synthesize("Một.")
    sonca = live.server.services.sonca
    wait_until(lambda: sonca.pool.state == "unloaded", "unloading")
    assert live.http.get("/readyz").status_code == 200
    assert live.http.get("/health").json()["status"] == "healthy"
    assert sonca.pool.state == "unloaded", "asking about it does not load it"
    assert live.synthesize("Một.").status_code == 200


def test_sound_that_cannot_be_right_is_told(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MIN_SYLLABLE_S", 0.3)
    live = serve()
    answer: httpx.Response = live.synthesize("Một hai. Ba bốn.")
    assert answer.status_code == 200
    assert answer.headers["X-Suspect-Utterances"] == "2"
    assert 'sonca_suspect_utterances_total{engine="tone"} 2.0' in live.http.get("/metrics").text
