"""The codec equals upstream's, whole and streamed, and refuses what is not one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonca.engines.moss_codec import MossDecoder, MossEncoder
from sonca.engines.runtime import BadModel

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")

from benchmarks.moss_codec import random_model

GOLDEN = Path(__file__).parent / "golden.npz"
STRIDE = 16
STEP = "moss_audio_tokenizer_decode_step.onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return random_model.make(tmp_path_factory.mktemp("codec"))


@pytest.fixture(scope="module")
def decoder(folder: Path) -> MossDecoder:
    return MossDecoder(folder)


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    with np.load(GOLDEN) as file:
        return dict(file)


def codes_of(count: int, seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 1024, (count, 16))


def test_whole_and_streamed_are_what_upstream_makes(
    decoder: MossDecoder, golden: dict[str, Any]
) -> None:
    sound = decoder.samples(golden["codes"])
    assert sound.dtype == np.float32
    assert len(sound) == golden["samples"] == len(golden["codes"]) * 3840
    np.testing.assert_allclose(sound[::STRIDE], golden["whole"], atol=1e-5)
    np.testing.assert_allclose(sound[::STRIDE], golden["streamed"], atol=1e-5)
    assert np.abs(golden["whole"]).max() > 0.1


@pytest.mark.parametrize("sizes", [[1] * 60, [7, 1, 30, 22], [60], [4, 8, 16, 16, 16]])
def test_steps_of_any_size_join_to_the_whole(decoder: MossDecoder, sizes: list[int]) -> None:
    codes = codes_of(60)
    stream, at, pieces = decoder.stream(), 0, []
    for size in sizes:
        pieces.append(stream.step(codes[at : at + size]))
        at += size
    np.testing.assert_allclose(np.concatenate(pieces), decoder.samples(codes), atol=1e-5)


def test_a_step_depends_on_what_came_before(decoder: MossDecoder) -> None:
    """Or the test codec could not show a state that is dropped."""
    one, other = codes_of(8, 1), codes_of(8, 2)
    other[-1] = one[-1]
    assert not np.allclose(decoder.samples(one)[-3840:], decoder.samples(other)[-3840:], atol=1e-2)


def test_streams_of_one_decoder_do_not_hear_each_other(decoder: MossDecoder) -> None:
    one, other = decoder.stream(), decoder.stream()
    pieces = []
    for at in range(6):
        pieces.append(one.step(codes_of(6)[at : at + 1]))
        other.step(codes_of(6, 5)[at : at + 1])
    np.testing.assert_allclose(np.concatenate(pieces), decoder.samples(codes_of(6)), atol=1e-5)


def test_nothing_is_silence_of_no_length(decoder: MossDecoder) -> None:
    assert len(decoder.samples(codes_of(0))) == 0
    assert len(decoder.stream().step(codes_of(0))) == 0


def test_codes_of_another_codec_are_refused(decoder: MossDecoder) -> None:
    with pytest.raises(ValueError, match="16"):
        decoder.samples(np.zeros((4, 8), np.int64))


def test_the_encoder_gives_what_upstream_gives(folder: Path, golden: dict[str, Any]) -> None:
    codes = MossEncoder(folder).codes(golden["loudness"].astype(np.float32) / 128)
    assert codes.shape == (4, 16)
    np.testing.assert_array_equal(codes, golden["encoded"])
    assert MossEncoder(folder).codes(np.zeros(0, np.float32)).shape == (0, 16)


def _meta(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    path = folder / random_model.META
    known = json.loads(path.read_text("utf-8"))
    change(known)
    path.write_text(json.dumps(known), "utf-8")


def _cache(known: dict[str, Any]) -> dict[str, Any]:
    cache: dict[str, Any] = known["streaming_decode"]["attention_caches"][1]
    return cache


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lambda f: (f / random_model.META).unlink(), "codec_browser_onnx_meta.json is missing"),
        (lambda f: (f / random_model.META).write_text("<html>"), "JSON"),
        (lambda f: (f / random_model.META).write_text("[]"), "no codec"),
        (lambda f: (f / random_model.META).write_text("[" * 100_000), "JSON"),
        (lambda f: (f / STEP).unlink(), STEP),
        (lambda f: (f / STEP).write_bytes(b"half a file"), STEP),
        (lambda f: (f / random_model.SHARED).unlink(), STEP),
        (lambda f: shutil.copy(f / STEP.replace("step", "full"), f / STEP), "transformer_offset_0"),
        (lambda f: _meta(f, lambda k: k["files"].update(decode_step="../x.onnx")), "no file name"),
        (lambda f: _meta(f, lambda k: k.pop("files")), "files"),
        (lambda f: _meta(f, lambda k: k["files"].pop("decode_step")), "decode_step"),
        (lambda f: _meta(f, lambda k: k.pop("streaming_decode")), "transformer_offset_0"),
        (lambda f: _meta(f, lambda k: _cache(k).update(cache_shape=[1, 2, 9, 8])), "cached_keys_1"),
        (lambda f: _meta(f, lambda k: _cache(k).update(positions_shape=[1, 1 << 30])), "too large"),
        (lambda f: _meta(f, lambda k: _cache(k).update(offset_shape=[-1])), "no size"),
        (lambda f: _meta(f, lambda k: k["codec_config"].update(num_quantizers=8)), "audio_codes"),
    ],
)
def test_a_folder_that_is_no_codec_is_refused(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], Any], named: str
) -> None:
    bad = tmp_path / "codec"
    shutil.copytree(folder, bad)
    spoil(bad)
    with pytest.raises(BadModel, match=named):
        MossDecoder(bad)
