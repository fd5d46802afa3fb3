"""A ZeroTTS with random weights, laid out as its hub's folder.

``python -m benchmarks.zerotts.random_model FOLDER [--full]`` writes one. Random weights would end
no sentence: the last channel of the global hidden here counts text against frames, so that one
ends after about `Sizes.frames_per_id` frames for each text id.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper

from benchmarks.moss_codec import random_model as codec
from benchmarks.moss_codec.nodes import Nodes, Weights, save
from benchmarks.zerotts.local_graph import local_frame_decode

SPECIAL = ("<pad>", "<bos>", "<eot>", "<soa>", "<slot>", "<eoa>", "<en>", "<vi>")
_ACCENTED = "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ"
LETTERS = (
    " !\"'(),-.:;?…%/@0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    + _ACCENTED
    + _ACCENTED.upper()
)
VOICES = (
    ("maichi", "Mai Chi", "nữ", ("trẻ", "kể chuyện", "nhẹ nhàng", "thân thiện")),
    ("giahuy", "Gia Huy", "nam", ("trẻ", "kể chuyện", "trầm ấm", "tâm tình")),
)
_KINDS = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "b": TensorProto.BOOL}


@dataclass(frozen=True)
class Sizes:
    """Sizes of a model."""

    width: int
    heads: int
    layers: int
    encoder_layers: int
    local_layers: int
    local_wide: int
    vocabulary: int
    codec: codec.Shape
    codebooks: int = 16
    codebook_size: int = 1024
    queries: int = 10
    frames_per_id: float = 0.65

    @property
    def head(self) -> int:
        return self.width // self.heads


TINY = Sizes(16, 2, 2, 1, 1, 64, 400, codec.TINY)
FULL = Sizes(768, 12, 9, 9, 4, 2048, 8192, codec.FULL)


def make(folder: Path, sizes: Sizes = TINY, seed: int = 0) -> Path:
    """Writes a model with two voices into `folder`, which is made if need be; returns it."""
    graphs = folder / "onnx"
    graphs.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for name, build in (
        ("text_encoder", text_encoder),
        ("prefix_step", prefix_step),
        ("local_frame_decode", local_frame_decode),
    ):
        weights = Weights(rng)
        save(build(weights, sizes), weights, graphs / f"{name}.onnx", f"{name}.onnx.data")
    codec.make(graphs / "codec", sizes.codec, seed)
    for extra in (graphs / "codec").glob("*encode*"):
        extra.unlink()  # the published model has none
    (folder / "config.json").write_text(json.dumps(config(sizes), indent=1), "utf-8")
    (folder / "tokenizer.json").write_text(tokenizer(sizes.vocabulary), "utf-8")
    shape = (1, sizes.queries, sizes.width)
    np.save(folder / "null_voice_emb.npy", rng.normal(0, 1, shape).astype(np.float32))
    listed = []
    for name, display, gender, tags in VOICES:
        meta = {"name": name, "display_name": display, "tags": [gender, *tags]}
        save_voice(folder / "voices" / name, rng.normal(0, 1, shape), {"gender": gender})
        listed.append(meta)
    index = json.dumps({"voices": listed}, ensure_ascii=False)
    (folder / "voices" / "index.json").write_text(index, "utf-8")
    return folder


def save_voice(folder: Path, latents: Any, meta: dict[str, Any]) -> None:
    """Writes a voice pack."""
    folder.mkdir(parents=True, exist_ok=True)
    values = np.asarray(latents, np.float32)
    np.savez(folder / "voice.npz", n_voice_queries=np.int64(values.shape[-2]), voice_emb=values)
    (folder / "meta.json").write_text(json.dumps(meta, ensure_ascii=False), "utf-8")


def config(sizes: Sizes) -> dict[str, Any]:
    """Returns what ``config.json`` says."""
    return {
        "text_format": "bpe",
        "num_codebooks": sizes.codebooks,
        "codebook_size": sizes.codebook_size,
        "d_model": sizes.width,
        "n_layers": sizes.layers,
        "n_heads": sizes.heads,
        "n_voice_queries": sizes.queries,
        "sample_rate": codec.RATE_HZ,
        "codec_frame_rate": codec.RATE_HZ / codec.FRAME,
        "special_tokens": {name: index for index, name in enumerate(SPECIAL)},
    }


def tokenizer(size: int) -> str:
    """Returns ``tokenizer.json``: letters and a few merges; blanks are tokens of their own."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    tokens = dict.fromkeys((*SPECIAL, "<unk>", *LETTERS))
    merges = [("n", "g"), ("n", "h"), ("c", "h"), ("t", "h"), ("ng", "h")]
    vocabulary = {
        token: index for index, token in enumerate((*tokens, *(a + b for a, b in merges)))
    }
    if len(vocabulary) > size:
        raise ValueError(f"a vocabulary of {size} does not hold {len(vocabulary)} tokens")
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Split(Regex(r"\s"), "isolated")
    text: str = made.to_str()
    return text


