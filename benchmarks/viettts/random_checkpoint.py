"""A VietTTS checkpoint whose weights have the right form and no meaning, for benchmarks and tests:
``python -m benchmarks.viettts.random_checkpoint``.

Scaled so that numbers stay in the range of a trained model's: unit-variance layers, a pitch of
speech, a level of sound. Nothing made with them is speech.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer

from benchmarks.options import run_command, say
from benchmarks.viettts.checkpoint_writer import write_checkpoint
from benchmarks.viettts.fake_models import prompt_models
from sonca import disk
from sonca.engines.viettts.config import ModelConfig, parse_config
from sonca.engines.viettts.convert.checkpoint_schema import PARTS, Shape, schema_of
from sonca.engines.viettts.hyperpyyaml import load_hyperpyyaml
from sonca.errors import InvalidRequest

Array = npt.NDArray[np.float32]
RESIDUAL = 0.3
"""Scale of what a residual branch adds, so that deep stacks do not drown their input."""
_SCALES = {
    "m_source.l_linear.weight": 3.0,
    "llm_decoder.weight": 3.0,
    "f0_predictor.classifier.weight": 100.0,
    "conv_post.weight_g": 0.3,
}
_BIASES = {"f0_predictor.classifier.bias": 180.0}


def random_state(config: ModelConfig, part: str, seed: int) -> Iterator[tuple[str, Array]]:
    """The tensors of one part, one after the other, each from its own random stream."""
    for index, (key, shape) in enumerate(schema_of(config)[part].items()):
        generator = np.random.default_rng([seed, len(part), index])
        yield key, _tensor(key, shape, generator)


def _tensor(key: str, shape: Shape, generator: np.random.Generator) -> Array:
    normal = generator.standard_normal(shape, dtype=np.float32)
    if key in _BIASES:
        return np.full(shape, _BIASES[key], np.float32)
    if key.endswith(".alpha"):
        return generator.uniform(0.5, 1.5, shape).astype(np.float32)
    if key.endswith("weight_g"):
        scale = 0.5 if ".convs2." in key else 1.0
        return np.asarray(_SCALES.get(key, scale) * (1 + 0.1 * normal), np.float32)
    if key.endswith("bias") or "pos_bias" in key:
        return 0.1 * normal
    if len(shape) == 1:  # the gain of a norm
        return 1 + 0.2 * normal
    if "embedding" in key:
        return normal
    scale = _SCALES.get(key, 1.0) / math.sqrt(math.prod(shape[1:]))
    if key.endswith((".w_2.weight", "linear_out.weight", "to_out.0.weight", "net.2.weight")):
        scale *= RESIDUAL
    return np.float32(scale) * normal


def full_size_yaml(rate_hz: int) -> str:
    """A `config.yaml` of the published size with `rate_hz` tokens per second."""
    text = Path(__file__).with_name("full_size.yaml").read_text(encoding="utf-8")
    return text.replace("input_frame_rate: RATE", f"input_frame_rate: {rate_hz}")


def make_random(target: Path, seed: int, *, config_yaml: str) -> None:
    """Write a model folder in upstream's form with random weights: `config.yaml`, three
    checkpoints, and stand-ins for the two ONNX models of the prompt.

    The stand-ins take the true inputs and give the true outputs' form: speech tokens at the
    token rate, a speaker vector of the right size. Raises `StorageFull` or `StorageError` if the
    folder cannot be written; what was begun is removed.
    """
    config = parse_config(load_hyperpyyaml(config_yaml))
    with disk.new_folder(target, room=4 * _parameters(config) + (64 << 20)) as draft:
        (draft / "config.yaml").write_text(config_yaml, encoding="utf-8")
        for part in PARTS:
            write_checkpoint(draft / f"{part}.pt", random_state(config, part, seed))
        for name, content in prompt_models(config, seed).items():
            (draft / name).write_bytes(content)


def _parameters(config: ModelConfig) -> int:
    return sum(math.prod(shape) for part in schema_of(config).values() for shape in part.values())


def main(
    into: Annotated[Path, typer.Option(help="Folder to write; 1.8 GB.")] = Path("viet-tts-random"),
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal weights.")] = 0,
    rate: Annotated[int, typer.Option(help="Speech tokens a second: 25 or 50.")] = 25,
) -> None:
    """Make a full-size VietTTS checkpoint with random weights."""
    if rate not in (25, 50):
        raise InvalidRequest(f"--rate {rate}: VietTTS speaks 25 or 50 tokens a second")
    make_random(into, seed, config_yaml=full_size_yaml(rate))
    say(f"made {into}; next: sonca models convert {into}")


if __name__ == "__main__":
    run_command(main)
