"""The weights of a model, by the names of its checkpoint, out of what is published.

The checkpoint has them by name. The graphs have the same ones, but an exporter keeps few names: so
each is found by where it stands between the graph's inputs and outputs, whose order is fixed. What
was found is proven by computing with it (`sonca.engines.vieneu.batch.proof`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from sonca.engines.runtime import BadModel
from sonca.engines.vieneu.batch.shape import Array, Shape

CHECKPOINT = Path("update", "model.safetensors")
"""Of the hub's repository."""
_THROUGH = {"Convert", "Transpose", "Reshape", "Unsqueeze", "Squeeze"}
"""What may stand between a weight and its use."""


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
            graph = _Graph(ov.Core().read_model(str(path)), layers, shape)
            for layer in range(layers):
                found.update(reader(graph, layer))
            found.update(graph.outer(acoustic=path is acoustic))
        except (RuntimeError, _Unknown, IndexError, ValueError) as error:
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


class _Unknown(Exception):
    """The graph is not built as expected."""


Node = Any


class _Graph:
    """A published graph, asked for what stands between two places."""

    def __init__(self, model: ov.Model, layers: int, shape: Shape) -> None:
        self.layers, self.shape = layers, shape
        self.ends = [result.input_value(0).get_node() for result in model.get_results()]
        """Of the hidden state, of each layer's keys, then of each layer's values."""
        if len(self.ends) != 1 + 2 * layers:
            raise _Unknown(f"{len(self.ends)} outputs, not {1 + 2 * layers}")
        if "past_k_0" not in [port.get_any_name() for port in model.inputs]:
            raise _Unknown("it takes no past_k_0")
        self.weights: dict[str, Array] = {}
        """Of each multiplication by a matrix, (out, in), by the node's name."""
        self.gathers = []
        for node in model.get_ordered_ops():
            kind = node.get_type_name()
            if kind == "MatMul":
                value = _constant(node.input_value(1).get_node())
                if value is not None and value.ndim == 2:
                    turned = node.get_attributes()["transpose_b"]
                    self.weights[node.get_friendly_name()] = value if turned else value.T
            elif kind == "Gather":
                self.gathers.append(node)

    def matrices(self, start: Node, forward: bool = False) -> list[Node]:
        """Returns the multiplications by a matrix that are met first, back from `start` or on
        from it."""
        return list(self._walk(start, forward, lambda node: self.matrix(node) is not None))

    def gain(
        self, start: Node, size: int, forward: bool = False, but: Array | None = None
    ) -> Array:
        """Returns the first norm's gain of `size` numbers on the way that is not `but`."""

        def fits(node: Node) -> bool:
            value = _factor(node, size)
            return value is not None and (but is None or not np.array_equal(value, but))

        for node in self._walk(start, forward, fits, stop=self.matrix):
            value = _factor(node, size)
            if value is not None:
                return value
        raise _Unknown(f"no norm of {size} numbers beside {start.get_friendly_name()}")

    def matrix(self, node: Node) -> Array | None:
        return self.weights.get(node.get_friendly_name())

    def get(self, node: Node) -> Array:
        return np.ascontiguousarray(self.weights[node.get_friendly_name()], np.float32)

    def projections(self, layer: int) -> tuple[Node, Node]:
        """Returns the matrices that make a layer's keys and its values; they may be one."""
        keys, values = (self.ends[1 + layer + part * self.layers] for part in (0, 1))
        return _only(self.matrices(keys)), _only(self.matrices(values))

    def beside(self, node: Node) -> list[Node]:
        """Returns the other matrices that are applied to what `node` is applied to."""
        name = node.get_friendly_name()
        after = _next(node.input_value(0).get_node(), True)
        return [n for n in after if self.matrix(n) is not None and n.get_friendly_name() != name]

    def after_attention(self, value: Node) -> dict[str, Node]:
        """Returns the matrices that follow a layer's attention."""
        out = _only(self.matrices(value, forward=True))
        # What goes past the layer meets the gates of those above, too, but later.
        gate = next((n for n in self.matrices(out, forward=True) if _opens(n)), None)
        if gate is None:
            raise _Unknown(f"no gate after {out.get_friendly_name()}")
        up = _only(self.beside(gate))
        return {"out": out, "gate": gate, "up": up, "down": _only(self.matrices(gate, True))}

    def outer(self, acoustic: bool) -> Iterator[tuple[str, Array]]:
        """Yields what stands outside the layers."""
        width = self.shape.width
        if not acoustic:
            yield "semantic_backbone.norm.weight", self.gain(self.ends[0], width)
            return
        yield "acoustic_decoder.norm.weight", self.gain(self.ends[0], width)
        for node in self.gathers:
            value = _constant(node.input_value(0).get_node())
            if value is not None and value.shape == (self.shape.codes + 1, width):
                yield "acoustic_decoder.slot_pos_emb.weight", value
                return
        raise _Unknown("no table of places")

    def _walk(
        self,
        start: Node,
        forward: bool,
        found: Callable[[Node], Any],
        stop: Callable[[Node], Any] | None = None,
    ) -> Iterator[Node]:
        """Yields what `found` says yes to, nearest first, and goes on past none of it, nor past
        what `stop` says yes to."""
        seen, queue = set(), list(_next(start, forward) if forward or self._is(start) else [start])
        while queue:
            node = queue.pop(0)
            if node.get_friendly_name() in seen:
                continue
            seen.add(node.get_friendly_name())
            if found(node):
                yield node
            elif stop is None or stop(node) is None:
                queue += _next(node, forward)

    def _is(self, node: Node) -> bool:
        return self.matrix(node) is not None


