"""Makes VieNeu's golden numbers with the vieneu package's own code, on a tiny random model.

    python -m benchmarks.vieneu.golden tests/engines/vieneu/golden.npz

The Python is one that has vieneu 3.8.3 and onnx; nothing is downloaded. Draws are NumPy's global
ones, seeded, which upstream takes 16 of for a frame. Sound is kept at every 240th sample.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.vieneu.random_model import GRAPHS, TINY, Random, write_whole

STRIDE = 240
RATE_HZ = 48_000
TEXTS = (
    "Xin chào, hôm nay trời đẹp quá!",
    "Chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài.",
    "Anh nói gì thế tôi không nghe thấy gì cả?",
    "Bộ Y tế cho biết ý kiến của bà Y.",
    "Vâng?",
    "Được không?",
    "Chúng tôi dùng laptop và email mỗi ngày.",
    "Tháng này có ba mươi ngày, tháng sau: hai mươi tám.",
    "Quyển sách này hay lắm, bạn đã đọc chưa?",
    "Marketing online là gì",
)
"""Sonca's reading and upstream's agree on their words; what is compared is the phonemes."""
CASES = (("vang", 4, 40, 1), ("long", 1, 0, 2), ("long", 1, 60, 3), ("english", 6, 25, 4))
"""Name, text, frames of the voice's recording, seed."""
SHORT = ("vˈəŋ.", "stɹˈɛŋkθs.", "ɗˌyə6c xˌoŋ.")
"""Phonemes of one and two syllables; the second often takes all the frames that it may."""
SHORT_SEEDS = range(10, 16)


def voice(frames: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64] | None]:
    """Returns a speaker's vector and a recording's codes (frames, 16), None for no frames."""
    rng = np.random.default_rng(100 + frames)
    speaker = rng.standard_normal(192, np.float32)
    return speaker, rng.integers(0, 1024, (frames, 16)) if frames else None


def recording(rate_hz: int) -> npt.NDArray[np.float32]:
    """Returns 3 s of something like a voice with noise and silence around it: (N,)."""
    at = np.arange(int(3.0 * rate_hz)) / rate_hz
    rng = np.random.default_rng(5)
    tone = sum(np.sin(2 * np.pi * 130 * n * at) / n for n in range(1, 12))
    speech = 0.2 * tone * (0.6 + 0.4 * np.sin(2 * np.pi * 3.3 * at))
    return np.asarray(speech + 0.01 * rng.standard_normal(len(at)), np.float32)


def bursts() -> Iterator[npt.NDArray[np.float32]]:
    """Yields sounds of one to five bursts with breaks of many lengths between them."""
    rng = np.random.default_rng(9)
    for _ in range(20):
        parts = []
        for _ in range(rng.integers(1, 6)):
            level = rng.choice([0.02, 0.3, 0.5])
            parts.append(level * rng.standard_normal(rng.integers(500, 12_000)))
            parts.append(np.zeros(rng.integers(100, 8_000)))
        yield np.concatenate(parts).astype(np.float32)


def main() -> None:
    """Writes the golden file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    path = parser.parse_args().path
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as name:
        folder = write_whole(Path(name), Random(TINY))
        lite: Any = import_module("vieneu._v3_turbo_engine.onnx_runtime_lite")
        engine = lite.OnnxV3LiteEngine(
            checkpoint_path=str(folder),
            onnx_dir=str(folder / GRAPHS),
            codec_dir=str(folder / "codec"),
            threads=1,
        )
        heads = np.load(folder / GRAPHS / "vieneu_v3_heads.npz")
        found: dict[str, Any] = {"weights": heads["text_emb"][50:52]}
        phonemes = _front_end(found)
        _speech(engine, phonemes, found)
        _short_lines(engine, found)
        _cloning(engine, found)
    np.savez_compressed(path, **found)


def _front_end(found: dict[str, Any]) -> list[str]:
    """Keeps phonemes, syllables, bounds of length, and bursts; returns the phonemes."""
    phonemize = import_module("vieneu_utils.phonemize_text").phonemize_text_with_emotions
    core: Any = import_module("vieneu_utils.core_utils")
    phonemes = [phonemize(text) for text in TEXTS]
    words = " ".join(phonemes).split()
    counted = [*phonemes, *dict.fromkeys(words), "<en>kwˈɪk</en> bɹˈaʊn.", "nˌoʊɾɪfɪkˈeɪʃən", ""]
    front = {
        "phonemes": phonemes,
        "counted": [
            [text, core.syllable_count(text), core.max_expected_frames(text)] for text in counted
        ],
        "bursts": [core.count_speech_bursts(wave, RATE_HZ) for wave in bursts()],
    }
    found["front"] = np.array(json.dumps(front, ensure_ascii=False))
    return phonemes


def _speech(engine: Any, phonemes: list[str], found: dict[str, Any]) -> None:
    """Keeps codes and sound of sentences, whole and streamed."""
    decode = engine._decode_codes
    engine.babble_retries = 0
    for name, text, frames, seed in CASES:
        speaker, codes = voice(frames)
        kept: list[Any] = []

        def note(made: Any, kept: list[Any] = kept) -> Any:
            kept.append(made)
            return decode(made)

        engine._decode_codes = note
        known = {"phonemes": phonemes[text], "speaker_emb": speaker, "ref_codes": codes}
        np.random.seed(seed)
        whole = engine.infer(**known)
        np.random.seed(seed)
        streamed = np.concatenate(list(engine.infer_stream(**known)))
        key = f"{name}-{frames}"
        found[f"{key}-codes"] = kept[0].astype(np.int16)
        found[f"{key}-whole"] = whole[::STRIDE]
        found[f"{key}-streamed"] = streamed[::STRIDE]
        rows = engine._build_rows(phonemes[text], codes, 16)
        anchor = engine._speaker_anchor(speaker)
        found[f"{key}-prompt"] = engine._embed_rows(rows, anchor)[0, ::5]
    engine._decode_codes = decode


def _short_lines(engine: Any, found: dict[str, Any]) -> None:
    """Keeps what upstream's guard against babble settles on: frames, and a piece of the sound."""
    engine.babble_retries = 2
    speaker, codes = voice(40)
    for index, phonemes in enumerate(SHORT):
        for seed in SHORT_SEEDS:
            np.random.seed(seed)
            sound = engine.infer(phonemes=phonemes, speaker_emb=speaker, ref_codes=codes)
            found[f"short-{index}-{seed}"] = sound[::STRIDE]
            found[f"short-{index}-{seed}-next"] = np.random.random_sample()


def _cloning(engine: Any, found: dict[str, Any]) -> None:
    """Keeps the vector and the codes of a recording, with its noise and without."""
    for rate_hz in (48_000, 22_050):
        for denoise in (False, True):
            made = engine.prepare_reference(recording(rate_hz), sr=rate_hz, denoise=denoise)
            found[f"clone-{rate_hz}-{denoise}-speaker"] = made[0]
            found[f"clone-{rate_hz}-{denoise}-codes"] = made[1].astype(np.int16)


if __name__ == "__main__":
    main()
