"""The fast path (int8 weights, bf16 networks) against the exact one, on the tiny model."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.viettts.parity.compare import relative
from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.backends.base import VoicePrompt
from sonca.engines.viettts.config import ModelConfig

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")

from sonca.engines.runtime import nodes
from sonca.engines.viettts.backends.openvino.assemble import from_states
from sonca.engines.viettts.backends.openvino.backend import OpenVINOBackend
from sonca.engines.viettts.backends.openvino.compiled import Runtime
from sonca.engines.viettts.backends.openvino.graphs import layers as nn
from sonca.engines.viettts.model_folder import Precision

NOBODY = np.zeros(0, np.int64)


def backend(golden: GoldenFolder, tiny: ModelConfig, precision: Precision) -> OpenVINOBackend:
    return from_states(tiny, golden.states(), precision)


@pytest.fixture(scope="module")
def both(golden: GoldenFolder, tiny: ModelConfig) -> tuple[OpenVINOBackend, OpenVINOBackend]:
    return backend(golden, tiny, "exact"), backend(golden, tiny, "fast")


def voice() -> VoicePrompt:
    rng = np.random.default_rng(0)
    mel = rng.standard_normal((50, 80)).astype(np.float32)
    return VoicePrompt(rng.standard_normal(24).astype(np.float32), rng.integers(0, 64, 29), mel)


@pytest.mark.slow
def test_the_mel_is_within_two_percent(both: tuple[OpenVINOBackend, OpenVINOBackend]) -> None:
    rng = np.random.default_rng(1)
    tokens = rng.integers(0, 64, 60)
    noise = rng.standard_normal((50 + 103, 80)).astype(np.float32)
    mels = []
    for path in both:
        solver = path.solver(voice(), tokens, noise)
        while not solver.step():
            pass
        mels.append(solver.mel())
    # Where the processor has no bf16 of its own, the fast path may be exact here.
    assert relative(mels[1], mels[0]) < 0.02


@pytest.mark.slow
def test_the_likeliest_tokens_are_the_same(both: tuple[OpenVINOBackend, OpenVINOBackend]) -> None:
    rng = np.random.default_rng(2)
    forced, text = rng.integers(0, 64, 60), rng.integers(0, 200, 12)
    tops = []
    for path in both:
        decoder = path.decoder()
        rows = [decoder.start(0, text, voice(), NOBODY)]
        rows += [decoder.step({0: int(id)})[0] for id in forced]
        tops.append(np.argsort(-np.array(rows), axis=1)[:, :25])
    shared = [len(np.intersect1d(a, b)) / 25 for a, b in zip(*tops, strict=True)]
    assert np.mean(shared) >= 0.95
    assert not np.array_equal(*tops)  # int8 is something else than float32


def test_nothing_leaves_the_ranges_of_int8() -> None:
    """The worst input for each output of a layer after a norm: as long as can be, in its way."""
    rng = np.random.default_rng(5)
    weight, bias = rng.standard_normal((60, 256)) * 0.1, rng.standard_normal(60)
    weight[0, 1:] = 0  # one weight alone: rounding is at its worst
    weight[1] += 1  # a sum that the norm takes away
    layer = weight.astype(np.float32), bias.astype(np.float32)
    norm = {"n.weight": rng.uniform(0.2, 2, 256), "n.bias": rng.standard_normal(256)}
    weights = nn.Weights({k: v.astype(np.float32) for k, v in norm.items()}, format="int8")
    x = nodes.parameter([-1, 256], "x")
    (y,) = nn.norm_linears(x, weights, "n", [layer])
    graph = Runtime(1).compile(nodes.model([x], {"y": y}, "worst"))
    (worst,) = graph(x=(layer[0] * weights["n.weight"]))
    bound = nn.norm_bound(weights, "n", *layer)
    reached = np.diag(worst)
    assert (reached <= bound).all()
    assert np.median(reached / bound) > 0.8  # and the ranges are not wider than need be


@pytest.mark.slow
def test_the_trunk_is_close(both: tuple[OpenVINOBackend, OpenVINOBackend]) -> None:
    rng = np.random.default_rng(3)
    mel = rng.standard_normal((40, 80)).astype(np.float32)
    source = rng.standard_normal((18, 40 * 64 + 1)).astype(np.float32)
    exact, fast = (path.spectrum(mel, source) for path in both)
    assert relative(fast, exact) < 0.03
    np.testing.assert_array_equal(both[0].pitch(mel), both[1].pitch(mel))  # in float32 on both


@pytest.mark.slow
def test_a_sentence_is_the_same_to_the_last_bit_whoever_is_beside_it(
    both: tuple[OpenVINOBackend, OpenVINOBackend],
) -> None:
    """With int8, small differences become large ones: there must be none at all."""
    fast = both[1]
    rng = np.random.default_rng(4)
    texts = [rng.integers(0, 200, size) for size in (12, 40, 5)]
    tokens = rng.integers(0, 64, (3, 150))
    together: list[list[np.ndarray]] = [[], [], []]
    decoder = fast.decoder()
    for step in range(150):
        for key in range(3):
            if step == 20 * key:
                together[key].append(decoder.start(key, texts[key], voice(), NOBODY))
        if step == 100:
            decoder.drop(0)
        running = [key for key in range(3) if step >= 20 * key and (key or step < 100)]
        fed = {key: int(tokens[key][len(together[key]) - 1]) for key in running}
        for key, logits in decoder.step(fed).items():
            together[key].append(logits)
    for key, text in enumerate(texts):
        alone = fast.decoder()
        rows = [alone.start(0, text, voice(), NOBODY)]
        rows += [alone.step({0: int(id)})[0] for id in tokens[key][: len(together[key]) - 1]]
        np.testing.assert_array_equal(together[key], rows)
