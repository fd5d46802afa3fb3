"""The flow's ten steps on a CPU, for one sequence and for sentences that share their prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openvino as ov

from sonca.engines.viettts.backend import Array, Solver
from sonca.engines.viettts.cpu.compiled import Compiled
from sonca.engines.viettts.graphs import estimator
from sonca.engines.viettts.graphs.apart import AFTER, BEFORE


class CpuSolver(Solver):
    """Prompt and sentence as one sequence, whose first `known` frames are the prompt."""

    def __init__(
        self, graph: Compiled, time: Array, given: Array, noise: Array, known: int
    ) -> None:
        self.graph, self.time, self.given, self.known = graph, time, given, known
        self.x = np.array(noise[None])
        self.steps = estimator.times()[1]
        self.at = 0

    def step(self) -> bool:
        (velocity,) = self.graph(x=self.x, given=self.given, time=self.time[self.at])
        self.x = self.x + self.steps[self.at] * velocity
        self.at += 1
        return self.at == len(self.steps)

    def mel(self) -> Array:
        return np.array(self.x[0, self.known :])


@dataclass(slots=True, eq=False)
class Line:
    """A sequence of frames on its way: x (1, T, 80), given (1, T, 240)."""

    x: Array
    given: Array


class ApartSolver(Solver):
    """The prompt, then each sentence after it; so for each of the ten times.

    `prompt` has an even number of frames, and may have none. One call of `step` computes one line.
    """

    def __init__(
        self,
        graphs: tuple[Compiled, Compiled],
        time: Array,
        prompt: Line,
        sentences: Sequence[Line],
    ) -> None:
        """`graphs` are that of the prompt and that of the sentences."""
        # A request of its own, because between two steps its outputs must stay.
        self.prompt_graph, self.sentence_graph = graphs[0].another(), graphs[1]
        self.time, self.steps = time, estimator.times()[1]
        self.prompt, self.sentences = prompt, list(sentences)
        self.lines = [prompt, *sentences] if prompt.x.size else self.sentences
        self.nothing = _nothing(graphs[0])
        self.carried = self.nothing
        self.at, self.turn = 0, 0

    def step(self) -> bool:
        line = self.lines[self.turn]
        if line is self.prompt:
            velocity = self._run(self.prompt_graph, line, self.nothing)
            self.carried = {
                name: self.prompt_graph.tensor(name.replace(BEFORE, AFTER)) for name in self.nothing
            }
        else:
            velocity = self._run(self.sentence_graph, line, self.carried)
        line.x = line.x + self.steps[self.at] * velocity
        self.turn = (self.turn + 1) % len(self.lines)
        self.at += self.turn == 0
        return self.at == len(self.steps)

    def _run(self, graph: Compiled, line: Line, carried: dict[str, ov.Tensor]) -> Array:
        graph.bind_tensors(carried)
        graph.bind(x=line.x, given=line.given, time=np.ascontiguousarray(self.time[self.at]))
        graph.compute()
        return np.asarray(graph.tensor("velocity").data)

    def mel(self) -> Array:
        return np.concatenate([line.x[0] for line in self.sentences])


def _nothing(graph: Compiled) -> dict[str, ov.Tensor]:
    """What stands for the frames before the first: zeros where a size is fixed, else nothing."""
    tensors = {}
    for port in graph.model.inputs:
        name = port.get_any_name()
        if name.startswith(BEFORE):
            sizes = [0 if size.is_dynamic else size.get_length() for size in port.partial_shape]
            tensors[name] = ov.Tensor(port.element_type, ov.Shape(sizes))
            if tensors[name].size:
                tensors[name].data[...] = 0
    return tensors
