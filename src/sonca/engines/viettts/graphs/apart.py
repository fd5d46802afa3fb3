"""The estimator with the prompt apart: computed once for all sentences that are sung together.

In the model as it was trained, prompt and sentence are one sequence and every frame sees every
other. Here the prompt sees itself only, and a sentence sees the prompt and itself. So what a
sentence needs of the prompt is the same for all, and half of the work on each is done for it
already. That is another model than the trained one.

One graph does both. Wherever frames are mixed, something of the frames before is an input
(`before.N`) and what the frames after would need is an output (`after.N`): the last frame before a
convolution, all frames before a norm, keys and values before an attention. For the prompt there is
nothing before it: zeros stand for the frame that a convolution would pad with, and nothing for
the rest.
"""

from __future__ import annotations

from collections.abc import Mapping

from openvino import Model, Type
from openvino import opset13 as op
from openvino.preprocess import PrePostProcessor

from sonca.engines.viettts.config import Flow
from sonca.engines.viettts.graphs import nodes as n
from sonca.engines.viettts.graphs.estimator import ESTIMATOR, UNet
from sonca.engines.viettts.graphs.nodes import Array, Kept, Node, Weights

BEFORE, AFTER = "before.", "after."
END = 2**31
"""Further than any end."""


def build(config: Flow, tensors: Mapping[str, Array], kept: Kept = "f32") -> Model:
    """As `estimator.build`, for the prompt's frames or for a sentence's after them, with
    before.N (2, …) and after.N (2, …) besides.

    The prompt must have an even number of frames, as half of the model works at half the rate.
    What is carried is in bf16 where the multiplications are in int8.
    """
    graph = _Apart(config, Weights(tensors, ESTIMATOR, kept)).graph("estimator_apart")
    if kept != "int8":
        return graph
    ends = PrePostProcessor(graph)
    for port in graph.inputs:
        if (name := port.get_any_name()).startswith(BEFORE):
            ends.input(name).tensor().set_element_type(Type.bf16)
    for port in graph.outputs:
        if (name := port.get_any_name()).startswith(AFTER):
            ends.output(name).tensor().set_element_type(Type.bf16)
    return ends.build()


def without_after(graph: Model) -> Model:
    """The same graph for sentences: nothing comes after them."""
    for result in list(graph.get_results()):
        if result.output(0).get_any_name().startswith(AFTER):
            graph.remove_result(result)
    return graph


class _Apart(UNet):
    def conv(self, key: str, x: Node, stride: int = 1) -> Node:
        weight = self.weights[f"{key}.weight"]
        if weight.shape[2] == 1:
            return super().conv(key, x, stride)
        x = self.after_a_frame(x, weight.shape[1])
        y = op.convolution(x, n.floats(weight), [stride], [0], [1], [1])
        return op.add(y, n.floats(self.weights[f"{key}.bias"][None, :, None]))

    def up(self, key: str, x: Node) -> Node:
        channels = self.weights[f"{key}.weight"].shape[0]
        return n.narrow(super().up(key, self.after_a_frame(x, channels)), 2, 2, END)

    def norm(self, key: str, x: Node) -> Node:
        before = self.carried(x, [2, len(self.weights[f"{key}.weight"]), -1])
        y = super().norm(key, op.concat([before, x], 2))
        return op.slice(y, n.sizes(before, 2), n.ints(END), n.ints(1), n.ints(2))

    def seen(self, x: Node) -> Node:
        return op.concat(
            [self.carried(x, [2, -1, self.config.heads * self.config.head_size]), x], 1
        )

    def after_a_frame(self, x: Node, channels: int) -> Node:
        """(B, C, T) -> (B, C, 1 + T)."""
        return op.concat([self.carried(n.narrow(x, 2, -1, END), [2, channels, 1]), x], 2)

    def carried(self, after: Node, shape: list[int]) -> Node:
        """What was carried from the frames before, given what the frames after are to get."""
        index = len(self.before)
        self.after[f"{AFTER}{index}"] = after
        self.before.append(n.parameter(shape, f"{BEFORE}{index}"))
        return self.before[-1]
