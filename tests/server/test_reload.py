"""Models that come while the server runs."""

from __future__ import annotations

import signal
from pathlib import Path

from tests.engines.piper import tiny

from .conftest import Live, Serve, wait_until


def voices(live: Live) -> set[str]:
    return {voice["id"] for voice in live.http.get("/v1/audio/voices").json()["data"]}


def add(live: Live, name: str = "vi_VN-tiny-low") -> Path:
    return tiny.save(live.data_dir / "models", name)


def test_a_voice_that_came_speaks_after_a_reload(serve: Serve) -> None:
    server = serve(engine="espeak")
    assert "vi_vn-tiny-low" not in voices(server)
    add(server)
    answer = server.http.post("/v1/models/reload")
    assert answer.status_code == 200
    assert "vi_vn-tiny-low" in answer.json()["voices"]
    assert answer.json()["default_model"] == "espeak"
    assert "vi_vn-tiny-low" in voices(server)
    spoken = server.speech("Xin chào.", voice="vi_vn-tiny-low", model="piper")
    assert spoken.status_code == 200
    assert len(spoken.content) > 1000


def test_a_voice_that_went_is_refused_after_a_reload(serve: Serve) -> None:
    server = serve(engine="espeak")
    model = add(server)
    server.http.post("/v1/models/reload")
    model.unlink()
    server.http.post("/v1/models/reload")
    assert server.speech("Xin chào.", voice="vi_vn-tiny-low").status_code == 400


def test_sighup_reloads(serve: Serve) -> None:
    server = serve(engine="espeak")
    add(server)
    server.server.handle_reload(signal.SIGHUP, None)
    wait_until(lambda: "vi_vn-tiny-low" in voices(server), "the voice")
