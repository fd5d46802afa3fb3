"""Which tensors a checkpoint must hold, key by key, as the configuration has it.

The order is the checkpoint's own. Used to check what was downloaded and to make random weights
of the right form; knows no values.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from sonca.engines.viettts.config import (
    EncoderConfig,
    FlowConfig,
    HiFTConfig,
    LLMConfig,
    ModelConfig,
)
from sonca.errors import EngineError

Shape = tuple[int, ...]
Schema = dict[str, Shape]
PARTS = ("llm", "flow", "hift")


def schema_of(config: ModelConfig) -> dict[str, Schema]:
    """Returns the shape of each key, for each of the three files."""
    return {"llm": _llm(config.llm), "flow": _flow(config.flow), "hift": _hift(config.hift)}


def check_schema(part: str, found: Mapping[str, Shape], wanted: Schema) -> None:
    """Raises `EngineError` if a checkpoint's tensors are not those the configuration needs."""
    if missing := [key for key in wanted if key not in found]:
        raise EngineError(
            f"{part}.pt lacks {len(missing)} of {len(wanted)} tensors, the first {missing[0]!r}: "
            "not a VietTTS checkpoint, or damaged; run `sonca models pull viet-tts` again"
        )
    for key, shape in wanted.items():
        if found[key] != shape:
            raise EngineError(
                f"{part}.pt: {key} is {_form(found[key])}, but config.yaml asks for "
                f"{_form(shape)}; config.yaml and the weights are not of one model"
            )
    if extra := [key for key in found if key not in wanted]:
        raise EngineError(
            f"{part}.pt holds {len(extra)} tensors that config.yaml does not ask for, the first "
            f"{extra[0]!r}; config.yaml and the weights are not of one model"
        )


def _form(shape: Shape) -> str:
    return "x".join(str(size) for size in shape) or "a number"


def _linear(out: Schema, name: str, wide: int, narrow: int, bias: bool = True) -> None:
    """Adds a linear layer: `wide` outputs of `narrow` inputs."""
    out[f"{name}.weight"] = (wide, narrow)
    if bias:
        out[f"{name}.bias"] = (wide,)


def _norm(out: Schema, name: str, width: int) -> None:
    out[f"{name}.weight"] = out[f"{name}.bias"] = (width,)


def _conv(out: Schema, name: str, *shape: int, bias: int | None = None) -> None:
    """Adds a weight (out, in, kernel); a transposed one (in, out, kernel) gives its bias apart."""
    out[f"{name}.weight"] = shape
    out[f"{name}.bias"] = (bias or shape[0],)


def _normed_conv(out: Schema, name: str, *shape: int, bias: int | None = None) -> None:
    out[f"{name}.bias"] = (bias or shape[0],)
    out[f"{name}.weight_g"] = (shape[0], *(1 for _ in shape[1:]))
    out[f"{name}.weight_v"] = shape


def _stack(out: Schema, name: str, config: EncoderConfig) -> None:
    width = config.width
    _linear(out, f"{name}.embed.out.0", width, config.input_size)
    _norm(out, f"{name}.embed.out.1", width)
    _norm(out, f"{name}.after_norm", width)
    for index in range(config.blocks):
        block = f"{name}.encoders.{index}"
        out[f"{block}.self_attn.pos_bias_u"] = (config.heads, config.head_size)
        out[f"{block}.self_attn.pos_bias_v"] = (config.heads, config.head_size)
        for which in ("q", "k", "v", "out"):
            _linear(out, f"{block}.self_attn.linear_{which}", width, width)
        _linear(out, f"{block}.self_attn.linear_pos", width, width, bias=False)
        _linear(out, f"{block}.feed_forward.w_1", config.ffn, width)
        _linear(out, f"{block}.feed_forward.w_2", width, config.ffn)
        for norm in config.norm_names:
            _norm(out, f"{block}.{norm}", width)


def _llm(config: LLMConfig) -> Schema:
    out: Schema = {}
    width = config.lm.input_size
    out["text_embedding.weight"] = (config.text_vocab, config.text_encoder.input_size)
    _stack(out, "text_encoder", config.text_encoder)
    _linear(out, "text_encoder_affine_layer", width, config.text_encoder.width)
    out["llm_embedding.weight"] = (2, width)
    _stack(out, "llm", config.lm)
    _linear(out, "llm_decoder", config.speech_vocab + 1, config.out_width)
    out["speech_embedding.weight"] = (config.speech_vocab, width)
    _linear(out, "spk_embed_affine_layer", width, config.speaker)
    return out


