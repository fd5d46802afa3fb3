"""Every surface says who waits for its sound, and the same request says the same everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from sonca import Sonca
from sonca.cli.app import app
from sonca.server.app import create_app
from sonca.settings import Settings
from sonca.synthesizer import Speech, SpeechRequest
from sonca.utterance import Priority

TEXT = "Một hai. Ba bốn."


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[Priority]]:
    """The priorities that are asked for, in order."""
    monkeypatch.setenv("SONCA_ENGINE", "tone")
    monkeypatch.setenv("SONCA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    seen: list[Priority] = []
    submit = Sonca.submit

    def noting(self: Sonca, request: SpeechRequest, *, wait: bool = True) -> Speech:
        seen.append(request.priority)
        return submit(self, request, wait=wait)

    monkeypatch.setattr(Sonca, "submit", noting)
    yield seen


def stream() -> None:
    with Sonca("tone") as sonca:
        list(sonca.stream(TEXT))


def speak() -> None:
    with Sonca("tone") as sonca:
        sonca.speak(TEXT)


def command(*words: str) -> Callable[[], None]:
    def run() -> None:
        Path("book.txt").write_text(TEXT, "utf-8")
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output

    return run


def post(path: str, body: dict[str, object]) -> Callable[[], None]:
    def run() -> None:
        text = {"input" if path.startswith("/v1") else "text": TEXT}
        with TestClient(create_app(Settings(engine="tone"))) as client:
            assert client.post(path, json=text | body).status_code == 200

    return run


BUILD = command("book", "build", "book.txt", "-o", "out.m4b")
OPENAI, COMPATIBLE = "/v1/audio/speech", "/api/tts/synthesize"


@pytest.mark.parametrize(
    ("surface", "priority"),
    [
        pytest.param(stream, Priority.REALTIME, id="stream"),
        pytest.param(speak, Priority.FILE, id="speak"),
        pytest.param(command("say", TEXT, "-o", "a.wav"), Priority.FILE, id="say to a file"),
        pytest.param(
            command("book", "build", "book.txt", "-o", "out.m4b"), Priority.BATCH, id="book"
        ),
        pytest.param(post(OPENAI, {"response_format": "mp3"}), Priority.REALTIME, id="mp3"),
        pytest.param(post(OPENAI, {"response_format": "wav"}), Priority.FILE, id="short wav"),
        pytest.param(post(COMPATIBLE, {}), Priority.FILE, id="short wav, kept"),
        pytest.param(post(COMPATIBLE, {"return_audio": False}), Priority.FILE, id="only kept"),
    ],
)
def test_a_surface_says_who_waits(
    asked: list[Priority], surface: Callable[[], None], priority: Priority
) -> None:
    surface()
    assert set(asked) == {priority}
