"""Makes the engine's golden numbers with the korvatts and supertonic packages' own code.

    python -m benchmarks.supertonic.golden tests/engines/supertonic/golden.npz

The Python is one that has korvatts 0.1.3, supertonic 1.3.1 and onnx; nothing is downloaded. Sound
is kept at every 64th sample, with its length.
"""

from __future__ import annotations

import argparse
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.supertonic.random_model import make

STRIDE = 64
STEPS = 5
CASES = (
    ("Chiều hôm đó trời nổi gió, mây kéo xuống.", 0, 1.0, 0),
    ("Xin chào!", 1, 1.0, 7),
    ("Team mình demo tính năng mới trên iPhone nhé", 0, 1.5, 12345),
    ("Ừ.", 1, 0.75, 1),
)
"""Text, number of the voice, speed as Sonca counts it, seed."""
TEXTS = (
    *(text for text, *_ in CASES),
    "Ngoằn ngoèo khúc khuỷu, quyển sách nghiêng",
    "Anh hỏi: “Thế à?” — rồi cười – (khẽ)…",
    "Giá 5 € hay 5 %? Viết tới ai@example.vn _ngay_ [nhé] 😀 ☆ ©",
    "Hai  dấu ''nháy'' , rồi \"\"chấm\"\" . hết",
    "Chữ lạ: 漢字 và đ̣",
    "Ｆｕｌｌ ﬁn ½ ² №",
)


def tails() -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Returns ends of speech of every kind: with a burst, without, silent, cut off, too short."""
    rng = np.random.default_rng(5)

    def noise(seconds: float, level: float) -> np.ndarray[Any, np.dtype[np.float32]]:
        return (rng.standard_normal(int(seconds * 44_100)) * level).astype(np.float32)

    kinds = (
        ((0.8, 0.1),),
        ((0.8, 0.1), (0.2, 0.001), (0.1, 0.3)),
        ((0.8, 0.1), (0.2, 0.001), (0.1, 0.06)),
        ((0.8, 0.1), (0.2, 0.001), (0.38, 0.3)),
        ((0.8, 0.1), (0.3, 0.001)),
        ((0.8, 0.1), (0.04, 0.001), (0.1, 0.3)),
        ((0.8, 0.1), (0.1, 0.001), (0.1, 0.1), (0.1, 0.001), (0.05, 0.3)),
        ((0.5, 0.0001),),
        ((0.01, 0.1),),
        ((0.8, 0.1), (0.1, 0.001), (0.05, 0.002)),
    )
    return [np.concatenate([noise(*part) for part in kind]) for kind in kinds]


def korva(folder: Path) -> dict[str, Any]:
    """Returns what korvatts makes of every case."""
    package: Any = import_module("korvatts")
    clean: Any = import_module("korvatts.audio_post").clean_tail
    tts = package.TTS(folder, device="cpu", num_threads=1)
    made: dict[str, Any] = {}
    for number, (text, voice, speed, seed) in enumerate(CASES):
        sound, _ = tts.synthesize(
            text,
            voice=tts.list_voices()[voice],
            total_steps=STEPS,
            speed=1.05 * speed,
            seed=seed,
        )
        made |= _kept(f"korva_{number}", sound)
    for number, text in enumerate(TEXTS):
        made[f"ids_{number}"] = tts.text_processor.encode([text], ["vi"])[0][0].astype(np.int16)
    for number, tail in enumerate(tails()):
        made |= _kept(f"tail_{number}", clean(tail.copy(), 44_100))
    return made


def supertonic(folder: Path) -> dict[str, Any]:
    """Returns what supertonic makes of every case, cut to the predicted time."""
    package: Any = import_module("supertonic")
    core: Any = import_module("supertonic.core")
    tts = package.TTS(model_dir=folder, auto_download=False, intra_op_num_threads=1)
    made: dict[str, Any] = {}
    for number, (text, voice, speed, seed) in enumerate(CASES):
        rng = np.random.default_rng(seed)
        core.np = _Numpy(rng)
        style = tts.get_voice_style(tts.voice_style_names[voice])
        sound, seconds = tts.model([text], style, STEPS, 1.05 * speed, "vi")
        made |= _kept(f"supertonic_{number}", sound[0, : int(float(seconds[0]) * 44_100)])
    return made


class _Numpy:
    """NumPy with the noise that the engine is given, too."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.random = self
        self._rng = rng

    def randn(self, *shape: int) -> Any:
        return self._rng.standard_normal(shape, dtype=np.float32)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


def _kept(name: str, sound: Any) -> dict[str, Any]:
    return {name: np.asarray(sound[::STRIDE], np.float32), f"{name}_samples": len(sound)}


def main() -> None:
    """Writes the golden file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    with tempfile.TemporaryDirectory() as name:
        made = korva(make(Path(name, "korva"), korva=True))
        made |= supertonic(make(Path(name, "supertonic")))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(path, **made)


if __name__ == "__main__":
    main()