def _flow(config: FlowConfig) -> Schema:
    out: Schema = {"input_embedding.weight": (config.vocab, config.token_width)}
    _linear(out, "spk_embed_affine_layer", config.mel, config.speaker)
    _stack(out, "encoder", config.encoder)
    _linear(out, "encoder_proj", config.mel, config.encoder.width)
    _estimator(out, "decoder.estimator", config)
    for index in range(config.regulator_convs):
        _conv(out, f"length_regulator.model.{3 * index}", config.mel, config.mel, 3)
        _norm(out, f"length_regulator.model.{3 * index + 1}", config.mel)
    last = f"length_regulator.model.{3 * config.regulator_convs}"
    _conv(out, last, config.mel, config.mel, 1)
    return out


def _estimator(out: Schema, name: str, flow: FlowConfig) -> None:
    config = flow.estimator
    c0, c1 = config.channels
    _linear(out, f"{name}.time_mlp.linear_1", 4 * c0, config.in_channels)
    _linear(out, f"{name}.time_mlp.linear_2", 4 * c0, 4 * c0)

    def stage(stem: str, c_in: int, c_out: int) -> None:
        res = f"{stem}.0"
        _linear(out, f"{res}.mlp.1", c_out, 4 * c0)
        for block, channels in (("block1", c_in), ("block2", c_out)):
            _conv(out, f"{res}.{block}.block.0", c_out, channels, 3)
            _norm(out, f"{res}.{block}.block.1", c_out)
        _conv(out, f"{res}.res_conv", c_out, c_in, 1)
        inner = config.heads * config.head_size
        for index in range(config.blocks):
            block = f"{stem}.1.{index}"
            _norm(out, f"{block}.norm1", c_out)
            for which in ("q", "k", "v"):
                _linear(out, f"{block}.attn1.to_{which}", inner, c_out, bias=False)
            _linear(out, f"{block}.attn1.to_out.0", c_out, inner)
            _norm(out, f"{block}.norm3", c_out)
            _linear(out, f"{block}.ff.net.0.proj", 4 * c_out, c_out)
            _linear(out, f"{block}.ff.net.2", c_out, 4 * c_out)

    stage(f"{name}.down_blocks.0", config.in_channels, c0)
    _conv(out, f"{name}.down_blocks.0.2.conv", c0, c0, 3)
    stage(f"{name}.down_blocks.1", c0, c1)
    _conv(out, f"{name}.down_blocks.1.2", c1, c1, 3)
    for index in range(config.mid_stages):
        stage(f"{name}.mid_blocks.{index}", c1, c1)
    stage(f"{name}.up_blocks.0", 2 * c1, c0)
    _conv(out, f"{name}.up_blocks.0.2.conv", c0, c0, 4)
    stage(f"{name}.up_blocks.1", 2 * c0, c0)
    _conv(out, f"{name}.up_blocks.1.2", c0, c0, 3)
    _conv(out, f"{name}.final_block.block.0", c0, c0, 3)
    _norm(out, f"{name}.final_block.block.1", c0)
    _conv(out, f"{name}.final_proj", config.out_channels, c0, 1)


def _resblock(
    out: Schema, name: str, channels: int, kernel: int, dilations: tuple[int, ...]
) -> None:
    for index in range(len(dilations)):
        for which in ("1", "2"):
            _normed_conv(out, f"{name}.convs{which}.{index}", channels, channels, kernel)
            out[f"{name}.activations{which}.{index}.alpha"] = (channels,)


def _hift(config: HiFTConfig) -> Schema:
    out: Schema = {}
    bins = config.n_fft + 2
    _linear(out, "m_source.l_linear", 1, config.harmonics + 1)
    _normed_conv(out, "conv_pre", config.base, config.mel, 7)
    channels = config.base
    for i, kernel in enumerate(config.upsample_kernels):
        half = channels // 2
        _normed_conv(out, f"ups.{i}", channels, half, kernel, bias=half)
        channels = half
        u = math.prod(config.upsample_rates[i + 1 :])
        _conv(out, f"source_downs.{i}", channels, bins, 1 if u == 1 else 2 * u)
        size, dilations = config.source_kernels[i], config.source_dilations[i]
        _resblock(out, f"source_resblocks.{i}", channels, size, dilations)
        for j, (size, dilations) in enumerate(zip(config.kernels, config.dilations, strict=True)):
            name = f"resblocks.{i * len(config.kernels) + j}"
            _resblock(out, name, channels, size, dilations)
    _normed_conv(out, "conv_post", bins, channels, 7)
    for index in range(5):
        width = config.f0_width if index else config.mel
        _normed_conv(out, f"f0_predictor.condnet.{2 * index}", config.f0_width, width, 3)
    _linear(out, "f0_predictor.classifier", 1, config.f0_width)
    return out
