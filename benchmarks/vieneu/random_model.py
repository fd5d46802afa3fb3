"""A VieNeu-TTS v3 Turbo of any size with random weights, laid out as its hub's folder.

``python -m benchmarks.vieneu.random_model FOLDER [--tiny] [--endless]`` writes one, with a codec
and voices; FOLDER is ``<models>/vieneu/vieneu-v3-turbo``, where the engine finds it. The weights
are in the graphs as upstream exports them, and, with `checkpoint`, once more as its checkpoint
names them. Random weights would end no sentence: one attention head here counts phonemes against
frames, by weights alone, so that a sentence ends after about `Random.frames_per_phoneme` frames
for each.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.vieneu.graphs import Array, Sizes, acoustic, backbone, save, save_shared

FULL = Sizes()
TINY = Sizes(
    hidden=32, layers=2, heads=4, kv_heads=2, head_dim=8, ff=48, local_heads=2, local_ff=40
)
GRAPHS = "onnx_update"
"""The folder of the float32 graphs in the hub's repository."""
_TEXT, _SPOKEN, _END = 0, 1, 2
"""Channels that say: this row is a phoneme; this row is a frame; it is time to end."""
_START, _STOP = 5, 6
_FIRST_PHONE = 44
_WRITERS = ("o_proj.weight", "down_proj.weight", "ff_down.weight")
"""The matrices that write into the residual stream."""
_SHARP = 60.0
"""Of the end's embedding: how quickly the decision turns once there are frames enough."""
PHONES = (
    " !\"'(),-.0123456789:;?abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ<>/|_"
    "æçðøħŋœɐɑɒɓɔɕɖɗɘəɚɛɜɝɞɟɠɡɢɣɤɥɦɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʝθᵻᵿβχ"
    "ˈˌː\u0303\u0329\u032a\u0361…—"
)


@dataclass(frozen=True)
class Random:
    """What a random model is made of. Equal values give equal weights."""

    sizes: Sizes = field(default_factory=Sizes)
    seed: int = 1
    frames_per_phoneme: float | None = 0.5
    """None: it never ends by itself."""
    int8_acoustic: bool = False
    """Whether the acoustic decoder is in int8, as upstream publishes it beside either precision of
    the semantic one (7.2 MB for 7.1 million weights)."""
    checkpoint: bool = False
    """Whether ``update/model.safetensors`` and ``update/config.json`` are written, too."""


def write(folder: Path, what: Random | None = None) -> Path:
    """Writes graphs, heads, tokenizer, configuration, speaker encoder and denoiser into `folder`.

    The codec is another repository: see `benchmarks` of its own. Full size takes 0.5 GB.
    """
    what = what or Random()
    sizes, graphs = what.sizes, folder / GRAPHS
    graphs.mkdir(parents=True, exist_ok=True)
    weights = random_weights(what)
    save_shared(
        {
            "vieneu_prefill.onnx": backbone(sizes, weights, prefill=True),
            "vieneu_decode_step.onnx": backbone(sizes, weights, prefill=False),
        },
        graphs / "vieneu_backbone_shared.data",
    )
    save(*acoustic(sizes, weights), graphs / "vieneu_acoustic_cached.onnx")
    if what.int8_acoustic:
        _quantize(graphs / "vieneu_acoustic_cached.onnx")
    np.savez(graphs / "vieneu_v3_heads.npz", **_heads(sizes, weights))
    config = json.dumps(_config(sizes), indent=1)
    (graphs / "config.json").write_text(config)
    _tokenizer(sizes.text_vocab).save(str(graphs / "tokenizer.json"))
    rng = np.random.default_rng(what.seed + 1)
    save_speaker_encoder(folder / "speaker_encoder.onnx", sizes.speaker_dim, rng)
    save_denoiser(folder / "denoiser.onnx")
    if what.checkpoint:
        _save_checkpoint(folder / "update", config, weights)
    return folder


