"""The facade with models that come and go, and with voices of other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca import Sonca
from sonca.engines.base import Setup
from sonca.errors import EngineNotInstalled
from tests.engines.piper import tiny


def test_models_that_come_are_found_by_a_reload(tmp_path: Path) -> None:
    """And the best engine becomes the default one, unless one was asked for."""
    with Sonca(setup=Setup(models_dir=tmp_path)) as sonca:
        assert sonca.default_engine == "espeak"
        sonca.load().loaded.result()
        tiny.save(tmp_path)
        assert sonca.reload()[0].id == "vi_vn-tiny-low"
        assert sonca.default_engine == "piper"
        assert sonca.speak("Xin chào.").duration_s > 0.2
    with Sonca("espeak", setup=Setup(models_dir=tmp_path)) as sonca:
        sonca.reload()
        assert sonca.default_engine == "espeak"


def test_an_engine_that_broke_for_want_of_a_voice_is_tried_again(tmp_path: Path) -> None:
    model = tiny.save(tmp_path)
    whole = model.read_bytes()
    model.write_bytes(b"no model")
    with Sonca("piper", setup=Setup(models_dir=tmp_path)) as sonca:
        with pytest.raises(EngineNotInstalled, match="cannot be loaded"):
            sonca.speak("Xin chào.")
        model.write_bytes(whole)
        sonca.reload()
        assert sonca.speak("Xin chào.").duration_s > 0.2


def test_a_voice_of_another_language_gets_the_text_as_it_is(tmp_path: Path) -> None:
    tiny.save(tmp_path, "en_US-tiny-low", espeak={"voice": "en-us"}, language={"code": "en_US"})
    with Sonca(setup=Setup(models_dir=tmp_path)) as sonca:
        assert sonca.default_engine == "espeak"
        english = sonca.stream("Twenty 5 times.", voice="en_us-tiny-low")
        marks = [m for chunk in english for m in chunk.marks if m.kind == "word"]
        assert [mark.span for mark in marks] == [(0, 6), (7, 8), (9, 14)]
        vietnamese = sonca.stream("Twenty 5 times.", voice="north-male")
        assert len([m for chunk in vietnamese for m in chunk.marks if m.kind == "word"]) > 3
