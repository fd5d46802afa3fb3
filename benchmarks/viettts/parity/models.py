"""The three networks, by the plain PyTorch reference."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from benchmarks.viettts.parity.compare import Check, Checks, relative
from benchmarks.viettts.parity.golden import Array, GoldenFolder
from benchmarks.viettts.parity.waveform import head, istft, make_source, source_stft
from sonca.engines.viettts.backends.torch.model import loaded
from sonca.engines.viettts.backends.torch.model.flow import FlowModel
from sonca.engines.viettts.backends.torch.model.hift import HiFTNetworks
from sonca.engines.viettts.backends.torch.model.llm import LanguageModel
from sonca.engines.viettts.convert.checkpoint import fold
from sonca.engines.viettts.durations import mel_frames

TIGHT, FLOW, SOURCE = 1e-5, 2e-5, 2e-3


def tensors(arrays: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(value) for key, value in arrays.items()}


def llm(folder: GoldenFolder) -> Checks:
    model = loaded(LanguageModel(folder.config().llm), tensors(folder.weights("llm")))
    for case, arrays in folder.cases("llm").items():
        for name, value in _llm_case(model, tensors(arrays)).items():
            golden = arrays.get(f"out.{name}")
            if golden is None:
                continue
            yield Check("llm", f"{case}.{name}", relative(value, golden), TIGHT)
            if name == "logp":
                worst = float(np.abs(value.numpy() - golden).max())
                yield Check("llm", f"{case}.{name} max-abs", worst, 1e-4)


def _llm_case(model: LanguageModel, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    text = given["in.text"]
    if "in.prompt_text" in given:
        text = torch.cat([given["in.prompt_text"], text], dim=1)
    emb = given.get("in.emb")
    prompt = model.prompt(text, emb, given.get("in.prompt_speech"))
    fed = model.speech_embedding(given["in.forced"][:-1])[None]  # (1, N-1, width)
    hidden = model.llm(torch.cat([prompt, fed], dim=1))[0, prompt.shape[1] - 1 :]  # (N, width)
    logp = model.llm_decoder(hidden).log_softmax(-1)
    out = {"hidden": hidden, "logp": logp, "text_encoder": model.text(text)}
    out["text_affine"] = model.text_encoder_affine_layer(out["text_encoder"])
    if emb is not None:
        out["spk"] = model.speaker(emb)
    return out


def flow(folder: GoldenFolder) -> Checks:
    model = loaded(FlowModel(folder.config().flow), tensors(folder.weights("flow")))
    for case, arrays in folder.cases("flow").items():
        given = tensors(arrays)
        if "in.x1" in given:
            out = _regulator_case(model, given)
        elif "in.token" in given:
            out = _solve_case(model, given)
        else:
            x, mask, mu, t, spks, cond = (
                given[f"in.{name}"] for name in ("x", "mask", "mu", "t", "spks", "cond")
            )
            time = model.estimator.time(t)
            out = {"velocity": model.estimator(x, mask, mu, time, spks, cond)}
        for name, value in out.items():
            if f"out.{name}" in arrays:
                error = relative(value, arrays[f"out.{name}"])
                yield Check("flow", f"{case}.{name}", error, FLOW)


def _regulator_case(model: FlowModel, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    frames = (int(given["in.mel_len1"]), int(given["in.mel_len2"]))
    rate = float(given["in.frame_rate"])
    return {"regulated": model.length_regulator(given["in.x1"], given["in.x2"], frames, rate)}


def _solve_case(model: FlowModel, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    tokens, prompt, mel = given["in.token"], given["in.prompt_token"], given["in.prompt_feat"]
    rate = float(given.get("in.frame_rate", torch.tensor(model.config.rate_hz)))
    noise, known = given["in.noise"], mel.shape[1]
    encoded = model.encode(torch.cat([prompt, tokens], dim=1))
    h = model.encoder_proj(encoded)
    split = prompt.shape[1]
    frames = (known, mel_frames(tokens.shape[1], rate))
    regulated = model.length_regulator(h[:, :split], h[:, split:], frames, rate)
    mu, spk = regulated.transpose(1, 2), model.speaker(given["in.emb"])
    cond = torch.zeros_like(mu)
    cond[:, :, :known] = mel.transpose(1, 2)
    steps = list(model.solve(noise, mu, spk, cond))
    return {
        "encoder": encoded,
        "encoder_proj": h,
        "regulated": regulated,
        "mu": mu,
        "cond": cond,
        "spks": spk,
        "v_cond": steps[0].conditional,
        "v_uncond": steps[0].unconditional,
        "solve_x": torch.cat([step.x for step in steps[:-1]]),
        "solve_t": torch.stack([step.t for step in steps[:-1]]),
        "mel": steps[-1].x[:, :, known:],
    }


def hift(folder: GoldenFolder) -> Checks:
    model = loaded(HiFTNetworks(folder.config().hift), tensors(fold(folder.weights("hift"))))
    for case, arrays in folder.cases("hift").items():
        given = tensors(arrays)
        whole = _hift_case(model, given)
        # A source that is given as a whole leaves nothing to the running phase.
        known = "in.cache_source" in given and "in.mel" in given
        exact = known and given["in.cache_source"].shape[2] == whole["source"].shape[2]
        for name, value in whole.items():
            if f"out.{name}" not in arrays:
                continue
            error = relative(value, arrays[f"out.{name}"])
            tight = exact or name in ("f0", "wav_unclamped")
            part, limit = ("hift", TIGHT) if tight else ("hift_source", SOURCE)
            yield Check(part, f"{case}.{name}", error, limit)


def _hift_case(model: HiFTNetworks, given: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    if "in.magnitude" in given:
        return {"wav_unclamped": istft(model.config, given["in.magnitude"], given["in.phase"])}
    if "in.mel" not in given:
        return {"source": make_source(model, given["in.f0"], given["in.phase"], given["in.noise"])}
    mel = given["in.mel"]
    f0 = model.f0_predictor(mel)
    source = make_source(model, f0, given["in.phase"], given["in.noise"])
    if (cached := given.get("in.cache_source")) is not None:
        source[:, :, : cached.shape[2]] = cached
    stft = source_stft(model.config, source)
    post = model.trunk(mel, stft)
    wav = head(model.config, post)
    return {"f0": f0, "source": source, "source_stft": stft, "conv_post": post, "wav": wav}
