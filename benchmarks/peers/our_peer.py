"""Sonca as a peer: the library's whole path, text plan, worker, engine."""

import tempfile
from pathlib import Path

from benchmarks.peers.common import Heard, Speak, serve
from benchmarks.peers.voice import models_of
from sonca import Sonca
from sonca.engines.base import Setup


def load(model: str, threads: int) -> Speak:
    models = models_of(Path(model), Path(tempfile.mkdtemp()))
    sonca = Sonca("piper", setup=Setup(models, threads=threads or None))
    sonca.load().loaded.result()

    def speak(text: str, heard: Heard) -> None:
        with sonca.stream(text) as speech:
            for chunk in speech:
                heard(chunk.duration_s)

    return speak


if __name__ == "__main__":
    serve(load)
