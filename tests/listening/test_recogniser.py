"""Which recogniser hears what."""

from __future__ import annotations

from pathlib import Path

import pytest

from sonca.errors import SoncaError
from sonca.listening import folder_of, missing, open_recogniser


def make(home: Path, name: str, *files: str) -> Path:
    folder = home / "listen" / name
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).write_bytes(b"half")
    return folder


def test_each_language_has_its_recogniser(tmp_path: Path) -> None:
    assert folder_of(None) is None
    assert folder_of(tmp_path) is None
    vietnamese = make(tmp_path, "zipformer-vi", "tokens.txt", "joiner.int8.onnx")
    make(tmp_path, "nothing", "README.md")
    assert folder_of(tmp_path) == folder_of(tmp_path, "vi-VN") == vietnamese
    assert folder_of(tmp_path, "en-US") is None
    reason = missing(tmp_path, "en-US")
    assert reason is not None
    assert "whisper-base" in reason
    assert "zipformer" not in reason
    whisper = make(tmp_path, "whisper-base", "model.bin")
    assert folder_of(tmp_path, "en-US") == whisper
    assert folder_of(tmp_path, "vi") == vietnamese


@pytest.mark.parametrize(("language", "package"), [("vi", "sherpa_onnx"), ("en", "faster_whisper")])
def test_a_recogniser_of_which_half_is_there_is_refused(
    tmp_path: Path, language: str, package: str
) -> None:
    make(tmp_path, "zipformer-vi", "tokens.txt", "joiner.int8.onnx")
    make(tmp_path, "whisper-base", "model.bin")
    try:
        __import__(package)
        expected = "models verify"
    except ImportError:
        expected = package
    with pytest.raises(SoncaError, match=expected):
        open_recogniser(tmp_path, 1, language)
