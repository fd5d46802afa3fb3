"""Which graphs and tables the CPU path consists of, and in what precision each computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from openvino import Model

from sonca.engines.viettts.backend import Array
from sonca.engines.viettts.config import Config
from sonca.engines.viettts.cpu.backend import CpuBackend
from sonca.engines.viettts.cpu.compiled import Compiled, Runtime
from sonca.engines.viettts.graphs import estimator, flow, hift, llm, stack
from sonca.engines.viettts.graphs.nodes import Kept, Weights, halved
from sonca.engines.viettts.weights import fold

Precision = Literal["fast", "exact"]
"""``fast``: int8 in the language model and the flow's encoder, int8 and bf16 in the estimator,
bf16 in the trunk;
``exact``: float32 everywhere."""
BF16 = frozenset({"estimator", "trunk"})
Build = Callable[[], Model]
State = Mapping[str, Array]


def _small(precision: Precision) -> Kept:
    return "int8" if precision == "fast" else "f32"


def _half(graph: Model, precision: Precision) -> Model:
    return halved(graph) if precision == "fast" else graph


def llm_graphs(config: Config, state: State, precision: Precision) -> dict[str, Build]:
    weights = Weights(state, kept=_small(precision))
    encoder, part = config.llm.text_encoder, "text_encoder"
    graphs: dict[str, Build] = {
        part: lambda: stack.build(
            encoder, weights.at(part), weights, "text_encoder_affine_layer", part
        ),
        "positions": lambda: llm.build_positions(config.llm.lm, weights),
        "attention": lambda: llm.build_attention(config.llm.lm),
    }
    for index in range(config.llm.lm.blocks + 1):
        graphs[f"llm_{index}"] = lambda i=index: llm.build_layer(config.llm, weights, i)  # type: ignore[misc]
    return graphs


def flow_graphs(config: Config, state: State, precision: Precision) -> dict[str, Build]:
    weights = Weights(state, kept=_small(precision))
    return {
        "flow_encoder": lambda: flow.build_encoder(config.flow, weights),
        "regulator": lambda: flow.build_regulator(config.flow, weights.whole()),
        "estimator": lambda: estimator.build(config.flow, state, _small(precision)),
    }


def hift_graphs(config: Config, folded: State, precision: Precision) -> dict[str, Build]:
    return {
        "pitch": lambda: hift.build_f0(config.hift, Weights(folded)),
        "trunk": lambda: _half(hift.build_trunk(config.hift, Weights(folded)), precision),
    }


def llm_tables(config: Config, state: State) -> dict[str, Array]:
    """The weights that are applied outside the graphs."""
    weights = Weights(state)
    bias = [llm.position_bias(config.llm.lm, weights, i) for i in range(config.llm.lm.blocks)]
    return {
        "llm.text": state["text_embedding.weight"],
        "llm.speech": state["speech_embedding.weight"],
        "llm.marks": state["llm_embedding.weight"],
        "llm.speaker.weight": state["spk_embed_affine_layer.weight"],
        "llm.speaker.bias": state["spk_embed_affine_layer.bias"],
        "llm.position_bias": np.stack(bias),
    }


def flow_tables(config: Config, state: State) -> dict[str, Array]:
    return {
        "flow.tokens": state["input_embedding.weight"],
        "flow.speaker.weight": state["spk_embed_affine_layer.weight"],
        "flow.speaker.bias": state["spk_embed_affine_layer.bias"],
        "flow.time": estimator.time_table(config.flow, state),
    }


def hift_tables(folded: State) -> dict[str, Array]:
    return {
        "hift.mix.weight": folded["m_source.l_linear.weight"][0],
        "hift.mix.bias": folded["m_source.l_linear.bias"],
    }


def graph_names(config: Config) -> list[str]:
    layers = [f"llm_{index}" for index in range(config.llm.lm.blocks + 1)]
    rest = ["flow_encoder", "regulator", "estimator", "pitch", "trunk"]
    return ["text_encoder", "positions", "attention", *layers, *rest]


def compile_graphs(
    runtime: Runtime, graphs: Mapping[str, Model | Path], precision: Precision
) -> dict[str, Compiled]:
    halves = BF16 if precision == "fast" else frozenset[str]()
    return {
        name: runtime.compile(graph, "bf16" if name in halves else "f32")
        for name, graph in graphs.items()
    }


def from_states(
    config: Config, states: Mapping[str, State], precision: Precision, threads: int = 1
) -> CpuBackend:
    """A backend straight from checkpoint tensors (`llm`, `flow`, `hift`), without files."""
    folded = fold(states["hift"])
    builds = {
        **llm_graphs(config, states["llm"], precision),
        **flow_graphs(config, states["flow"], precision),
        **hift_graphs(config, folded, precision),
    }
    tables = {
        **llm_tables(config, states["llm"]),
        **flow_tables(config, states["flow"]),
        **hift_tables(folded),
    }
    runtime = Runtime(threads)
    graphs: dict[str, Compiled] = {}
    for name, build in builds.items():
        graphs |= compile_graphs(runtime, {name: build()}, precision)
    return CpuBackend(config, graphs, tables, (f"OpenVINO {runtime.version} CPU",))
