"""Makes the codec's golden numbers with the zerotts and vieneu packages' own code.

    python -m benchmarks.moss_codec.golden tests/engines/moss_codec/golden.npz

The Python is one that has zerotts 0.1.5, vieneu 3.8.3 and onnx; nothing is downloaded. The sound
is kept at every 16th sample.
"""

from __future__ import annotations

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.moss_codec.random_model import make

FRAMES, STRIDE = 20, 16
CHUNKS = (1, 2, 4, 8, 5)


def main(path: Path) -> None:
    """Writes the golden file."""
    rng = np.random.default_rng(7)
    codes = rng.integers(0, 1024, (FRAMES, 16))
    loudness = rng.integers(-50, 50, 3 * 3840 + 1000).astype(np.int8)
    recording = loudness.astype(np.float32) / 128
    with tempfile.TemporaryDirectory() as name:
        folder = make(Path(name))
        decoder = import_module("zerotts.codec").MossCodecDecoder(folder, intra_op_num_threads=1)
        whole = decoder.decode(codes.T[None])[0]
        stream, streamed, at = decoder.streaming_decoder(), [], 0
        for count in CHUNKS:
            streamed.append(stream.decode_chunk(codes[at : at + count].T[None])[0])
            at += count
        vieneu: Any = import_module("vieneu._v3_turbo_engine.onnx_runtime_lite")
        engine = object.__new__(vieneu.OnnxV3LiteEngine)
        engine._so = None
        engine._codec_enc_path = str(folder / "moss_audio_tokenizer_encode.onnx")
        engine._sess_codec_enc = None
        encoded = engine._encode_ref_wav(recording, 48_000)
    np.savez_compressed(
        path,
        codes=codes.astype(np.int16),
        whole=whole[::STRIDE],
        streamed=np.concatenate(streamed)[::STRIDE],
        samples=len(whole),
        loudness=loudness,
        encoded=encoded.astype(np.int16),
    )


if __name__ == "__main__":
    import typer

    typer.run(main)