def write_whole(folder: Path, what: Random | None = None, *, voices: int = 3) -> Path:
    """Writes a model as `write` does, with a codec beside it and as many voices."""
    from benchmarks.moss_codec.random_model import FULL as FULL_CODEC
    from benchmarks.moss_codec.random_model import TINY as TINY_CODEC
    from benchmarks.moss_codec.random_model import make

    what = what or Random()
    write(folder, what)
    make(folder / "codec", FULL_CODEC if what.sizes == FULL else TINY_CODEC)
    save_voices(folder / "voices_v3_turbo.json", what.sizes, voices)
    return folder


def save_voices(path: Path, sizes: Sizes, count: int) -> None:
    """Writes voices in the form of upstream's list: a vector and 2 to 3 s of codes, each."""
    rng = np.random.default_rng(count)
    presets = {}
    for n in range(count):
        codes = rng.integers(0, sizes.audio_vocab, (25 + 5 * n, sizes.codebooks))
        presets[f"Giọng {n + 1}"] = {
            "gender": ("female", "male")[n % 2],
            "region": ("Bắc", "Trung", "Nam")[n % 3],
            "style": ("tu_nhien", "tin_tuc", "doc_truyen")[n % 3],
            "speaker_emb": rng.standard_normal(sizes.speaker_dim).round(4).tolist(),
            "codes": codes.tolist(),
        }
    content = {"default_voice": "Giọng 1", "presets": presets}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def random_weights(what: Random) -> dict[str, Array]:
    """Returns all weights by the names of upstream's checkpoint, matrices as (out, in)."""
    rng = np.random.default_rng(what.seed)
    weights = {}
    for name, shape, scale in _shapes(what.sizes):
        if scale == 0.0:  # a norm
            weights[name] = (1 + 0.1 * rng.standard_normal(shape, np.float32)).astype(np.float32)
        else:
            weights[name] = scale * rng.standard_normal(shape, np.float32)
    _teach_to_end(weights, what)
    return weights


def _shapes(s: Sizes) -> Iterator[tuple[str, tuple[int, ...], float]]:
    """Yields name, shape and spread of every weight; 0 for norms."""
    wide, soft = 2.0 / s.hidden**0.5, 0.5
    yield "text_embeddings.weight", (s.text_vocab, s.hidden), wide
    for n in range(s.codebooks):
        yield f"audio_embeddings.{n}.weight", (s.audio_vocab, s.hidden), wide
    yield "xvec_proj.0.weight", (s.hidden, s.speaker_dim), s.speaker_dim**-0.5
    yield "xvec_proj.0.bias", (s.hidden,), 0.1
    yield "xvec_proj.1.weight", (s.hidden,), wide
    yield "xvec_proj.1.bias", (s.hidden,), 0.1 * wide
    query, group = s.heads * s.head_dim, s.kv_heads * s.head_dim
    for n in range(s.layers):
        name = f"semantic_backbone.layers.{n}."
        yield name + "input_layernorm.weight", (s.hidden,), 0.0
        yield name + "self_attn.q_proj.weight", (query, s.hidden), s.hidden**-0.5
        yield name + "self_attn.k_proj.weight", (group, s.hidden), s.hidden**-0.5
        yield name + "self_attn.v_proj.weight", (group, s.hidden), s.hidden**-0.5
        yield name + "self_attn.o_proj.weight", (s.hidden, query), soft * query**-0.5
        yield name + "self_attn.q_norm.weight", (s.head_dim,), 0.0
        yield name + "self_attn.k_norm.weight", (s.head_dim,), 0.0
        yield name + "post_attention_layernorm.weight", (s.hidden,), 0.0
        yield name + "mlp.gate_proj.weight", (s.ff, s.hidden), s.hidden**-0.5
        yield name + "mlp.up_proj.weight", (s.ff, s.hidden), s.hidden**-0.5
        yield name + "mlp.down_proj.weight", (s.hidden, s.ff), soft * s.ff**-0.5
    yield "semantic_backbone.norm.weight", (s.hidden,), 0.0
    yield "acoustic_decoder.slot_pos_emb.weight", (s.codebooks + 1, s.hidden), wide
    size = s.hidden // s.local_heads
    for n in range(s.local_layers):
        name = f"acoustic_decoder.layers.{n}."
        yield name + "norm1.weight", (s.hidden,), 0.0
        yield name + "attn.qkv.weight", (3 * s.hidden, s.hidden), s.hidden**-0.5
        yield name + "attn.o_proj.weight", (s.hidden, s.hidden), soft * s.hidden**-0.5
        yield name + "attn.q_norm.weight", (size,), 0.0
        yield name + "attn.k_norm.weight", (size,), 0.0
        yield name + "norm2.weight", (s.hidden,), 0.0
        yield name + "ff_up.weight", (s.local_ff, s.hidden), s.hidden**-0.5
        yield name + "ff_gate.weight", (s.local_ff, s.hidden), s.hidden**-0.5
        yield name + "ff_down.weight", (s.hidden, s.local_ff), soft * s.local_ff**-0.5
    yield "acoustic_decoder.norm.weight", (s.hidden,), 0.0


