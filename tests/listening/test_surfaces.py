"""Listening from outside: HTTP, the command line, books."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca import Sonca
from sonca.book.build import Build
from sonca.book.cast import Role, one_voice
from sonca.book.output import Target
from sonca.book.sources import read_book
from sonca.errors import EngineNotInstalled
from sonca.listening import Listener
from tests.listening.ears import Ears
from tests.server.conftest import running

TEXT = "Chiều hôm ấy trời nổi cơn gió lạnh. Đò nhỏ trôi giữa sông đêm vắng người."
KNOWN = [word for word in TEXT.lower().replace(".", "").split() if word != "gió"]


def ears(monkeypatch: pytest.MonkeyPatch, sonca: Sonca, words: list[str]) -> None:
    listener = Listener(Ears(words))
    monkeypatch.setattr(sonca, "listener", lambda _language: listener)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (  # what streams has sent its head before the last sentence was heard
            "/v1/audio/speech",
            {"model": "tone", "input": TEXT.partition(" Đò")[0], "response_format": "wav"},
        ),
        ("/api/tts/synthesize", {"model": "tone", "text": TEXT}),
    ],
)
def test_an_answer_says_how_many_sentences_are_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, object]
) -> None:
    with running(tmp_path) as live:
        ears(monkeypatch, live.server.services.sonca, KNOWN)
        voiced = body | {"voice": "low"}
        unheard = live.http.post(path, json=voiced)
        heard = live.http.post(path, json=voiced | {"verify": True})
    assert unheard.status_code == heard.status_code == 200
    assert "x-suspect-utterances" not in unheard.headers
    assert heard.headers["x-suspect-utterances"] == "1"
    assert heard.content == unheard.content  # tones are the same with every seed but for pitch


def test_without_a_recogniser_the_answer_says_what_to_fetch(tmp_path: Path) -> None:
    with running(tmp_path) as live:
        refused = live.speech("Xin chào.", verify=True)
    assert refused.status_code == 404
    assert "models pull zipformer-vi" in refused.json()["error"]["message"]


def test_a_book_tells_which_sentences_are_doubtful(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "b.txt"
    path.write_text(f"Chương 1\n\n{TEXT}", encoding="utf-8")
    with Sonca("tone") as sonca:
        ears(monkeypatch, sonca, [*KNOWN, "chương", "một"])
        target = Target(tmp_path / "b.m4b")
        report = Build(read_book(path), target, sonca, one_voice(Role("low")), verify=True).run()
    assert [(p.reason, p.text) for p in report.problems] == [
        ("doubtful", "Chiều hôm ấy trời nổi cơn gió lạnh.")
    ]


def test_a_book_is_refused_before_it_is_begun_where_nothing_can_hear(tmp_path: Path) -> None:
    path = tmp_path / "b.txt"
    path.write_text(TEXT, encoding="utf-8")
    with Sonca("tone") as sonca, pytest.raises(EngineNotInstalled, match="models pull"):
        Build(read_book(path), Target(tmp_path / "b.m4b"), sonca, one_voice(Role()), verify=True)
