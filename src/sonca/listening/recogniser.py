"""What hears: the contract of recognisers, and which of them are here.

A recogniser is a folder of files under ``<models>/listen``, told apart by what lies in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sonca import install
from sonca.audio import Samples
from sonca.errors import EngineNotInstalled
from sonca.listening.alignment import HeardWord

FOLDER = "listen"
_MODELS = ("zipformer-vi", "whisper-base")


class Recogniser(Protocol):
    """Writes down what is said. Used by one thread at a time."""

    name: str

    def hear(self, samples: Samples, sample_rate_hz: int, language: str) -> list[HeardWord]:
        """Returns the words in `samples`, (N,) float32, in lower case and in order."""


def missing(models_dir: Path | None) -> str | None:
    """Returns why nothing can be heard here, with the step that helps; None if it can."""
    found = _folder(models_dir)
    if found is None:
        return f"no recogniser is here: {install.program()} models pull {' or '.join(_MODELS)}"
    return install.needed("listen", _package(found))


def open_recogniser(models_dir: Path | None, threads: int | None = None) -> Recogniser:
    """Loads the first recogniser that is here, a Vietnamese transducer before Whisper. Raises
    `EngineNotInstalled`."""
    folder = _folder(models_dir)
    if (reason := missing(models_dir)) is not None or folder is None:
        raise EngineNotInstalled(f"sound cannot be listened to: {reason}", field="verify")
    if _package(folder) == "sherpa_onnx":
        from sonca.listening.transducer import Transducer

        return Transducer(folder, threads or 1)
    from sonca.listening.whisper import Whisper

    return Whisper(folder, threads or 1)


def _folder(models_dir: Path | None) -> Path | None:
    if models_dir is None:
        return None
    found = [each for each in sorted((models_dir / FOLDER).glob("[!.]*")) if _package(each)]
    return min(found, key=lambda each: _package(each) != "sherpa_onnx", default=None)


def _package(folder: Path) -> str:
    """Returns the package that runs the model in a folder; empty if there is none in it."""
    if (folder / "tokens.txt").is_file() and any(folder.glob("joiner*.onnx")):
        return "sherpa_onnx"
    return "faster_whisper" if (folder / "model.bin").is_file() else ""
