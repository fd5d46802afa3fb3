"""Sonca's serial VieNeu as a peer: ``our_peer.py MODEL_FOLDER THREADS``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.peers.common import Speak, serve
from benchmarks.spoken import Heard
from sonca.engines.base import Options, Setup
from sonca.engines.vieneu.engine import VieneuEngine
from sonca.engines.vieneu.model_folder import open_folder
from sonca.testing import utterance


def load(model: str, threads: int) -> Speak:
    models_dir = Path(model).parents[1]
    setup = Setup(models_dir, threads=threads or None)
    engine = VieneuEngine(open_folder(Path(model)), setup, serial=True)
    voice = engine.voice(engine.voices(setup)[0].id)

    def speak(text: str, heard: Heard) -> None:
        for chunk in engine.synthesize(utterance(text), voice, Options()):
            heard(chunk.duration_s)

    return speak


if __name__ == "__main__":
    serve(load)
