"""Makes the engine's golden numbers with the code of kokoro-onnx and vig2p.

    python -m benchmarks.kokoro.golden tests/engines/kokoro/golden.npz

The Python is one that has kokoro-onnx 0.6.1, vig2p 0.1.2, sea-g2p 0.10.0 and onnx; nothing is
downloaded. Sound is kept at every 64th sample, with its length.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.kokoro.random_model import pack, write

STRIDE = 64
ENGLISH = (
    "The quick brown fox jumps over the lazy dog.",
    "Hello there! How long have you been waiting here?",
    "She said: “It's late”, and (quietly) left; nobody minded.",
    "One, two, three… and four.",
    "Well-known words don't change",
)
VIETNAMESE = (
    "tường nhà khách. thường nhà khách.",
    "trước chước số xố giải dải",
    "tu hành, thu hành?",
    "gì thế này; giữ gìn gia đình",
    "theo chân thầy, qua sông sâu!",
    "quyển sách rất hay…",
    "ông ấy nói: “được rồi” (cười)",
    "Hôm nay trời đẹp quá, chúng ta đi chơi nhé!",
    "nghỉ ngơi, ngoã ngoạc khuya ương giê xu",
    "anh dùng windows và facebook mỗi ngày",
    "xe đạp – xe máy: ô tô",
    "sinh viên stadium spa street",
    "một hai ba bốn năm sáu bảy tám chín mười",
    "người ta nói rằng con đường này rất dài và khó đi lắm",
    "rượu nhẹ nhõm — ừ!",
    "Trăng sáng; sao sa. Sáu, bảy... Chín?!",
    "buổi chiều yên tĩnh, cô ấy kể chuyện bằng giọng ấm áp",
    "nguyễn huỳnh quỳnh khoẻ khoắn loăng quăng",
    "đôi đũa, ly cà phê sữa đá",
    "ô kìa! ẩm ướt, ỉ ôi, ưỡn ẹo",
)
SPEEDS = (1.0, 0.5, 2.0, 1.25, 0.8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out: Path = parser.parse_args().out
    kokoro_onnx: Any = import_module("kokoro_onnx")
    vig2p: Any = import_module("vig2p")
    kept: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        model = write(Path(folder))
        voices = Path(folder, "voices.npz")
        np.savez(voices, voice=pack(1))
        kokoro = kokoro_onnx.Kokoro(str(model), str(voices))
        said = [kokoro.tokenizer.phonemize(text) for text in ENGLISH]
        for number, (phonemes, speed) in enumerate(zip(said, SPEEDS, strict=True)):
            for trim in (False, True):
                sound, _ = kokoro.create(
                    phonemes, "voice", speed, is_phonemes=True, trim=trim, sentence_pause=0
                )
                key = f"{number}_{'trimmed' if trim else 'whole'}"
                kept[key] = sound[::STRIDE].astype(np.float32)
                kept[f"{key}_length"] = np.array(len(sound))
            kept[f"{number}_ids"] = np.array([0, *kokoro.tokenizer.tokenize(phonemes), 0])
    texts = {
        "en": dict(zip(ENGLISH, said, strict=True)),
        "vi": {text: vig2p.phonemize_text(text) for text in VIETNAMESE},
    }
    np.savez_compressed(out, phonemes=json.dumps(texts, ensure_ascii=False), **kept)


if __name__ == "__main__":
    main()
