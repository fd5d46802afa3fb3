"""The vocoder's stream: pieces of any size give the same samples as the whole."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from benchmarks.viettts.parity.compare import relative
from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.config import ModelConfig
from sonca.engines.viettts.vocoder import Vocoder, istft, stft

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")

from sonca.engines.viettts.backends.openvino.assemble import from_states
from sonca.engines.viettts.backends.openvino.backend import OpenVINOBackend


@pytest.fixture(scope="module")
def exact(golden: GoldenFolder, tiny: ModelConfig) -> OpenVINOBackend:
    return from_states(tiny, golden.states(), "exact")


def test_transforms_equal_upstream(golden: GoldenFolder) -> None:
    case = golden.cases("hift")["decode_only"]
    spectrum = stft(case["out.source"][0, 0], 16, 4)
    assert relative(spectrum, case["out.source_stft"][0]) < 1e-5
    case = golden.cases("hift")["istft"]
    magnitude = np.minimum(case["in.magnitude"][0], 100)
    wave = istft(magnitude, case["in.phase"][0], 16, 4)
    assert relative(wave, case["out.wav_unclamped"][0]) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize(
    "cuts", [[60], [25, 31, 200], [1, 2, 3, 70, 71, 72, 150], range(7, 233, 7)]
)
def test_pieces_equal_the_whole(exact: OpenVINOBackend, cuts: list[int]) -> None:
    mel = np.random.default_rng(1).standard_normal((233, 80)).astype(np.float32)
    whole = Vocoder(exact, seed=3).feed(mel, last=True)
    assert len(whole) == 233 * 256

    stream = Vocoder(exact, seed=3)
    bounds = [0, *cuts, 233]
    pieces = [
        stream.feed(mel[start:end], last=end == 233) for start, end in itertools.pairwise(bounds)
    ]
    assert relative(np.concatenate(pieces), whole) < 1e-4
    assert not np.array_equal(whole, Vocoder(exact, seed=4).feed(mel, last=True))
