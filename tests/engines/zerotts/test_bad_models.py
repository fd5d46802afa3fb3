"""Folders that are no ZeroTTS are refused with the file and the input that differs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.moss_codec import random_model as codec
from benchmarks.zerotts import random_model
from sonca.engines.base import Setup
from sonca.engines.runtime import BadModel
from sonca.engines.zerotts import ZeroTTSEngine
from sonca.errors import EngineNotInstalled, InvalidRequest

ENCODER, PREFIX, LOCAL = (
    f"onnx/{name}.onnx" for name in ("text_encoder", "prefix_step", "local_frame_decode")
)
CODEC = "onnx/codec"


def _json(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


def _rename(path: Path, old: str, new: str) -> None:
    import onnx

    model = onnx.load(path, load_external_data=False)
    for port in model.graph.input:
        port.name = new if port.name == old else port.name
    for node in model.graph.node:
        node.input[:] = [new if name == old else name for name in node.input]
    onnx.save(model, path)


def _without(folder: Path, pattern: str) -> None:
    for path in folder.glob(pattern):
        path.unlink()


SPOILED: list[tuple[Callable[[Path], Any], str]] = [
    (lambda f: _without(f, ENCODER), "text_encoder.onnx"),
    (lambda f: _without(f, PREFIX + ".data"), "prefix_step.onnx"),
    (lambda f: (f / LOCAL).write_bytes((f / LOCAL).read_bytes()[:500]), "local_frame_decode"),
    (lambda f: (f / LOCAL).write_text("<html>"), "local_frame_decode"),
    (lambda f: shutil.copy(f / ENCODER, f / LOCAL), "global_hidden|local_frame_decode"),
    (lambda f: _rename(f / PREFIX, "cross_kv", "text_states"), "cross_kv"),
    (lambda f: _rename(f / LOCAL, "cfg_scale", "guidance"), "cfg_scale"),
    (lambda f: _json(f / "config.json", d_model=32), "text_encoder|external_embed"),
    (lambda f: _json(f / "config.json", codebook_size=2048), "seen_mask"),
    (lambda f: _json(f / "config.json", num_codebooks=8), "frame_codes"),
    (lambda f: _json(f / "config.json", n_layers="two"), "n_layers"),
    (lambda f: _json(f / "config.json", n_heads=3), "fit together"),
    (lambda f: _json(f / "config.json", sample_rate=24_000), "another model"),
    (lambda f: _json(f / "config.json", text_format="char"), "text_format"),
    (lambda f: (f / "config.json").write_text("[1]"), "config.json"),
    (lambda f: (f / "config.json").write_text("<html>"), "config.json"),
    (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer.json"),
    (lambda f: _without(f, "tokenizer.json"), "tokenizer.json"),
    (lambda f: _without(f, f"{CODEC}/*step*"), "decode_step"),
    (lambda f: _without(f, f"{CODEC}/*.json"), "codec_browser_onnx_meta.json"),
]


@pytest.fixture
def folder(models_dir: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "zerotts" / "bad"
    shutil.copytree(models_dir / "zerotts" / "zerotts", copy)
    return copy


@pytest.mark.parametrize(("spoil", "named"), SPOILED)
def test_what_is_no_zerotts_is_refused_by_name(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], Any], named: str
) -> None:
    spoil(folder)
    with pytest.raises(InvalidRequest, match=named):
        ZeroTTSEngine(Setup(models_dir=tmp_path, threads=1))


def test_the_tokenizer_of_another_model_is_refused(folder: Path, tmp_path: Path) -> None:
    known = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    known["model"]["vocab"]["zzz"] = 5000
    (folder / "tokenizer.json").write_text(json.dumps(known), "utf-8")
    with pytest.raises(BadModel, match="tokenizer of another model"):
        ZeroTTSEngine(Setup(models_dir=tmp_path, threads=1))
    known["model"]["vocab"] |= {"<bos>": 2, "<eot>": 1}
    (folder / "tokenizer.json").write_text(json.dumps(known), "utf-8")
    with pytest.raises(BadModel, match="<bos> has the id 2"):
        ZeroTTSEngine(Setup(models_dir=tmp_path, threads=1))


def test_a_folder_is_taken_whole_or_refused(folder: Path) -> None:
    files = ZeroTTSEngine.model_files(folder)
    assert {"config.json", PREFIX, f"{CODEC}/{codec.META}", "voices/maichi/voice.npz"} <= set(files)
    (folder / PREFIX).unlink()
    with pytest.raises(InvalidRequest, match=r"lacks onnx/prefix_step\.onnx"):
        ZeroTTSEngine.model_files(folder)
    with pytest.raises(InvalidRequest, match="is no model"):
        ZeroTTSEngine.model_files(folder / "config.json")
    with pytest.raises(InvalidRequest):
        ZeroTTSEngine.model_files(folder / "voices")


def test_a_folder_with_a_wrong_graph_is_not_taken(folder: Path) -> None:
    _rename(folder / PREFIX, "cross_kv", "text_states")
    with pytest.raises(BadModel, match="cross_kv"):
        ZeroTTSEngine.model_files(folder)


def test_where_nothing_is_it_says_what_brings_it(tmp_path: Path) -> None:
    with pytest.raises(EngineNotInstalled, match="sonca models pull zerotts"):
        ZeroTTSEngine(Setup(models_dir=tmp_path))
    assert ZeroTTSEngine.voices(Setup(models_dir=tmp_path)) == ()
    random_model.make(tmp_path / "zerotts" / "x")
    shutil.rmtree(tmp_path / "zerotts" / "x" / "voices")
    assert "has no voices" in str(ZeroTTSEngine.missing(Setup(models_dir=tmp_path)))
