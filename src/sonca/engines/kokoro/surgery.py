"""Cuts a Kokoro's graph in three.

A Kokoro is one graph: text to durations, pitch and frames; frames to a spectrum, which is nine
tenths of the work; the spectrum to sound. Only the middle bears bfloat16: in the first, lengths
would change, in the last, phases. The parts are found by what they are and not by their names,
which differ from one export to the next. Needs the package onnx; knows no runtime.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_CONVOLUTIONS = ("Conv", "ConvInteger")


@dataclass(frozen=True, slots=True)
class Ports:
    """The names by which an export calls what goes in and comes out."""

    tokens: str
    style: str
    speed: str
    audio: str
    duration: str | None
    """What has the frames of each token; None if nothing in the graph has."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A graph in three."""

    text: ModelProto
    """Everything up to the vocoder; gives its inputs, the durations, and what `sound` needs."""
    vocoder: ModelProto
    sound: ModelProto
    frames: str
    """The vocoder's first input, (1, C, T)."""
    source: str
    """Its second, the spectrum of the voiced source, (1, C, H)."""
    spectrum: str
    """Its output."""
    passed: tuple[str, ...]
    """What `text` gives and `sound` takes, past the vocoder."""


class _Graph:
    """A model's nodes with what leads to what."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model
        self.nodes: list[NodeProto] = list(model.graph.node)
        self.maker = {name: node for node in self.nodes for name in node.output}
        self.weights = {tensor.name: tensor for tensor in model.graph.initializer}
        self.readers: dict[str, list[NodeProto]] = {}
        for node in self.nodes:
            for name in node.input:
                self.readers.setdefault(name, []).append(node)

    def before(self, names: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """Returns all tensors that lead to some, these too, none beyond `stop`."""
        found, waiting, ends = set(), list(names), set(stop)
        while waiting:
            name = waiting.pop()
            if name and name not in found:
                found.add(name)
                if name in self.maker and name not in ends:
                    waiting.extend(self.maker[name].input)
        return found

    def after(self, name: str) -> set[str]:
        """Returns all tensors that a tensor leads to, itself too."""
        found = {name}
        for node in self.nodes:  # they are in order
            if not found.isdisjoint(node.input):
                found.update(node.output)
        return found

    def kernel(self, node: NodeProto) -> tuple[int, ...]:
        tensor = self.weights.get(node.input[1]) if len(node.input) > 1 else None
        return tuple(tensor.dims) if tensor is not None else ()

    def result(self, node: NodeProto) -> str:
        """Returns the tensor that has a convolution's result as float32."""
        name: str = node.output[0]
        while True:
            readers = self.readers.get(name, [])
            if len(readers) != 1 or readers[0].op_type not in ("Add", "Cast", "Mul"):
                return name
            if node.op_type != "ConvInteger":
                return name
            name = readers[0].output[0]
            if readers[0].op_type == "Mul":
                return name


def duration_of(model: ModelProto) -> str | None:
    """Returns the tensor that has the frames of each token: rounded, at least one."""
    graph = _Graph(model)
    rounded = [node for node in graph.nodes if node.op_type == "Round"]
    if len(rounded) != 1:
        return None
    name: str = rounded[0].output[0]
    readers = graph.readers.get(name, [])
    if len(readers) == 1 and readers[0].op_type in ("Clip", "Max"):
        name = readers[0].output[0]
    return name


def with_output(model: ModelProto, name: str) -> ModelProto:
    """Makes a tensor one of a model's outputs."""
    from onnx import TensorProto, helper

    if all(value.name != name for value in model.graph.output):
        model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return model


def cut(model: ModelProto, ports: Ports) -> Parts | None:
    """Returns a model in three, None if its parts are not found: it is then left whole."""
    graph = _Graph(model)
    spectrum = _spectrum(graph)
    if spectrum is None:
        return None
    bins, name, wide = spectrum
    inside = graph.before([name])
    source, frames = _source(graph, inside, bins), _frames(graph, inside)
    if source is None or frames is None:
        return None
    vocoder = graph.before([name], stop=(source, frames))
    free = {value.name for value in model.graph.input}
    if vocoder & free - {ports.style}:
        return None  # something else of the text reaches it
    sound, passed = _past(graph, ports.audio, name)
    wanted = [frames, source, *([ports.duration] if ports.duration else []), *passed]
    shapes: dict[str, Sequence[int | str | None]] = {
        frames: [1, _channels(graph, frames), "frames"],
        source: [1, bins, "steps"],
        name: [1, wide, "steps"],
        ports.style: [1, 256],
    }
    return Parts(
        _part(graph, graph.before(wanted), [], wanted, shapes),
        _part(graph, vocoder, [frames, source, ports.style], [name], shapes),
        _part(graph, sound, [name, *passed], [ports.audio], shapes),
        frames,
        source,
        name,
        passed,
    )


