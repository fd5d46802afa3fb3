"""Which graphs and tables the CPU path consists of, and in what precision each computes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
from openvino import Model

from sonca.engines.viettts.arrays import Array
from sonca.engines.viettts.backends.openvino.backend import OpenVINOBackend
from sonca.engines.viettts.backends.openvino.compiled import Runtime
from sonca.engines.viettts.backends.openvino.graphs import estimator, flow, hift, llm, stack
from sonca.engines.viettts.backends.openvino.graphs.layers import WeightFormat, Weights, to_bf16
from sonca.engines.viettts.backends.openvino.pages import release_pages
from sonca.engines.viettts.config import ModelConfig
from sonca.engines.viettts.model_folder import TABLES, ModelFolder, Precision, map_tensors
from sonca.errors import EngineError

BF16 = frozenset({"estimator", "trunk"})
Build = Callable[[], Model]
States = Mapping[str, Mapping[str, Array]]
"""Tensors by part (`llm`, `flow`, `hift`) and key, HiFT's with the weight norm folded in."""


def builders(config: ModelConfig, states: States, precision: Precision) -> dict[str, Build]:
    """Returns what builds each graph, by name."""
    small: WeightFormat = "int8" if precision == "fast" else "f32"
    llm_weights = Weights(states["llm"], format=small)
    flow_weights = Weights(states["flow"], format=small)
    hift_weights = Weights(states["hift"])

    def trunk() -> Model:
        graph = hift.build_trunk(config.hift, hift_weights)
        return to_bf16(graph) if precision == "fast" else graph

    return {
        "text_encoder": lambda: stack.build(
            config.llm.text_encoder, llm_weights, "text_encoder", "text_encoder_affine_layer"
        ),
        "positions": lambda: llm.build_positions(config.llm.lm, llm_weights),
        "attention": lambda: llm.build_attention(config.llm.lm),
        **{
            f"llm_{index}": functools.partial(llm.build_layer, config.llm, llm_weights, index)
            for index in range(config.llm.lm.blocks + 1)
        },
        "flow_encoder": lambda: stack.build(
            config.flow.encoder, flow_weights, "encoder", "encoder_proj"
        ),
        "regulator": lambda: flow.build_regulator(config.flow, flow_weights.unquantized()),
        "estimator": lambda: estimator.build(config.flow, states["flow"], small),
        "pitch": lambda: hift.build_f0(config.hift, hift_weights),
        "trunk": trunk,
    }


def graph_names(config: ModelConfig) -> list[str]:
    nothing: States = {"llm": {}, "flow": {}, "hift": {}}
    return list(builders(config, nothing, "exact"))


def tables(config: ModelConfig, states: States) -> dict[str, Array]:
    """Returns the weights that are applied outside the graphs."""
    lm, of_flow, of_hift = states["llm"], states["flow"], states["hift"]
    weights, blocks = Weights(lm), range(config.llm.lm.blocks)
    return {
        "llm.text": lm["text_embedding.weight"],
        "llm.speech": lm["speech_embedding.weight"],
        "llm.marks": lm["llm_embedding.weight"],
        "llm.speaker.weight": lm["spk_embed_affine_layer.weight"],
        "llm.speaker.bias": lm["spk_embed_affine_layer.bias"],
        "llm.position_bias": np.stack(
            [llm.position_bias(config.llm.lm, weights, index) for index in blocks]
        ),
        "flow.tokens": of_flow["input_embedding.weight"],
        "flow.speaker.weight": of_flow["spk_embed_affine_layer.weight"],
        "flow.speaker.bias": of_flow["spk_embed_affine_layer.bias"],
        "flow.time": estimator.time_table(config.flow, of_flow),
        "hift.mix.weight": of_hift["m_source.l_linear.weight"][0],
        "hift.mix.bias": of_hift["m_source.l_linear.bias"],
    }


def load(folder: ModelFolder, threads: int) -> OpenVINOBackend:
    """Compiles the graphs of a converted model and maps its tables."""
    runtime = Runtime(threads)
    graphs = {}
    for name in graph_names(folder.config):
        path = folder.graph(name)
        if not path.is_file() or not path.with_suffix(".bin").is_file():
            raise EngineError(
                f"{folder.path} lacks the graph {name}; run `sonca models convert` again"
            )
        graphs[name] = runtime.compile(path, _computes_in(name, folder.precision))
    mapped = map_tensors(folder.path / TABLES)
    for name, table in mapped.items():
        if name != "llm.text":  # the only large one; of it a few rows are read
            mapped[name] = np.array(table)
    release_pages(folder.path / TABLES)
    provider = f"OpenVINO {runtime.version} CPU ({folder.precision})"
    return OpenVINOBackend(folder.config, graphs, mapped, (provider,))


def from_states(
    config: ModelConfig, states: States, precision: Precision, threads: int = 1
) -> OpenVINOBackend:
    """Returns a backend straight from tensors, without files."""
    runtime = Runtime(threads)
    graphs = {
        name: runtime.compile(build(), _computes_in(name, precision))
        for name, build in builders(config, states, precision).items()
    }
    provider = f"OpenVINO {runtime.version} CPU"
    return OpenVINOBackend(config, graphs, tables(config, states), (provider,))


def _computes_in(graph: str, precision: Precision) -> str:
    return "bf16" if precision == "fast" and graph in BF16 else "f32"
