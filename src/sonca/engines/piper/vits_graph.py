"""Splits a Piper voice into four graphs, so that its noise, its timing and its sound come apart.

Piper exports the whole of VITS as one graph: phoneme ids in, a sentence of samples out, random
noise made inside. We want the noise from outside (equal seed, equal sound), the length of every
phoneme (word marks, speed), and the sound in windows (first audio before the sentence is done).
The places to split at are found by what nodes do, not by their names, which differ between exports:

    text:   ids, scales [, speaker] -> frames per phoneme, and whatever is needed later
    prior:  those and noise         -> frames drawn from the prior, (1, C, F)
    flow:   prior frames [, …]      -> the latent frames of the sentence, (1, C, F)
    sound:  latent [, speaker]      -> samples, F * hop of them

The last two look only so far to either side, so that both work on windows.

Knows nothing of sessions, threads or phonemes. Needs the package onnx, when a voice is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from sonca.engines.piper.conv2d import all_to_2d, convs_to_2d
from sonca.engines.piper.onnx_graph import NotVits, OnnxGraph

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

INPUTS = {"input", "input_lengths", "scales"}
SPEAKER = "sid"
_NOISE = ("RandomNormalLike", "RandomNormal")
TEXT_NOISE = "sonca_text_noise"
"""Input of `text`, (1, 2, P) float32: the noise of the duration predictor, where it has any."""
FRAME_NOISE = "sonca_frame_noise"
"""Input of `prior`, (1, C, F) float32."""


@dataclass(frozen=True, slots=True)
class VitsParts:
    """A voice in four models, and what is to be known of them."""

    text: ModelProto
    prior: ModelProto
    flow: ModelProto
    sound: ModelProto
    durations: str
    """Output of `text`: the frames of each phoneme, whole numbers, (1, 1, P) float32."""
    prior_frames: str
    """Output of `prior` and input of `flow`, (1, C, F)."""
    latent: str
    """Output of `flow` and input of `sound`, (1, C, F)."""
    waveform: str
    """Output of `sound`, F * hop samples of any shape."""
    channels: int
    """C."""
    hop: int
    """Samples a frame."""
    context: int
    """Latent frames on each side that the sound of a frame depends on."""
    flow_context: int
    """Drawn frames on each side that a latent frame depends on."""


def split(model: ModelProto) -> VitsParts:
    """Splits a voice's graph. `NotVits` if it is not one. The model is used up."""
    graph = OnnxGraph(model)
    _check_surface(graph)
    start, durations = _find_decoder(graph)
    latent, waveform = start.input[0], graph.outputs[0]
    sound_ids = graph.below([latent]) & graph.above([waveform])
    late_ids = graph.below([durations]) & graph.above([latent])
    prior_frames = _find_prior_frames(graph, late_ids)
    flow_ids = graph.below([prior_frames]) & late_ids
    sound, flow = graph.select(sound_ids), graph.select(flow_ids)
    prior = graph.select(late_ids - flow_ids)
    prior_in, flow_in, sound_in = (graph.crossing(part) for part in (prior, flow, sound))
    made_by_prior = {name for node in prior for name in node.output}
    prior_out = [name for name in flow_in if name in made_by_prior]
    # Whatever is needed early, a speaker's embedding for the decoder included, is `text`.
    needed = [name for name in (*prior_in, *flow_in, *sound_in) if name not in made_by_prior]
    needed = [name for name in needed if name != latent and name not in graph.inputs]
    text_out = list(dict.fromkeys([durations, *needed]))
    text = graph.select(graph.above(text_out) - late_ids)
    text_noise = _take_noise(text, TEXT_NOISE)
    _take_noise(prior, FRAME_NOISE)
    hop, context = _reach(graph, sound, latent, waveform)
    _, flow_context = _reach(graph, flow, prior_frames, latent)
    return VitsParts(
        text=convs_to_2d(graph.part(text, graph.inputs, text_out, text_noise)),
        prior=graph.part(prior, prior_in, prior_out, {FRAME_NOISE: 3}),
        flow=convs_to_2d(graph.part(flow, flow_in, [latent], {})),
        sound=all_to_2d(graph.part(sound, sound_in, [waveform], {})),
        durations=durations,
        prior_frames=prior_frames,
        latent=latent,
        waveform=waveform,
        channels=int(graph.weight(start).dims[1]),
        hop=hop,
        context=context,
        flow_context=flow_context,
    )


