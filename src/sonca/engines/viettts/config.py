"""What a model folder says about itself: `config.yaml` as typed values.

How the file becomes plain data is the business of `hyperpyyaml`. Nothing here knows the weights;
`convert.checkpoint_schema` says which tensors a configuration needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca.engines.viettts.durations import HOP, SAMPLE_RATE_HZ
from sonca.engines.viettts.hyperpyyaml import load_hyperpyyaml
from sonca.errors import EngineError

MAX_CONFIG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class EncoderConfig:
    """A stack of pre-norm attention blocks with relative positions."""

    input_size: int
    width: int
    heads: int
    ffn: int
    blocks: int
    legacy_input: bool
    """ReLU after the input layer's norm."""
    causal: bool
    conformer: bool
    """Names `norm_mha`, `norm_ff` and SiLU; else `norm1`, `norm2` and ReLU."""

    @property
    def head_size(self) -> int:
        return self.width // self.heads

    @property
    def norm_names(self) -> tuple[str, str]:
        return ("norm_mha", "norm_ff") if self.conformer else ("norm1", "norm2")


@dataclass(frozen=True, slots=True)
class SamplingConfig:
    top_p: float = 0.8
    top_k: int = 25
    window: int = 10
    tau: float = 0.1


@dataclass(frozen=True, slots=True)
class LLMConfig:
    text_vocab: int
    speech_vocab: int
    """Without the end, whose id this is."""
    speaker: int
    text_encoder: EncoderConfig
    lm: EncoderConfig
    out_width: int
    sampling: SamplingConfig


@dataclass(frozen=True, slots=True)
class EstimatorConfig:
    in_channels: int
    out_channels: int
    channels: tuple[int, int]
    blocks: int
    mid_stages: int
    heads: int
    head_size: int


@dataclass(frozen=True, slots=True)
class FlowConfig:
    vocab: int
    token_width: int
    mel: int
    speaker: int
    rate_hz: float
    """Speech tokens per second: 25 or 50."""
    encoder: EncoderConfig
    regulator_convs: int
    estimator: EstimatorConfig
    cfg_rate: float


@dataclass(frozen=True, slots=True)
class HiFTConfig:
    mel: int
    base: int
    harmonics: int
    sample_rate_hz: int
    sine_amplitude: float
    noise_sigma: float
    voiced_above_hz: float
    upsample_rates: tuple[int, ...]
    upsample_kernels: tuple[int, ...]
    n_fft: int
    hop: int
    kernels: tuple[int, ...]
    dilations: tuple[tuple[int, ...], ...]
    source_kernels: tuple[int, ...]
    source_dilations: tuple[tuple[int, ...], ...]
    slope: float
    limit: float
    f0_width: int

    @property
    def samples_per_frame(self) -> int:
        total = self.hop
        for rate in self.upsample_rates:
            total *= rate
        return total


@dataclass(frozen=True, slots=True)
class ModelConfig:
    llm: LLMConfig
    flow: FlowConfig
    hift: HiFTConfig

    @property
    def sample_rate_hz(self) -> int:
        return self.hift.sample_rate_hz


def read_config(path: Path) -> ModelConfig:
    """Reads `config.yaml`.

    Raises `EngineError` if the file is missing, too large, not YAML of the expected form, or
    carries a tag that would run code.
    """
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise EngineError(f"{path.name} is over {MAX_CONFIG_BYTES} bytes: not a VietTTS config")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise EngineError(
            f"cannot read {path}: {error.strerror}; run `sonca models pull viet-tts` again"
        ) from error
    except UnicodeDecodeError as error:
        raise EngineError(f"{path.name} is not UTF-8 text") from error
    return parse_config(load_hyperpyyaml(text))


def parse_config(document: Mapping[str, Any]) -> ModelConfig:
    """Returns the typed configuration of a plain document with `llm`, `flow` and `hift`."""
    try:
        config = ModelConfig(
            _llm(document["llm"]), _flow(document["flow"]), _hift(document["hift"])
        )
    except KeyError as error:
        raise EngineError(f"config.yaml lacks {error.args[0]!r}") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise EngineError(f"config.yaml holds a value that cannot be used: {error}") from error
    _check(config)
    return config


def _check(config: ModelConfig) -> None:
    llm, flow, hift = config.llm, config.flow, config.hift
    if llm.speech_vocab != flow.vocab:
        raise EngineError(
            f"config.yaml: the LLM speaks {llm.speech_vocab} tokens, the flow knows {flow.vocab}"
        )
    if not 1 <= flow.rate_hz <= 200:
        raise EngineError(f"config.yaml: input_frame_rate {flow.rate_hz} is not a token rate")
    if hift.samples_per_frame != HOP:
        raise EngineError(f"config.yaml: {hift.samples_per_frame} samples per frame, not {HOP}")
    if hift.sample_rate_hz != SAMPLE_RATE_HZ:
        raise EngineError(
            f"config.yaml: {hift.sample_rate_hz} Hz, only {SAMPLE_RATE_HZ} is supported"
        )
    if flow.mel != hift.mel or flow.estimator.in_channels != 4 * flow.mel:
        raise EngineError("config.yaml: the mel channels of flow and vocoder do not fit together")
    for encoder in (llm.text_encoder, llm.lm, flow.encoder):
        if encoder.width % encoder.heads or min(encoder.width, encoder.ffn, encoder.blocks) < 1:
            raise EngineError(f"config.yaml: {encoder.heads} heads do not divide {encoder.width}")


