"""What the command line does with VietTTS models. Prints nothing itself: `say` does."""

from __future__ import annotations

import re
from pathlib import Path

from sonca.engines.viettts.convert import fetch
from sonca.engines.viettts.model_folder import (
    CONVERTED,
    HOME,
    VAD,
    VOCABULARY,
    ModelFolder,
    Precision,
)
from sonca.errors import InvalidRequest

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")


def place(source: Path, models_dir: Path) -> Path:
    """Returns where the conversion of a checkpoint folder belongs, so that the engine finds it."""
    name = source.resolve().name
    if not NAME.fullmatch(name):
        raise InvalidRequest(
            f"a model cannot be called {name[:60]!r}; rename the folder, or give --into",
            field="into",
        )
    return models_dir / HOME / name / CONVERTED


def convert_folder(
    source: Path,
    target: Path,
    models_dir: Path,
    say: fetch.Say,
    *,
    vocabulary: Path | None = None,
    vad: Path | None = None,
    precision: Precision = "fast",
    cuda: bool = False,
) -> ModelFolder:
    """Converts; fetches the vocabulary and the speech detector where they are not given."""
    from sonca.engines.viettts.convert.convert import convert

    kept = models_dir / HOME / ".files"
    if vocabulary is None:
        say("the tokenizer's vocabulary (from the package viet-tts)")
        vocabulary = fetch.fetch(fetch.VOCABULARY, kept / VOCABULARY)
    if vad is None:
        say("the speech detector (from the package silero-vad)")
        vad = fetch.fetch(fetch.VAD, kept / VAD)
    return convert(source, target, vocabulary, vad=vad, precision=precision, cuda=cuda, say=say)
