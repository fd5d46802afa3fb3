"""The CPU path against the plain reference, with the golden tiny model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.viettts.parity.compare import relative
from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.backends.base import VoicePrompt
from sonca.engines.viettts.config import ModelConfig

pytest.importorskip("openvino", reason="the CPU path needs OpenVINO")

from sonca.engines.viettts.backends.openvino.assemble import from_states
from sonca.engines.viettts.backends.openvino.backend import OpenVINOBackend

Arrays = Mapping[str, npt.NDArray[Any]]
NOBODY = np.zeros(0, np.int64)


@pytest.fixture(scope="module")
def exact(golden: GoldenFolder, tiny: ModelConfig) -> OpenVINOBackend:
    return from_states(tiny, golden.states(), "exact")


def voice_of(arrays: Arrays) -> VoicePrompt:
    empty = np.zeros((1, 0), np.int64)
    tokens = arrays.get("in.prompt_token", empty)[0].astype(np.int64)
    mel = arrays.get("in.prompt_feat", np.zeros((1, 0, 80), np.float32))[0]
    return VoicePrompt(arrays["in.emb"][0], tokens, mel)


def logp(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


@pytest.mark.slow
@pytest.mark.parametrize("case", ["spk", "one_text_token"])
def test_language_model_equals_upstream(
    exact: OpenVINOBackend, golden: GoldenFolder, case: str
) -> None:
    arrays = golden.cases("llm")[case]
    decoder = exact.decoder()
    rows = [decoder.start(7, arrays["in.text"][0], voice_of(arrays), NOBODY)]
    rows += [decoder.step({7: int(id)})[7] for id in arrays["in.forced"][:-1]]
    assert relative([logp(row) for row in rows], arrays["out.logp"]) < 1e-5


@pytest.mark.slow
def test_a_run_can_be_taken_up_again(exact: OpenVINOBackend, golden: GoldenFolder) -> None:
    arrays = golden.cases("llm")["spk"]
    generated = arrays["in.forced"][:17].astype(np.int64)
    logits = exact.decoder().start(1, arrays["in.text"][0], voice_of(arrays), generated)
    assert relative(logp(logits), arrays["out.logp"][17]) < 1e-5


@pytest.mark.slow
def test_sentences_do_not_disturb_each_other(exact: OpenVINOBackend, golden: GoldenFolder) -> None:
    """They join and leave at different steps, long ones and short, past the cache's growth."""
    arrays = golden.cases("llm")["spk"]
    voice = voice_of(arrays)
    rng = np.random.default_rng(0)
    texts = {key: rng.integers(0, 200, size) for key, size in enumerate([3, 40, 9, 150])}
    tokens = {key: rng.integers(0, 64, 180) for key in texts}
    joins, leaves = {0: 0, 1: 5, 2: 30, 3: 60}, {0: 100, 1: 180, 2: 50, 3: 180}

    batch = exact.decoder()
    got: dict[int, list[npt.NDArray[np.float32]]] = {key: [] for key in texts}
    running: set[int] = set()
    for step in range(200):
        for key in (k for k, at in joins.items() if at == step):
            got[key].append(batch.start(key, texts[key], voice, NOBODY))
            running.add(key)
        for key in [k for k in running if len(got[k]) == leaves[k]]:
            batch.drop(key)
            running.discard(key)
        if running:
            fed = {key: int(tokens[key][len(got[key]) - 1]) for key in running}
            for key, logits in batch.step(fed).items():
                got[key].append(logits)

    for key, text in texts.items():
        alone = exact.decoder()
        rows = [alone.start(0, text, voice, NOBODY)]
        rows += [alone.step({0: int(id)})[0] for id in tokens[key][: len(got[key]) - 1]]
        assert len(rows) >= 50
        assert relative(got[key], rows) < 1e-5


@pytest.mark.slow
def test_flow_equals_upstream(
    exact: OpenVINOBackend, golden: GoldenFolder, tiny: ModelConfig
) -> None:
    for name in ("solve_long", "solve_short_odd", "solve_noprompt"):
        arrays = golden.cases("flow")[name]
        tokens = arrays["in.token"][0].astype(np.int64)
        solver = exact.solver(voice_of(arrays), tokens, arrays["in.noise"][0].T.copy())
        while not solver.step():
            pass
        assert relative(solver.mel().T, arrays["out.mel"][0]) < 2e-5, name


@pytest.mark.slow
def test_vocoder_networks_equal_upstream(exact: OpenVINOBackend, golden: GoldenFolder) -> None:
    arrays = golden.cases("hift")["decode_only"]
    mel = arrays["in.mel"][0].T.copy()
    assert relative(exact.pitch(mel), arrays["out.f0"][0]) < 1e-5
    post = exact.spectrum(mel, arrays["out.source_stft"][0])
    assert relative(post, arrays["out.conv_post"][0]) < 1e-5