def _check_surface(graph: OnnxGraph) -> None:
    names = set(graph.inputs)
    if not names >= INPUTS or not names <= {*INPUTS, SPEAKER} or not graph.outputs:
        raise NotVits(
            f"the graph takes {', '.join(sorted(names)) or 'nothing'}; a Piper voice takes "
            "input, input_lengths, scales and, with several speakers, sid"
        )


def _find_decoder(graph: OnnxGraph) -> tuple[NodeProto, str]:
    """Finds the decoder's first convolution, and the tensor that holds the durations.

    The decoder is the only part that makes more samples than it gets, by ConvTranspose: its
    beginning is the convolution before the first of them. Durations are made whole by Ceil.
    """
    upsampling = [node for node in graph.nodes if node.op_type == "ConvTranspose"]
    ceilings = [node for node in graph.nodes if node.op_type == "Ceil"]
    if not upsampling or not ceilings:
        missing = "ConvTranspose" if not upsampling else "Ceil"
        raise NotVits(f"the graph has no {missing}; it is not VITS as Piper exports it")
    for ceiling in ceilings:
        after = graph.below([ceiling.output[0]])
        start = _first_conv(graph, upsampling[0], after)
        if start is not None:
            return start, ceiling.output[0]
    raise NotVits("no convolution leads from durations to the decoder; it is not a Piper voice")


def _first_conv(graph: OnnxGraph, node: NodeProto, after: set[int]) -> NodeProto | None:
    """Finds the Conv that feeds the first ConvTranspose with frames."""
    waiting = [node.input[0]]
    for _ in range(16):  # an activation, and a speaker's condition added: never a long way
        if not waiting:
            return None
        maker = graph.maker(waiting.pop(0))
        if maker is None or id(maker) not in after:
            continue
        if maker.op_type == "Conv":
            return maker
        waiting.extend(maker.input)
    return None


def _find_prior_frames(graph: OnnxGraph, late: set[int]) -> str:
    """Finds the tensor in which the noise has become frames: scaled, and moved to the mean.

    From there on the flow mixes what it reads, and reads it more than once.
    """
    noise = [node for node in graph.select(late) if node.op_type in _NOISE]
    if not noise:
        raise NotVits("nothing random makes its frames; a Piper voice draws them from a prior")
    name: str = noise[0].output[0]
    while len(readers := graph.readers(name)) == 1 and readers[0].op_type in ("Mul", "Add"):
        name = readers[0].output[0]
    return name


def _take_noise(nodes: list[NodeProto], name: str) -> dict[str, int]:
    """Lets the nodes read their noise from an input instead of making it."""
    made = [node for node in nodes if node.op_type in _NOISE]
    if not made:
        return {}
    if len(made) > 1:
        raise NotVits(f"{len(made)} sources of noise in one part; a Piper voice has one")
    nodes.remove(made[0])
    for node in nodes:
        for index, read in enumerate(node.input):
            if read == made[0].output[0]:
                node.input[index] = name
    return {name: 3}


def _reach(
    graph: OnnxGraph, nodes: Sequence[NodeProto], latent: str, waveform: str
) -> tuple[int, int]:
    """Returns samples a frame, and how many frames to either side the nodes look, from their
    convolutions."""
    # tensor -> (samples a frame so far, frames it looks to either side)
    known: dict[str, tuple[int, float]] = {latent: (1, 0.0)}
    for node in nodes:
        scale, reach = max(known[name] for name in node.input if name in known)
        attributes = {a.name: list(a.ints) or [a.i] for a in node.attribute}
        if node.op_type in ("Conv", "ConvTranspose"):
            width = (graph.weight(node).dims[2] - 1) * attributes.get("dilations", [1])[0]
            scale *= attributes.get("strides", [1])[0] if node.op_type == "ConvTranspose" else 1
            # A padding that is not in the middle looks further to one side.
            pads = attributes.get("pads", [0, 0])
            extra = max(pads) if node.op_type == "Conv" else 0
            reach += max(ceil(width / 2), extra) / scale
        for name in node.output:
            known[name] = (scale, reach)
    hop, context = known[waveform]
    return hop, ceil(context)