def _teach_to_end(weights: dict[str, Array], what: Random) -> None:
    """Makes the model say its end once it has spoken enough frames for its phonemes.

    The first head of the first layer looks at all rows alike and so knows which share of them are
    phonemes and which are frames; their difference becomes a channel that only the end's embedding
    reads. Nothing else writes or reads the three channels.
    """
    channels = [_TEXT, _SPOKEN, _END]
    for name, weight in weights.items():
        if name.startswith(("text_emb", "audio_emb")) or "slot_pos_emb" in name:
            weight[:, channels] = 0
        elif name.endswith(
            ("o_proj.weight", "down_proj.weight", "ff_down.weight")
        ) or name.startswith("xvec_proj.1"):
            weight[channels] = 0
    text = weights["text_embeddings.weight"]
    text[_STOP] = 0
    if what.frames_per_phoneme is None:
        return
    spread = 2.0 / what.sizes.hidden**0.5  # of each embedding and of the speaker's
    text[_FIRST_PHONE:, _TEXT] = spread * 2**0.5
    text[_START, _SPOKEN] = spread * (2 + what.sizes.codebooks) ** 0.5
    text[_STOP, _END] = _SHARP
    layer, size = "semantic_backbone.layers.0.", what.sizes.head_dim
    weights[layer + "input_layernorm.weight"][channels] = 1
    weights[layer + "self_attn.k_proj.weight"][:size] = 0
    value = weights[layer + "self_attn.v_proj.weight"]
    value[:size] = 0
    value[0, _TEXT] = value[1, _SPOKEN] = 1
    out = weights[layer + "self_attn.o_proj.weight"]
    out[_END, :2] = -3.0, 3.0 / what.frames_per_phoneme
    weights["semantic_backbone.norm.weight"][[_TEXT, _SPOKEN]] = 0


def _heads(sizes: Sizes, weights: dict[str, Array]) -> dict[str, Any]:
    audio = [weights[f"audio_embeddings.{n}.weight"] for n in range(sizes.codebooks)]
    return {
        "text_emb": weights["text_embeddings.weight"],
        "audio_emb": np.stack(audio),
        "xvec_w": weights["xvec_proj.0.weight"],
        "xvec_b": weights["xvec_proj.0.bias"],
        "xvec_ln_w": weights["xvec_proj.1.weight"],
        "xvec_ln_b": weights["xvec_proj.1.bias"],
        "xvec_ln_eps": np.float32(1e-5),
    }


def _config(s: Sizes) -> dict[str, Any]:
    return {
        "model_type": "vieneu_v3",
        "text_vocab_size": s.text_vocab,
        "audio_vocab_size": s.audio_vocab,
        "n_vq": s.codebooks,
        "hidden_size": s.hidden,
        "num_hidden_layers": s.layers,
        "num_attention_heads": s.heads,
        "num_key_value_heads": s.kv_heads,
        "head_dim": s.head_dim,
        "intermediate_size": s.ff,
        "max_position_embeddings": 2048,
        "rope_theta": s.rope_theta,
        "rms_norm_eps": s.eps,
        "local_num_hidden_layers": s.local_layers,
        "local_num_attention_heads": s.local_heads,
        "local_intermediate_size": s.local_ff,
        "text_prompt_start_token_id": 3,
        "text_prompt_end_token_id": 4,
        "speech_generation_start_token_id": _START,
        "speech_generation_end_token_id": _STOP,
        "audio_ref_slot_token_id": 7,
        "default_style_token_id": 16,
        "style_labels": {"tu_nhien": 16, "tin_tuc": 17, "doc_truyen": 18},
        "unk_token_id": 43,
        "audio_pad_token_id": s.audio_vocab,
        "audio_sample_rate": 48000,
        "use_speaker_embedding": True,
        "speaker_embedding_dim": s.speaker_dim,
        "speaker_encoder_filename": "speaker_encoder.onnx",
    }


