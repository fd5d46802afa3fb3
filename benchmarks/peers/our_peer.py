"""Sonca as a peer: the library's whole path, text plan, worker, engine."""

import sys
import tempfile
from pathlib import Path

from benchmarks.peers.common import Speak, serve
from benchmarks.peers.voice import models_of, texts_of, until_in_bf16
from benchmarks.spoken import Heard
from sonca import Sonca
from sonca.engines.base import Setup

EXACT = "exact"
"""Given as the last argument it speaks in float32 only."""


def load(model: str, threads: int) -> Speak:
    models = models_of(Path(model), Path(tempfile.mkdtemp()))
    exact = EXACT in sys.argv
    sonca = Sonca("piper", setup=Setup(models, threads=threads or None, exact=exact))
    sonca.load().loaded.result()

    def speak(text: str, heard: Heard) -> None:
        with sonca.stream(text) as speech:
            for chunk in speech:
                heard(chunk.duration_s)

    if not exact:
        for text in texts_of(Path(model)):
            sonca.speak(text)
        until_in_bf16(models)
    return speak


if __name__ == "__main__":
    serve(load)