def _declare(nodes: Nodes, kind: str, specs: Sequence[tuple[str, str, list[Any]]]) -> None:
    ports = nodes.inputs if kind == "in" else nodes.outputs
    ports += [
        helper.make_tensor_value_info(name, _KINDS[type_], shape) for name, type_, shape in specs
    ]


def text_encoder(weights: Weights, sizes: Sizes) -> Any:
    """Text ids to the keys and values that every layer of the decoder looks at."""
    g = Nodes(weights)
    width, layers, heads, head = sizes.width, sizes.layers, sizes.heads, sizes.head
    _declare(g, "in", [("text_ids", "i", ["B", "L"]), ("txt_lengths", "i", ["B"])])
    _declare(g, "out", [
        ("text_states", "f", ["B", "L", width]), ("text_valid", "b", ["B", "L"]),
        ("soa_embed", "f", ["B", 1, width]), ("cross_kv", "f", [layers, 2, "B", heads, "L", head]),
    ])  # fmt: skip
    x = g.add("Gather", weights("text", sizes.vocabulary, width, scale=1.0), "text_ids")
    length = g.add("Gather", g.add("Shape", "text_ids"), g.constant(1, np.int64))
    steps = g.add("Range", g.constant(0, np.int64), length, g.constant(1, np.int64))
    x = g.add("Add", x, places(g, steps, width, axis=1))
    ends = g.add("Unsqueeze", "txt_lengths", g.ints(1))
    valid = g.add("Less", g.add("Unsqueeze", steps, g.ints(0)), ends, out="text_valid")
    seen = g.add("Unsqueeze", valid, g.ints(1))  # (B, 1, L)
    for layer in range(sizes.encoder_layers):
        x = block(g, x, x, seen, f"e{layer}", sizes)
    g.add("Identity", x, out="text_states")
    start = g.add("ReduceMean", x, axes=[1], keepdims=1)
    g.add("MatMul", start, weights("soa", width, width), out="soa_embed")
    both = g.add("MatMul", x, weights("cross", width, 2 * layers * width))
    both = g.add("Reshape", both, g.ints(0, 0, layers, 2, heads, head))
    g.add("Transpose", both, perm=[2, 3, 0, 4, 1, 5], out="cross_kv")
    return g.model("text_encoder")


def places(g: Nodes, positions: str, width: int, axis: int) -> str:
    """Returns what tells positions apart, with another axis `axis` of `width`."""
    speeds = g.constant(0.7 ** np.arange(width), np.float32)
    at = g.add("Unsqueeze", g.add("Cast", positions, to=TensorProto.FLOAT), g.ints(axis))
    return g.add("Sin", g.add("Mul", at, speeds))


def heads_of(g: Nodes, x: str, name: str, sizes: Sizes) -> str:
    """(B, T, D) to (B, H, T, D / H) by a matrix."""
    y = g.add("MatMul", x, g.weight(name, sizes.width, sizes.width))
    y = g.add("Reshape", y, g.ints(0, 0, sizes.heads, sizes.head))
    return g.add("Transpose", y, perm=[0, 2, 1, 3])


