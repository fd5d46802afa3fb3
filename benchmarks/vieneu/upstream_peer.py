"""The vieneu package as a peer, in its environment: ``upstream_peer.py MODEL_FOLDER THREADS``."""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ["HF_HUB_OFFLINE"] = "1"
# Its sampling is NumPy's.
os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), sys.argv[-1]))

import numpy as np

from benchmarks.peers.common import Speak, serve
from benchmarks.spoken import Heard

RATE_HZ = 48_000


def load(model: str, threads: int) -> Speak:
    from vieneu._v3_turbo_engine.onnx_runtime_lite import OnnxV3LiteEngine
    from vieneu_utils.phonemize_text import phonemize_text_with_emotions

    folder = Path(model)
    engine = OnnxV3LiteEngine(
        checkpoint_path=model,
        onnx_dir=str(folder / "onnx_update"),
        codec_dir=str(folder / "codec"),
        threads=threads,
    )
    voices = json.loads((folder / "voices_v3_turbo.json").read_text("utf-8"))
    preset = voices["presets"][voices["default_voice"]]
    speaker, codes = np.array(preset["speaker_emb"], np.float32), np.array(preset["codes"])

    def speak(text: str, heard: Heard) -> None:
        np.random.seed(0)
        known = {"phonemes": phonemize_text_with_emotions(text), "speaker_emb": speaker}
        for sound in engine.infer_stream(**known, ref_codes=codes):
            heard(len(sound) / RATE_HZ)

    return speak


if __name__ == "__main__":
    serve(load)
