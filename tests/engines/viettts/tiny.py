"""A VietTTS model of a few hundred kB, made on the spot: upstream's architecture with random
weights, so that everything but the beauty of the voice is real. Needs `onnx`, to convert also
`openvino` and `tiktoken`; no PyTorch."""

from __future__ import annotations

import base64
import wave
from pathlib import Path

import numpy as np

from sonca.audio import Samples

GOLDEN = Path(__file__).parent / "golden"
RATE_HZ = 16000


def config_yaml() -> str:
    """The golden model's config.yaml, with rows for a whole vocabulary."""
    text = (GOLDEN / "config.yaml").read_text(encoding="utf-8")
    return text.replace("text_token_size: 200", "text_token_size: 2000")


def save_vocabulary(path: Path) -> None:
    """A byte-level vocabulary with no merges, in tiktoken's format."""
    lines = (base64.b64encode(bytes([byte])) + b" %d" % byte for byte in range(256))
    path.write_bytes(b"\n".join(lines) + b"\n")


def speech(seconds: float = 4.0, seed: int = 0, pitch_hz: float = 130) -> Samples:
    """Something that a detector of loudness takes for speech: bursts over a quiet floor."""
    rng = np.random.default_rng(seed)
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    loud = (at % 2.0) > 0.15
    sound = np.sin(2 * np.pi * pitch_hz * at) * 0.3 * loud
    return (sound + rng.standard_normal(len(at)) * 0.001).astype(np.float32)


def save_recording(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def install(models_dir: Path) -> None:
    """Put a converted model and the recordings of two voices where the engine looks for them."""
    from benchmarks.viettts.random_checkpoint import make_random
    from sonca.engines.viettts.convert.convert import convert

    home = models_dir / "viettts"
    make_random(home / "tiny", 1, config_yaml=config_yaml())
    save_vocabulary(home / "vocabulary.tiktoken")
    convert(home / "tiny", home / "tiny" / "converted", home / "vocabulary.tiktoken")
    (home / "samples").mkdir()
    for index, name in enumerate(("quynh", "cdteam")):
        save_recording(home / "samples" / f"{name}.wav", speech(3.5, index, 130 + 80 * index))