def _spectrum(graph: _Graph) -> tuple[int, str, int] | None:
    """Returns how many numbers the spectrum has for each step, the tensor that it is made of by one
    convolution, and how many that has: of the convolution's result half is raised to e, as
    magnitude, and half goes through a sine, as phase. What comes out there must be exact: cut
    behind the convolution, the sound in bf16 is 8 dB worse."""
    for node in reversed(graph.nodes):
        kernel = graph.kernel(node)
        if node.op_type in _CONVOLUTIONS and len(kernel) == 3:
            name = graph.result(node)
            read = {
                reader.op_type
                for half in graph.readers.get(name, [])
                for out in half.output
                for reader in graph.readers.get(out, [])
            }
            if {"Exp", "Sin"} <= read:
                data = node.input[0]
                if node.op_type == "ConvInteger":
                    data = graph.maker[data].input[0]
                maker = graph.maker.get(data)
                if maker is not None and maker.op_type == "LeakyRelu":
                    data = maker.input[0]
                return kernel[0], data, kernel[1]
    return None


def _source(graph: _Graph, inside: set[str], bins: int) -> str | None:
    """Returns the tensor that two convolutions of as many inputs as the spectrum has read."""
    found = {
        graph.maker[node.input[0]].input[0] if node.op_type == "ConvInteger" else node.input[0]
        for node in graph.nodes
        if node.op_type in _CONVOLUTIONS
        and node.output[0] in inside
        and graph.kernel(node)[1:2] == (bins,)
    }
    return found.pop() if len(found) == 1 else None


def _frames(graph: _Graph, inside: set[str]) -> str | None:
    """Returns what goes into the first upsampling; those of one channel each are the text's."""
    for node in graph.nodes:
        if node.op_type == "ConvTranspose" and node.output[0] in inside:
            groups = next((a.i for a in node.attribute if a.name == "group"), 1)
            if groups == 1:
                name: str = node.input[0]
                return name
    return None


def _channels(graph: _Graph, frames: str) -> int | None:
    return next(
        (
            graph.kernel(node)[0]
            for node in graph.readers[frames]
            if node.op_type == "ConvTranspose" and graph.kernel(node)
        ),
        None,
    )


def _past(graph: _Graph, audio: str, spectrum: str) -> tuple[set[str], tuple[str, ...]]:
    """Returns the tensors from the spectrum to the sound, and those that come past the vocoder."""
    behind = graph.after(spectrum)
    given = {value.name for value in graph.model.graph.input}
    passed: list[str] = []
    sound, waiting = set(), [audio]
    while waiting:
        name = waiting.pop()
        if not name or name in sound:
            continue
        sound.add(name)
        if name == spectrum or name not in graph.maker:
            continue
        if name not in behind and not given.isdisjoint(graph.before([name])):
            passed.append(name)
            continue
        waiting.extend(graph.maker[name].input)
    return sound, tuple(sorted(passed))


def _part(
    graph: _Graph,
    names: set[str],
    inputs: Sequence[str],
    outputs: Sequence[str],
    shapes: Mapping[str, Sequence[int | str | None]],
) -> ModelProto:
    """Returns the model of some tensors. Without `inputs`, it has those of the whole."""
    from onnx import TensorProto, helper

    kept = [
        node
        for node in graph.nodes
        if not names.isdisjoint(node.output) and set(inputs).isdisjoint(node.output)
    ]
    used = {name for node in kept for name in node.input}
    whole = graph.model.graph
    known = {value.name: value for value in (*whole.value_info, *whole.output, *whole.input)}

    def value(name: str) -> Any:
        if name in shapes:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes[name])
        return known.get(name) or helper.make_tensor_value_info(name, TensorProto.FLOAT, None)

    made = helper.make_graph(
        kept,
        "sonca",
        [value(name) for name in inputs] if inputs else list(whole.input),
        [value(name) for name in outputs],
        [tensor for tensor in whole.initializer if tensor.name in used],
    )
    return helper.make_model(
        made, opset_imports=list(graph.model.opset_import), ir_version=graph.model.ir_version
    )
