"""The PyTorch path that runs on GPUs, here on the CPU: equal to upstream's numbers in float32,
and close to them in bf16. What only a GPU has (captured graphs) is tested where there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="the GPU path is PyTorch")

import torch

from benchmarks.viettts.parity.compare import relative
from benchmarks.viettts.parity.golden import GoldenFolder
from sonca.engines.viettts.backends.base import VoicePrompt
from sonca.engines.viettts.backends.torch.backend import TorchBackend
from sonca.engines.viettts.config import ModelConfig

pytestmark = pytest.mark.slow

NOBODY = np.zeros(0, np.int64)
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.skipif(
    not torch.cuda.is_available(), reason="no GPU here"))]  # fmt: skip


def backend_of(golden: GoldenFolder, config: ModelConfig, device: str, dtype: Any) -> TorchBackend:
    tensors = {
        part: {key: torch.from_numpy(np.array(value)) for key, value in state.items()}
        for part, state in golden.states().items()
    }
    return TorchBackend(config, tensors, torch.device(device), dtype, slots=4)


@pytest.fixture(scope="module", params=DEVICES)
def exact(request: pytest.FixtureRequest, golden: GoldenFolder, tiny: ModelConfig) -> TorchBackend:
    if request.param == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    return backend_of(golden, tiny, request.param, torch.float32)


def voice_of(arrays: Mapping[str, npt.NDArray[Any]]) -> VoicePrompt:
    tokens = arrays.get("in.prompt_token", np.zeros((1, 0), np.int64))[0].astype(np.int64)
    mel = arrays.get("in.prompt_feat", np.zeros((1, 0, 80), np.float32))[0]
    return VoicePrompt(arrays["in.emb"][0], tokens, mel)


def logp(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    shifted = logits - logits.max()
    return np.asarray(shifted - np.log(np.exp(shifted).sum()))


def test_language_model_equals_upstream(exact: TorchBackend, golden: GoldenFolder) -> None:
    arrays = golden.cases("llm")["spk"]
    decoder = exact.decoder()
    rows = [decoder.start(7, arrays["in.text"][0], voice_of(arrays), NOBODY)]
    rows += [decoder.step({7: int(id)})[7] for id in arrays["in.forced"][:-1]]
    assert relative([logp(row) for row in rows], arrays["out.logp"]) < 1e-5


def test_sentences_do_not_disturb_each_other(exact: TorchBackend, golden: GoldenFolder) -> None:
    """Joining and leaving at different steps, past the cache's size and its compaction."""
    voice = voice_of(golden.cases("llm")["spk"])
    rng = np.random.default_rng(0)
    joins, lengths = {0: 0, 1: 3, 2: 300, 3: 390}, {0: 350, 1: 20, 2: 320, 3: 250}
    texts = {key: rng.integers(0, 200, size) for key, size in enumerate([3, 40, 9, 150])}
    tokens = {key: rng.integers(0, 64, 400) for key in texts}
    batch = exact.decoder()
    got: dict[int, list[npt.NDArray[np.float32]]] = {}
    for step in range(660):
        for key in (k for k, at in joins.items() if at == step):
            got[key] = [batch.start(key, texts[key], voice, NOBODY)]
        done = [key for key in got if len(got[key]) == lengths[key]]
        for key in done:
            batch.drop(key)
        running = [key for key in got if key not in done]
        if running:
            fed = {key: int(tokens[key][len(got[key]) - 1]) for key in running}
            for key, logits in batch.step(fed).items():
                got[key].append(logits)
    for key, text in texts.items():
        assert len(got[key]) == lengths[key]
        alone = exact.decoder()
        rows = [alone.start(0, text, voice, NOBODY)]
        rows += [alone.step({0: int(id)})[0] for id in tokens[key][: len(got[key]) - 1]]
        assert relative(got[key], rows) < 1e-5


def solve(backend: TorchBackend, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    tokens = arrays["in.token"][0].astype(np.int64)
    solver = backend.solver(voice_of(arrays), tokens, arrays["in.noise"][0].T.copy())
    while not solver.step():
        pass
    return solver.mel().T


def test_flow_equals_upstream(exact: TorchBackend, golden: GoldenFolder) -> None:
    for name in ("solve_long", "solve_short_odd", "solve_noprompt"):
        arrays = golden.cases("flow")[name]
        assert relative(solve(exact, arrays), arrays["out.mel"][0]) < 2e-5, name


def test_vocoder_networks_equal_upstream(exact: TorchBackend, golden: GoldenFolder) -> None:
    arrays = golden.cases("hift")["decode_only"]
    mel = arrays["in.mel"][0].T.copy()
    assert relative(exact.pitch(mel), arrays["out.f0"][0]) < 1e-5
    assert (
        relative(exact.spectrum(mel, arrays["out.source_stft"][0]), arrays["out.conv_post"][0])
        < 1e-5
    )
    weight, bias = exact.mix()
    assert weight.shape == (9,)
    assert isinstance(bias, float)


def test_bf16_is_close(golden: GoldenFolder, tiny: ModelConfig) -> None:
    backend = backend_of(golden, tiny, "cpu", torch.bfloat16)
    arrays = golden.cases("flow")["solve_long"]
    error = relative(solve(backend, arrays), arrays["out.mel"][0])
    assert 1e-5 < error < 0.03
    arrays = golden.cases("llm")["spk"]
    decoder = backend.decoder()
    rows = [decoder.start(7, arrays["in.text"][0], voice_of(arrays), NOBODY)]
    rows += [decoder.step({7: int(id)})[7] for id in arrays["in.forced"][:-1]]
    assert relative([logp(row) for row in rows], arrays["out.logp"]) < 0.03


def test_all_slots_in_use_is_an_error(exact: TorchBackend, golden: GoldenFolder) -> None:
    from sonca.errors import EngineError

    voice = voice_of(golden.cases("llm")["spk"])
    decoder = exact.decoder()
    for key in range(4):
        decoder.start(key, np.arange(5), voice, NOBODY)
    with pytest.raises(EngineError, match="all 4 slots"):
        decoder.start(4, np.arange(5), voice, NOBODY)
    decoder.drop(2)
    decoder.start(4, np.arange(5), voice, NOBODY)
