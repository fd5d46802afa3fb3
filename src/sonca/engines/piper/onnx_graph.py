"""An ONNX graph, indexed: which node makes a tensor, which read it, and parts of it as models.

Values and structure only; what a part means is the business of `sonca.engines.piper.vits_graph`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sonca.errors import EngineError

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto


class NotVits(EngineError):
    """The graph is not a Piper voice that we can read; the message says what is missing."""


class OnnxGraph:
    """The main graph of a model, indexed. Nodes stay in their order, which is topological."""

    def __init__(self, model: ModelProto) -> None:
        import onnx

        self._model = model
        self.inputs: dict[str, ValueInfoProto] = {value.name: value for value in model.graph.input}
        self.outputs = [value.name for value in model.graph.output]
        self.constants: dict[str, TensorProto] = {t.name: t for t in model.graph.initializer}
        self.nodes: list[NodeProto] = []
        for node in model.graph.node:
            if node.op_type == "Constant":
                self._keep_constant(node)
            else:
                self.nodes.append(node)
        self._maker = {name: node for node in self.nodes for name in node.output}
        self._readers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)
        inferred = onnx.shape_inference.infer_shapes(model)
        self._known = {v.name: v.type.tensor_type for v in inferred.graph.value_info}

    def _keep_constant(self, node: NodeProto) -> None:
        """Keeps a constant as weights are: a part takes along whichever it uses."""
        for attribute in node.attribute:
            if attribute.name == "value":
                attribute.t.name = node.output[0]
                self.constants[node.output[0]] = attribute.t
                return
        self.nodes.append(node)

    def maker(self, name: str) -> NodeProto | None:
        """Returns the node that makes a tensor; None for inputs and constants."""
        return self._maker.get(name)

    def readers(self, name: str) -> list[NodeProto]:
        """Returns the nodes that read a tensor."""
        return self._readers.get(name, [])

    def above(self, names: Iterable[str]) -> set[int]:
        """Returns the ids of all nodes that the tensors depend on."""
        seen: set[int] = set()
        waiting = list(names)
        while waiting:
            node = self._maker.get(waiting.pop())
            if node is not None and id(node) not in seen:
                seen.add(id(node))
                waiting.extend(node.input)
        return seen

    def below(self, names: Iterable[str]) -> set[int]:
        """Returns the ids of all nodes that depend on the tensors."""
        seen: set[int] = set()
        waiting = list(names)
        while waiting:
            for node in self._readers.get(waiting.pop(), ()):
                if id(node) not in seen:
                    seen.add(id(node))
                    waiting.extend(node.output)
        return seen

    def select(self, ids: set[int]) -> list[NodeProto]:
        """Returns those nodes, in order."""
        return [node for node in self.nodes if id(node) in ids]

    def crossing(self, nodes: Sequence[NodeProto]) -> list[str]:
        """Returns the tensors that the nodes read and do not make, weights aside."""
        made = {name for node in nodes for name in node.output}
        read = dict.fromkeys(name for node in nodes for name in node.input if name)
        return [name for name in read if name not in made and name not in self.constants]

    def weight(self, node: NodeProto) -> TensorProto:
        """Returns the weights of a convolution."""
        name = node.input[1] if len(node.input) > 1 else ""
        try:
            return self.constants[name]
        except KeyError:
            raise NotVits(
                f"the weights of {node.op_type} {node.name!r} are computed, not stored; "
                "not a graph that we can read"
            ) from None

    def part(
        self,
        nodes: Sequence[NodeProto],
        inputs: Iterable[str],
        outputs: Iterable[str],
        noise: Mapping[str, int],
    ) -> ModelProto:
        """Returns the nodes as a model of their own. `noise` names added inputs and their ranks."""
        from onnx import TensorProto, helper

        used = {name for node in nodes for name in node.input}
        model: ModelProto = helper.make_model(
            helper.make_graph(
                nodes,
                "sonca",
                [self._value(name) for name in inputs if name in used]
                + [
                    helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
                    for name, rank in noise.items()
                ],
                [self._value(name) for name in outputs],
                [tensor for name, tensor in self.constants.items() if name in used],
            ),
            opset_imports=self._model.opset_import,
            ir_version=self._model.ir_version,
        )
        return model

    def _value(self, name: str) -> ValueInfoProto:
        """Returns a tensor's declaration: the type is what matters, shapes are left open."""
        from onnx import TensorProto, helper

        if name in self.inputs:
            return self.inputs[name]
        known = self._known.get(name)
        kind, rank = (known.elem_type, len(known.shape.dim)) if known else (TensorProto.FLOAT, 3)
        value: ValueInfoProto = helper.make_tensor_value_info(name, kind, [None] * rank)
        return value
