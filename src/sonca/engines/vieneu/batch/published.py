"""The weights of a model, by the names of its checkpoint, out of what is published.

The checkpoint has them by name. The graphs have the same ones, but an exporter keeps few names: so
each is found by where it stands between the graph's inputs and outputs, whose order is fixed. What
was found is proven by computing with it (`sonca.engines.vieneu.batch.proof`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openvino as ov

from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.batch.shape import Array, Shape
from sonca.engines.vieneu.batch.traced import TracedGraph, Unknown, only, source

CHECKPOINT = Path("update", "model.safetensors")
"""Of the hub's repository."""


def read_checkpoint(path: Path, shape: Shape) -> dict[str, Array]:
    """Reads a checkpoint's tensors as float32. Raises `BadModel` if one is missing or of another
    size."""
    from safetensors import SafetensorError, safe_open

    wanted = expected(shape)
    try:
        with safe_open(str(path), framework="numpy") as stored:
            missing = sorted(set(wanted) - set(stored.keys()))
            if missing:
                raise BadModel(f"{path} has no {missing[0]}: it is of another model")
            found = {name: np.asarray(stored.get_tensor(name), np.float32) for name in wanted}
    except (OSError, SafetensorError, TypeError) as error:
        raise BadModel(f"{path} cannot be read: {error}; pull the model again") from error
    return _checked(found, wanted, path)


def read_graphs(step: Path, acoustic: Path, shape: Shape) -> dict[str, Array]:
    """Reads the weights of the two networks out of the published graphs of one step.

    Raises `BadModel` if the graphs are built in another way than is known.
    """
    found: dict[str, Array] = {}
    for path, reader, layers in (
        (step, _backbone_names, shape.layers),
        (acoustic, _acoustic_names, shape.local_layers),
    ):
        try:
            graph = TracedGraph(ov.Core().read_model(str(path)), layers, shape)
            for layer in range(layers):
                found.update(reader(graph, layer))
            found.update(graph.outer(acoustic=path is acoustic))
        except (RuntimeError, Unknown, IndexError, ValueError) as error:
            raise BadModel(
                f"the weights in {path} cannot be told apart ({str(error)[:200]}): it is built in "
                f"another way than is known; with {CHECKPOINT} in the model's folder it is not "
                "needed"
            ) from error
    wanted = {name: size for name, size in expected(shape).items() if "embeddings" not in name}
    return _checked(found, wanted, step.parent)


def expected(shape: Shape) -> dict[str, tuple[int | None, ...]]:
    """Returns the names and sizes of all weights; None is a size that the configuration leaves
    open."""
    width, size, local = shape.width, shape.head_size, shape.width // shape.local_heads
    query, group = shape.heads * size, shape.kv_heads * size
    wanted: dict[str, tuple[int | None, ...]] = {
        "text_embeddings.weight": (shape.text_vocab, width),
        "semantic_backbone.norm.weight": (width,),
        "acoustic_decoder.norm.weight": (width,),
        "acoustic_decoder.slot_pos_emb.weight": (shape.codes + 1, width),
    }
    for code in range(shape.codes):
        wanted[f"audio_embeddings.{code}.weight"] = (shape.audio_vocab, width)
    for layer in range(shape.layers):
        sizes: dict[str, tuple[int | None, ...]] = {
            "input_layernorm": (width,),
            "self_attn.q_proj": (query, width),
            "self_attn.k_proj": (group, width),
            "self_attn.v_proj": (group, width),
            "self_attn.o_proj": (width, query),
            "self_attn.q_norm": (size,),
            "self_attn.k_norm": (size,),
            "post_attention_layernorm": (width,),
            "mlp.gate_proj": (None, width),
            "mlp.up_proj": (None, width),
            "mlp.down_proj": (width, None),
        }
        wanted |= {_BACKBONE.format(layer, name): value for name, value in sizes.items()}
    for layer in range(shape.local_layers):
        sizes = {
            "norm1": (width,),
            "attn.qkv": (3 * width, width),
            "attn.o_proj": (width, width),
            "attn.q_norm": (local,),
            "attn.k_norm": (local,),
            "norm2": (width,),
            "ff_gate": (None, width),
            "ff_up": (None, width),
            "ff_down": (width, None),
        }
        wanted |= {_ACOUSTIC.format(layer, name): value for name, value in sizes.items()}
    return wanted


_BACKBONE = "semantic_backbone.layers.{}.{}.weight"
_ACOUSTIC = "acoustic_decoder.layers.{}.{}.weight"


def _checked(
    found: dict[str, Array], wanted: dict[str, tuple[int | None, ...]], source: Path
) -> dict[str, Array]:
    for name, sizes in wanted.items():
        value = found[name]
        if len(value.shape) != len(sizes) or any(
            want not in (None, size) for want, size in zip(sizes, value.shape, strict=True)
        ):
            raise BadModel(
                f"{source}: {name} is {value.shape}, the configuration says "
                f"{tuple('?' if n is None else n for n in sizes)}: the files are not of one model"
            )
    return found


def _backbone_names(graph: TracedGraph, layer: int) -> dict[str, Array]:
    width, size = graph.shape.width, graph.shape.head_size
    key, value = graph.projections(layer)
    name = value.get_friendly_name()
    query = only([n for n in graph.others(key) if n.get_friendly_name() != name])
    after = graph.after_attention(value)
    parts = {
        "input_layernorm": graph.gain(source(key), width),
        "self_attn.q_proj": graph.get(query),
        "self_attn.k_proj": graph.get(key),
        "self_attn.v_proj": graph.get(value),
        "self_attn.o_proj": graph.get(after["out"]),
        "self_attn.q_norm": graph.gain(query, size, forward=True),
        "self_attn.k_norm": graph.gain(key, size, forward=True),
        "post_attention_layernorm": graph.gain(source(after["gate"]), width),
        "mlp.gate_proj": graph.get(after["gate"]),
        "mlp.up_proj": graph.get(after["up"]),
        "mlp.down_proj": graph.get(after["down"]),
    }
    return {_BACKBONE.format(layer, name): array for name, array in parts.items()}


def _acoustic_names(graph: TracedGraph, layer: int) -> dict[str, Array]:
    width = graph.shape.width
    size = width // graph.shape.local_heads
    joint, _ = graph.projections(layer)
    after = graph.after_attention(joint)
    k_norm = graph.gain(graph.ends[1 + layer], size)
    parts = {
        "norm1": graph.gain(source(joint), width),
        "attn.qkv": graph.get(joint),
        "attn.o_proj": graph.get(after["out"]),
        "attn.q_norm": graph.gain(joint, size, forward=True, but=k_norm),
        "attn.k_norm": k_norm,
        "norm2": graph.gain(source(after["gate"]), width),
        "ff_gate": graph.get(after["gate"]),
        "ff_up": graph.get(after["up"]),
        "ff_down": graph.get(after["down"]),
    }
    return {_ACOUSTIC.format(layer, name): array for name, array in parts.items()}