def attended(g: Nodes, q: str, k: str, v: str, seen: str, sizes: Sizes) -> str:
    """(B, T, D) of queries (B, H, T, d) over keys; `seen` is (B, T or 1, S) of bool."""
    scores = g.add("MatMul", q, g.add("Transpose", k, perm=[0, 1, 3, 2]))
    scores = g.add("Mul", scores, g.constant(sizes.head**-0.5, np.float32))
    seen = g.add("Unsqueeze", seen, g.ints(1))
    scores = g.add("Where", seen, scores, g.constant(-1e9, np.float32))
    mixed = g.add("MatMul", g.add("Softmax", scores, axis=-1), v)
    flat = g.add("Transpose", mixed, perm=[0, 2, 1, 3])
    return g.add("Reshape", flat, g.ints(0, 0, sizes.width))


def normed(g: Nodes, x: str, name: str, sizes: Sizes) -> str:
    return g.add("LayerNormalization", x, g.weight(name, sizes.width, scale=1.0))


def added(g: Nodes, x: str, y: str, name: str, sizes: Sizes) -> str:
    return g.add("Add", x, g.add("MatMul", y, g.weight(name, sizes.width, sizes.width)))


def fed(g: Nodes, x: str, name: str, sizes: Sizes, wide: int = 0) -> str:
    width = sizes.width
    wide = wide or 4 * width
    up = g.add("MatMul", normed(g, x, f"{name}.n", sizes), g.weight(f"{name}.up", width, wide))
    down = g.weight(f"{name}.down", wide, width)
    return g.add("Add", x, g.add("MatMul", g.add("Relu", up), down))


def block(g: Nodes, x: str, over: str, seen: str, name: str, sizes: Sizes) -> str:
    """Attention and a feed-forward part, with nothing kept."""
    h, o = normed(g, x, f"{name}.nq", sizes), normed(g, over, f"{name}.nk", sizes)
    q = heads_of(g, h, f"{name}.q", sizes)
    k, v = (heads_of(g, o, f"{name}.{part}", sizes) for part in "kv")
    x = added(g, x, attended(g, q, k, v, seen, sizes), f"{name}.o", sizes)
    return fed(g, x, f"{name}.f", sizes)


def prefix_step(weights: Weights, sizes: Sizes) -> Any:
    """One or more new positions through the global decoder, all its layers' memory in one array."""
    g = Nodes(weights)
    width, layers, heads, head = sizes.width, sizes.layers, sizes.heads, sizes.head
    books = sizes.codebooks
    _declare(g, "in", [
        ("external_embed", "f", ["B", "T", width]), ("use_external_embed", "b", ["B", "T"]),
        ("frame_codes", "i", ["B", "T", books]), ("new_pos", "i", ["B", "T"]),
        ("new_valid", "b", ["B", "T"]), ("packed_kv", "f", [layers, 2, "B", heads, "S", head]),
        ("past_valid", "b", ["B", "S"]), ("cross_kv", "f", [layers, 2, "B", heads, "L", head]),
        ("new_bidirectional", "b", ["B", "T"]), ("text_valid", "b", ["B", "L"]),
    ])  # fmt: skip
    _declare(g, "out", [
        ("hidden", "f", ["B", "T", width]),
        ("new_packed_kv", "f", [layers, 2, "B", heads, "S+T", head]),
        ("full_valid", "b", ["B", "S+T"]),
    ])  # fmt: skip
    first = g.constant(np.arange(books) * sizes.codebook_size, np.int64)
    table = weights("codes", books * sizes.codebook_size, width, scale=books**-0.5)
    rows = g.add("Gather", table, g.add("Add", "frame_codes", first))
    frames = g.add("ReduceSum", rows, g.ints(2), keepdims=0)
    chosen = g.add("Unsqueeze", "use_external_embed", g.ints(2))
    x = g.add("Where", chosen, "external_embed", frames)
    x = g.add("Add", x, places(g, "new_pos", width, axis=2))
    seen = _seen(g)
    text = g.add("Unsqueeze", "text_valid", g.ints(1))
    g.add("Concat", "past_valid", "new_valid", axis=1, out="full_valid")
    kept = []
    for layer in range(layers):
        x, pair = _decoder_layer(g, x, layer, seen, text, sizes)
        kept.append(g.add("Unsqueeze", pair, g.ints(0)))
    g.add("Concat", *kept, axis=0, out="new_packed_kv")
    body = g.add("Slice", normed(g, x, "last", sizes), g.ints(0), g.ints(width - 1), g.ints(2))
    g.add("Concat", body, _time_to_end(g, sizes), axis=2, out="hidden")
    return g.model("prefix_step")


