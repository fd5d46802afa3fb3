"""Makes Nano's golden numbers with the vieneu package's own code, on a random model.

    python -m benchmarks.vieneu.golden_nano tests/engines/vieneu_nano/golden.npz

The Python is one that has vieneu 3.8.3 and onnx; nothing is downloaded. Sound is kept at every
120th sample.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vieneu.golden import recording
from benchmarks.vieneu.random_nano import write

STRIDE = 120
CASES = (
    ("sˈin tʃˈaː2w.", 16, 1.0, 3),
    ("tʃˈiɛ2w hˈom ɗˈɔɜ tʃˈəː2j nˈo4j zˈɔɜ, mˈəɪ t̪ˌy2 fˈiəɜ nˈuɜj kˈɛɜw.", 16, 1.3, 4),
    ("tʃˈiɛ2w hˈom ɗˈɔɜ tʃˈəː2j nˈo4j zˈɔɜ, mˈəɪ t̪ˌy2 fˈiəɜ nˈuɜj kˈɛɜw.", 6, 0.8, 5),
)
"""Phonemes, steps, speed, seed."""


def main() -> None:
    """Writes the golden file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    os.environ["HF_HUB_OFFLINE"] = "1"
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name))
        nano: Any = import_module("vieneu.v3nano")
        engine = nano.OnnxV3NanoEngine(local_dir=str(folder), threads=1)
        voices = json.loads((folder / "voices_v3_nano.json").read_text("utf-8"))
        preset = voices["presets"]["Giọng 2"]
        for number, (phonemes, steps, speed, seed) in enumerate(CASES):
            sound = engine.infer(
                phonemes,
                np.array(preset["speaker_emb"], np.float32),
                np.array(preset["style"], np.float32),
                steps=steps,
                speed=speed,
                seed=seed,
                sway=-1.0 if steps <= 8 else 0.0,
            )
            found[f"sound-{number}"] = sound[::STRIDE]
            found[f"length-{number}"] = len(sound)
        for denoise in (False, True):
            speaker, style = engine.prepare_reference(recording(22_050), sr=22_050, denoise=denoise)
            found[f"speaker-{denoise}"] = speaker
            found[f"style-{denoise}"] = style[::5, ::4]
    np.savez_compressed(path, **found)


if __name__ == "__main__":
    main()
