"""Makes ZeroTTS' golden numbers with the zerotts package's own code, on `random_model.TINY`.

    python -m benchmarks.zerotts.golden tests/engines/zerotts/golden.json

The Python is one that has zerotts 0.1.5 and onnx; nothing is downloaded. NumPy's global generator,
from which the package draws, is seeded for each case. Of the sound every 397th sample is kept.
"""

from __future__ import annotations

import json
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.zerotts.random_model import make

STRIDE = 397
CASES = (
    ("maichi", 1, "Xin chào các bạn."),
    ("giahuy", 2, "Chiều hôm đó trời nổi gió, mây kéo xuống thành từng vệt dài."),
    ("maichi", 3, "Tôi dùng ChatGPT trên iPhone; được chưa?"),
)
SENTENCES = (
    *(text for _, _, text in CASES),
    "Sau đó… anh ấy nói: “Được rồi”, rồi đi",
    "Thật sao?!",
    "Một (hai) ba — bốn; năm,",
    "Giá tăng 25%, đạt 3/4 mục tiêu: tốt!",
    'Twenty-one, it\'s "fine".',
    "Câu  có\tnhiều   khoảng trắng.",
)


def main(path: Path) -> None:
    """Writes the golden file."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as name:
        engine = import_module("zerotts").ZeroTTS(
            make(Path(name)), intra_op_num_threads=1, warmup=False
        )
        made = {"cases": [_case(engine, *case) for case in CASES], "sentences": _sentences(engine)}
    path.write_text(json.dumps(made, ensure_ascii=False, separators=(",", ":")), "utf-8")


def _case(engine: Any, voice: str, seed: int, text: str) -> dict[str, Any]:
    np.random.seed(seed)
    latents = engine.resolve_voice(voice)
    frames = np.concatenate(list(engine._generate_frames(text, 4, 1500, voice_emb=latents)))
    np.random.seed(seed)
    whole = engine.synthesize(text, voice=voice)[0]
    np.random.seed(seed)
    streamed = np.concatenate([c[0] for c in engine.synthesize_stream(text, voice=voice)])
    return {
        "voice": voice,
        "seed": seed,
        "text": text,
        "ids": engine.tokenizer(text).tolist(),
        "codes": frames.tolist(),
        "samples": len(whole),
        "whole": np.round(whole[::STRIDE], 6).tolist(),
        "streamed": np.round(streamed[::STRIDE], 6).tolist(),
    }


def _sentences(engine: Any) -> list[dict[str, Any]]:
    chunking = import_module("zerotts.chunking")
    found = []
    for text in SENTENCES:
        cleaned = chunking.clean_segment_punctuation(chunking.normalize_punctuation(text))
        ids = engine.tokenizer(cleaned).tolist()
        found.append({"text": text, "cleaned": cleaned, "ids": ids})
    return found


if __name__ == "__main__":
    import typer

    typer.run(main)