def _seen(g: Nodes) -> str:
    """(B, T, S + T): everything before, and of what is new either all or what is not later."""
    count = g.add("Gather", g.add("Shape", "new_pos"), g.constant(1, np.int64))
    steps = g.add("Range", g.constant(0, np.int64), count, g.constant(1, np.int64))
    rows, columns = g.add("Unsqueeze", steps, g.ints(1)), g.add("Unsqueeze", steps, g.ints(0))
    causal = g.add("Unsqueeze", g.add("LessOrEqual", columns, rows), g.ints(0))  # (1, T, T)
    both = g.add("And", g.add("Unsqueeze", "new_bidirectional", g.ints(2)),
                 g.add("Unsqueeze", "new_bidirectional", g.ints(1)))  # fmt: skip
    new = g.add("And", g.add("Or", causal, both), g.add("Unsqueeze", "new_valid", g.ints(1)))
    past = g.add("Unsqueeze", "past_valid", g.ints(1))  # (B, 1, S)
    every = g.add("Unsqueeze", g.add("Or", "new_valid", g.add("Not", "new_valid")), g.ints(2))
    return g.add("Concat", g.add("And", every, past), new, axis=2)


def _decoder_layer(
    g: Nodes, x: str, layer: int, seen: str, text: str, sizes: Sizes
) -> tuple[str, str]:
    def of(packed: str, which: int) -> str:
        one = g.add("Gather", packed, g.constant(layer, np.int64), axis=0)
        return g.add("Gather", one, g.constant(which, np.int64), axis=0)

    h = normed(g, x, f"d{layer}.n", sizes)
    q, k, v = (heads_of(g, h, f"d{layer}.{part}", sizes) for part in "qkv")
    keys = g.add("Concat", of("packed_kv", 0), k, axis=2)
    values = g.add("Concat", of("packed_kv", 1), v, axis=2)
    x = added(g, x, attended(g, q, keys, values, seen, sizes), f"d{layer}.o", sizes)
    q = heads_of(g, normed(g, x, f"d{layer}.nc", sizes), f"d{layer}.cq", sizes)
    mixed = attended(g, q, of("cross_kv", 0), of("cross_kv", 1), text, sizes)
    x = added(g, x, mixed, f"d{layer}.co", sizes)
    pair = [g.add("Unsqueeze", part, g.ints(0)) for part in (keys, values)]
    return fed(g, x, f"d{layer}.f", sizes), g.add("Concat", *pair, axis=0)


def _time_to_end(g: Nodes, sizes: Sizes) -> str:
    """(B, T, 1): frames that there are beyond those that the text takes."""
    ids = g.add("ReduceSum", g.add("Cast", "text_valid", to=TensorProto.FLOAT), g.ints(1))  # (B, 1)
    text = g.add("Mul", g.add("Sub", ids, g.constant(2, np.float32)),
                 g.constant(sizes.frames_per_id, np.float32))  # fmt: skip
    at = g.add("Cast", "new_pos", to=TensorProto.FLOAT)
    frames = g.add("Sub", at, g.constant(sizes.queries, np.float32))
    return g.add("Unsqueeze", g.add("Sub", frames, text), g.ints(2))


def main(folder: Path, full: bool = False, seed: int = 0) -> None:
    """Writes one; `full` is about the published sizes."""
    make(folder, FULL if full else TINY, seed)


if __name__ == "__main__":
    import typer

    typer.run(main)
