"""What hears: the contract of recognisers, and which of them are here.

A recogniser is a folder of files under ``<models>/listen``, told apart by what lies in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from sonca import install
from sonca.audio import Samples
from sonca.errors import EngineNotInstalled, InvalidRequest
from sonca.listening.alignment import HeardWord

FOLDER = "listen"
_MODELS = ("zipformer-vi", "whisper-base")


class Recogniser(Protocol):
    """Writes down what is said. Used by one thread at a time."""

    name: str

    def hear(self, samples: Samples, sample_rate_hz: int, language: str) -> list[HeardWord]:
        """Returns the words in `samples`, (N,) float32, in lower case and in order."""


def missing(models_dir: Path | None, language: str = "vi") -> str | None:
    """Returns why nothing can be heard here in a language, with the step that helps; None if it
    can."""
    found = folder_of(models_dir, language)
    if found is None:
        models = _MODELS if _is_vietnamese(language) else _MODELS[1:]
        return f"no recogniser is here: {install.program()} models pull {' or '.join(models)}"
    return install.needed("listen", _package(found))


def open_recogniser(
    models_dir: Path | None, threads: int | None = None, language: str = "vi"
) -> Recogniser:
    """Loads the best recogniser that is here, for Vietnamese a transducer before Whisper. Raises
    `EngineNotInstalled`, `InvalidRequest` for files that are none."""
    folder = folder_of(models_dir, language)
    if (reason := missing(models_dir, language)) is not None or folder is None:
        raise EngineNotInstalled(f"sound cannot be listened to: {reason}", field="verify")
    try:
        return _opened(folder, threads or 1)
    except (RuntimeError, ValueError, OSError) as error:  # half a file, or another model's
        raise InvalidRequest(
            f"the recogniser in {folder} cannot be loaded ({error}); "
            f"{install.program()} models verify {folder.name} says what is wrong with it",
            field="verify",
        ) from error


def _opened(folder: Path, threads: int) -> Recogniser:
    if _package(folder) == "sherpa_onnx":
        from sonca.listening.transducer import Transducer

        return Transducer(folder, threads)
    from sonca.listening.whisper import Whisper

    return Whisper(folder, threads)


def folder_of(models_dir: Path | None, language: str = "vi") -> Path | None:
    """Returns the folder of the recogniser for a language: a transducer knows Vietnamese only,
    Whisper every language."""
    if models_dir is None:
        return None
    wanted = ["faster_whisper"]
    if _is_vietnamese(language):
        wanted.insert(0, "sherpa_onnx")
    found = {_package(each): each for each in sorted((models_dir / FOLDER).glob("[!.]*"))}
    return next((found[package] for package in wanted if package in found), None)


def _is_vietnamese(language: str) -> bool:
    return language.partition("-")[0].lower() in ("", "vi")


def _package(folder: Path) -> str:
    """Returns the package that runs the model in a folder; empty if there is none in it."""
    if (folder / "tokens.txt").is_file() and any(folder.glob("joiner*.onnx")):
        return "sherpa_onnx"
    return "faster_whisper" if (folder / "model.bin").is_file() else ""
