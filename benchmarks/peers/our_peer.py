"""Sonca as a peer, like `piper_peer`: ``python our_peer.py VOICE.onnx THREADS``.

The library's whole path: text plan, worker, engine.
"""

import sys
import tempfile
from pathlib import Path

from common import serve

from sonca import Sonca
from sonca.engines.base import Setup


def speaker(model: str, threads: int):
    folder = Path(tempfile.mkdtemp())
    home = folder / "piper"
    home.mkdir()
    for path in (Path(model), Path(model + ".json")):
        (home / path.name).symlink_to(path.resolve())
    sonca = Sonca("piper", setup=Setup(folder, threads=threads or None))
    sonca.load().loaded.result()

    def speak(text: str, heard) -> None:
        with sonca.stream(text) as speech:
            for chunk in speech:
                heard(chunk.duration_s)

    return speak


if __name__ == "__main__":
    serve(speaker(sys.argv[1], int(sys.argv[2])))