def _encoder(data: Mapping[str, Any], conformer: bool) -> EncoderConfig:
    wanted = {"pos_enc_layer_type": "rel_pos_espnet", "selfattention_layer_type": "rel_selfattn"}
    for key, value in wanted.items():
        if data.get(key, value) != value:
            raise EngineError(f"config.yaml: {key} {data[key]!r} is not supported, only {value!r}")
    if data.get("use_cnn_module", False) or data.get("macaron_style", False):
        raise EngineError("config.yaml: convolution and macaron modules are not supported")
    if data["input_layer"] not in ("linear", "linear_legacy"):
        raise EngineError(f"config.yaml: input_layer {data['input_layer']!r} is not supported")
    return EncoderConfig(
        input_size=int(data["input_size"]),
        width=int(data["output_size"]),
        heads=int(data["attention_heads"]),
        ffn=int(data["linear_units"]),
        blocks=int(data["num_blocks"]),
        legacy_input=data["input_layer"] == "linear_legacy",
        causal=int(data.get("static_chunk_size", 0)) == 1,
        conformer=conformer,
    )


def _llm(data: Mapping[str, Any]) -> LLMConfig:
    sampling = data.get("sampling") or {}
    default = SamplingConfig()
    return LLMConfig(
        text_vocab=int(data["text_token_size"]),
        speech_vocab=int(data["speech_token_size"]),
        speaker=int(data["spk_embed_dim"]),
        text_encoder=_encoder(data["text_encoder"], conformer=True),
        lm=_encoder(data["llm"], conformer=False),
        out_width=int(data["llm_output_size"]),
        sampling=SamplingConfig(
            float(sampling.get("top_p", default.top_p)),
            int(sampling.get("top_k", default.top_k)),
            int(sampling.get("win_size", default.window)),
            float(sampling.get("tau_r", default.tau)),
        ),
    )


def _flow(data: Mapping[str, Any]) -> FlowConfig:
    decoder = data["decoder"]
    cfm = decoder["cfm_params"]
    cfm = cfm.get("content", cfm)
    if cfm.get("t_scheduler", "cosine") != "cosine" or cfm.get("solver", "euler") != "euler":
        raise EngineError(
            "config.yaml: only the Euler solver with the cosine schedule is supported"
        )
    estimator = decoder["estimator"]
    if estimator.get("act_fn", "gelu") != "gelu":
        raise EngineError(f"config.yaml: act_fn {estimator['act_fn']!r} is not supported")
    ratios = list(data["length_regulator"]["sampling_ratios"])
    if any(ratio != 1 for ratio in ratios):
        raise EngineError(f"config.yaml: sampling_ratios {ratios} are not supported, only ones")
    channels = [int(channel) for channel in estimator["channels"]]
    if len(channels) != 2:
        raise EngineError(f"config.yaml: {len(channels)} estimator channels, 2 are supported")
    return FlowConfig(
        vocab=int(data["vocab_size"]),
        token_width=int(data["input_size"]),
        mel=int(data["output_size"]),
        speaker=int(data["spk_embed_dim"]),
        rate_hz=float(data.get("input_frame_rate", 50)),
        encoder=_encoder(data["encoder"], conformer=True),
        regulator_convs=len(ratios),
        estimator=EstimatorConfig(
            in_channels=int(estimator["in_channels"]),
            out_channels=int(estimator["out_channels"]),
            channels=(channels[0], channels[1]),
            blocks=int(estimator["n_blocks"]),
            mid_stages=int(estimator["num_mid_blocks"]),
            heads=int(estimator["num_heads"]),
            head_size=int(estimator["attention_head_dim"]),
        ),
        cfg_rate=float(cfm["inference_cfg_rate"]),
    )


def _hift(data: Mapping[str, Any]) -> HiFTConfig:
    def ints(key: str) -> tuple[int, ...]:
        return tuple(int(value) for value in data[key])

    def nested(key: str) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(int(value) for value in row) for row in data[key])

    return HiFTConfig(
        mel=int(data["in_channels"]),
        base=int(data["base_channels"]),
        harmonics=int(data["nb_harmonics"]),
        sample_rate_hz=int(data["sampling_rate"]),
        sine_amplitude=float(data["nsf_alpha"]),
        noise_sigma=float(data["nsf_sigma"]),
        voiced_above_hz=float(data["nsf_voiced_threshold"]),
        upsample_rates=ints("upsample_rates"),
        upsample_kernels=ints("upsample_kernel_sizes"),
        n_fft=int(data["istft_params"]["n_fft"]),
        hop=int(data["istft_params"]["hop_len"]),
        kernels=ints("resblock_kernel_sizes"),
        dilations=nested("resblock_dilation_sizes"),
        source_kernels=ints("source_resblock_kernel_sizes"),
        source_dilations=nested("source_resblock_dilation_sizes"),
        slope=float(data["lrelu_slope"]),
        limit=float(data["audio_limit"]),
        f0_width=int(data["f0_predictor"]["cond_channels"]),
    )