def _next(node: Node, forward: bool) -> list[Node]:
    if forward:
        return [i.get_node() for o in node.outputs() for i in o.get_target_inputs()]
    return [value.get_node() for value in node.input_values()]


def _constant(node: Node) -> Array | None:
    """Returns a weight that is stored as it is, or turned or converted on its way."""
    kind = node.get_type_name()
    if kind == "Constant":
        return np.asarray(node.data, np.float32) if node.get_element_type().is_real() else None
    if kind not in _THROUGH:
        return None
    value = _constant(node.input_value(0).get_node())
    if value is None or kind == "Convert":
        return value
    if kind == "Transpose":
        return value.transpose(node.input_value(1).get_node().data)
    return value.reshape(list(node.get_output_shape(0)))


def _factor(node: Node, size: int) -> Array | None:
    """Returns the `size` numbers that a node multiplies by, if it does."""
    if node.get_type_name() != "Multiply":
        return None
    for value in node.input_values():
        constant = _constant(value.get_node())
        if constant is not None and constant.size == size and constant.shape[-1:] == (size,):
            return constant.reshape(size)
    return None


def _only(nodes: list[Node]) -> Node:
    if len(nodes) != 1:
        raise _Unknown(f"{len(nodes)} matrices where one is expected")
    return nodes[0]


def _opens(node: Node) -> bool:
    """Whether what a matrix makes goes through a sigmoid."""
    return any(after.get_type_name() in ("Sigmoid", "Swish") for after in _next(node, True))


def _backbone_names(graph: _Graph, layer: int) -> dict[str, Array]:
    width, size = graph.shape.width, graph.shape.head_size
    key, value = graph.projections(layer)
    name = value.get_friendly_name()
    query = _only([n for n in graph.beside(key) if n.get_friendly_name() != name])
    after = graph.after_attention(value)
    parts = {
        "input_layernorm": graph.gain(key.input_value(0).get_node(), width),
        "self_attn.q_proj": graph.get(query),
        "self_attn.k_proj": graph.get(key),
        "self_attn.v_proj": graph.get(value),
        "self_attn.o_proj": graph.get(after["out"]),
        "self_attn.q_norm": graph.gain(query, size, forward=True),
        "self_attn.k_norm": graph.gain(key, size, forward=True),
        "post_attention_layernorm": graph.gain(after["gate"].input_value(0).get_node(), width),
        "mlp.gate_proj": graph.get(after["gate"]),
        "mlp.up_proj": graph.get(after["up"]),
        "mlp.down_proj": graph.get(after["down"]),
    }
    return {_BACKBONE.format(layer, name): array for name, array in parts.items()}


def _acoustic_names(graph: _Graph, layer: int) -> dict[str, Array]:
    width = graph.shape.width
    size = width // graph.shape.local_heads
    joint, _ = graph.projections(layer)
    after = graph.after_attention(joint)
    k_norm = graph.gain(graph.ends[1 + layer], size)
    parts = {
        "norm1": graph.gain(joint.input_value(0).get_node(), width),
        "attn.qkv": graph.get(joint),
        "attn.o_proj": graph.get(after["out"]),
        "attn.q_norm": graph.gain(joint, size, forward=True, but=k_norm),
        "attn.k_norm": k_norm,
        "norm2": graph.gain(after["gate"].input_value(0).get_node(), width),
        "ff_gate": graph.get(after["gate"]),
        "ff_up": graph.get(after["up"]),
        "ff_down": graph.get(after["down"]),
    }
    return {_ACOUSTIC.format(layer, name): array for name, array in parts.items()}