def _tokenizer(vocabulary: int) -> Any:
    """Returns a tokenizer of one id a character, from `_FIRST_PHONE` on."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    ids = {f"<|{n}|>": n for n in range(_FIRST_PHONE)}
    ids.update({f"<|emotion_{n}|>": 8 + n for n in range(8)})
    ids = {token: n for token, n in ids.items() if token not in {f"<|{8 + n}|>" for n in range(8)}}
    for character in dict.fromkeys(PHONES):
        ids[character] = len(ids)
    assert len(ids) <= vocabulary
    tokenizer = Tokenizer(models.WordLevel(ids, unk_token="<|43|>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.add_special_tokens([f"<|emotion_{n}|>" for n in range(8)])
    return tokenizer


def save_speaker_encoder(path: Path, size: int, rng: np.random.Generator) -> None:
    """Writes ``input`` (1, T, 80) -> ``output`` (1, size): two projections and a mean."""
    from onnx import TensorProto, helper

    weights = {
        "first": rng.standard_normal((80, 64), np.float32) / 80**0.5,
        "second": rng.standard_normal((64, size), np.float32) / 8,
    }
    nodes = [
        helper.make_node("MatMul", ["input", "first"], ["one"]),
        helper.make_node("Tanh", ["one"], ["bent"]),
        helper.make_node("ReduceMean", ["bent"], ["mean"], axes=[1], keepdims=0),
        helper.make_node("MatMul", ["mean", "second"], ["output"]),
    ]
    shapes = [("input", ["B", "T", 80]), ("output", ["B", size])]
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, dims) for n, dims in shapes]
    graph = helper.make_graph(nodes, "speaker_encoder", values[:1], values[1:])
    save(_model(graph), weights, path)


def save_denoiser(path: Path) -> None:
    """Writes ``mag``, ``cos``, ``sin`` (1, 841, T) -> the same, quiet bins taken down."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Sigmoid", ["mag"], ["share"]),
        helper.make_node("Mul", ["mag", "share"], ["sep_mag"]),
        helper.make_node("Identity", ["cos"], ["sep_cos"]),
        helper.make_node("Identity", ["sin"], ["sep_sin"]),
    ]
    names = ["mag", "cos", "sin"]
    made = [[*names], [f"sep_{name}" for name in names]]
    values = [
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, 841, "T"]) for n in side]
        for side in made
    ]
    save(_model(helper.make_graph(nodes, "denoiser", *values)), {}, path)


def _model(graph: Any) -> Any:
    from onnx import helper

    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model


def _quantize(path: Path) -> None:
    """Puts a graph's matrices into int8 with a scale for each channel, in its place."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    whole = path.with_suffix(".float.onnx")
    path.rename(whole)
    quantize_dynamic(whole, path, per_channel=True, weight_type=QuantType.QInt8)
    whole.unlink()


def _save_checkpoint(folder: Path, config: str, weights: dict[str, Array]) -> None:
    from safetensors.numpy import save_file

    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(config)
    save_file(weights, folder / "model.safetensors")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--endless", action="store_true")
    parser.add_argument("--int8-acoustic", action="store_true")
    parser.add_argument("--checkpoint", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    what = Random(
        TINY if options.tiny else FULL,
        options.seed,
        int8_acoustic=options.int8_acoustic,
        checkpoint=options.checkpoint,
    )
    if options.endless:
        what = replace(what, frames_per_phoneme=None)
    write_whole(options.folder, what)
    print(f"{options.folder}: {asdict(what)}")  # noqa: T201


if __name__ == "__main__":
    main()
