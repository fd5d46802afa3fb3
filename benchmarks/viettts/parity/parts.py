"""The parts that need no network: sampling, audio, speed, text."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from benchmarks.viettts.parity import upstream
from benchmarks.viettts.parity.compare import Check, Checks, relative, unequal
from benchmarks.viettts.parity.golden import Array, Case, GoldenFolder
from sonca.engines.viettts import durations, sampling
from sonca.engines.viettts.config import SamplingConfig
from sonca.engines.viettts.prompt import features
from sonca.engines.viettts.tokenizer import Tokenizer

AUDIO, FBANK, PROBABILITY = 1e-5, 1e-4, 1e-6


def sampling_part(folder: GoldenFolder) -> Checks:
    settings = folder.json("sampling")
    top_p, top_k = float(settings["top_p"]), int(settings["top_k"])
    cases = folder.cases("sampling")
    golden = cases["nucleus"]
    ids, prob = sampling.nucleus(golden["logp"], top_p, top_k)
    renormalised = prob / prob.sum(axis=1, keepdims=True)
    yield Check("sampling", "nucleus.ids", unequal(ids, golden["ids"]), 0)
    yield Check("sampling", "nucleus.count", unequal((ids >= 0).sum(1), golden["count"]), 0)
    for name, value in (("prob", prob), ("prob_renorm", renormalised)):
        worst = float(np.abs(value - golden[name]).max())
        yield Check("sampling", f"nucleus.{name}", worst, PROBABILITY)
    for key, value in golden.items():
        if match := re.fullmatch(r"ids_([\d.]+)_(\d+)", key):
            ours, _ = sampling.nucleus(golden["logp"][: len(value)], float(match[1]), int(match[2]))
            error = unequal(_padded(ours, value.shape[1]), value)
            yield Check("sampling", f"nucleus.{key}", error, 0)
    if "ras" in cases:
        yield from _repetition(cases["ras"], settings)


def _padded(ids: Array, width: int) -> Array:
    if ids.shape[1] >= width:
        return ids[:, :width]
    return np.pad(ids, ((0, 0), (0, width - ids.shape[1])), constant_values=-1)


def _repetition(golden: Case, settings: dict[str, Any]) -> Checks:
    window = int(settings["win_size"])
    recent = np.full((len(golden["history"]), window), -1, np.int64)
    for row, (history, length) in enumerate(
        zip(golden["history"], golden["history_len"], strict=True)
    ):
        last = history[:length][-window:]
        recent[row, : len(last)] = last
    for name, tau in (("fires", float(settings["tau_r"])), ("fires_tau03", 0.3)):
        fires = sampling.repeats(golden["chosen"], recent, SamplingConfig(window=window, tau=tau))
        yield Check("sampling", f"ras.{name}", unequal(fires, golden[name]), 0)


def audio(folder: GoldenFolder) -> Checks:
    for case, golden in folder.cases("audio").items():
        wave = golden["in.wav16000"].reshape(-1)
        higher = features.resample(wave, 16000, 22050)
        fbank = features.kaldi_fbank(wave)
        ours = {
            "wav22050": (higher, AUDIO),
            "mel80": (features.prompt_mel(golden["out.wav22050"].reshape(-1)).T, AUDIO),
            "whisper128": (features.whisper_mel(wave), AUDIO),
            "fbank80": (fbank, FBANK),
            "fbank80_cmn": (features.mean_normalised(fbank), FBANK),
        }
        for name, (value, limit) in ours.items():
            if f"out.{name}" in golden:
                part = "fbank" if name.startswith("fbank") else "audio"
                yield Check(part, f"{case}.{name}", relative(value, golden[f"out.{name}"]), limit)


def speed(folder: GoldenFolder) -> Checks:
    for case, golden in folder.cases("speed").items():
        mel = np.ascontiguousarray(golden["in.mel"][0].T)
        for key, value in golden.items():
            if match := re.fullmatch(r"out\.mel_speed_([\d.]+)", key):
                ours = durations.change_speed(mel, float(match[1])).T
                yield Check("speed", f"{case}.{key[4:]}", relative(ours, value[0]), AUDIO)


def vad_part(folder: GoldenFolder) -> Checks:
    for index, case in enumerate(folder.json("vad_select")["cases"]):
        chosen = upstream.choose([tuple(pair) for pair in case["timestamps"]], case["n_samples"])
        error = unequal(chosen, (case["out_start"], case["out_end"]))
        yield Check("vad_select", f"case {index}", error, 0)


def text_part(folder: GoldenFolder) -> Checks:
    for index, case in enumerate(folder.json("text")["cases"]):
        given = case["input"]
        ours = {
            "remove_urls": upstream.remove_urls(given),
            "remove_emojis": upstream.remove_emojis(upstream.remove_urls(given)),
            "remove_punc": upstream.remove_punctuation(given),
            "normalized": upstream.normalize(given),
        }
        for name, value in ours.items():
            if name in case:
                yield Check("text", f"{index}.{name}", float(value != case[name]), 0)


def split_part(folder: GoldenFolder, tokenizer: Tokenizer) -> Checks:
    def length(piece: str) -> int:
        return len(tokenizer.encode(piece))

    variants: dict[str, dict[str, Any]] = {
        "split": {},
        "split_80_60_20": {"longest": 80, "shortest": 60, "merge": 20},
        "split_comma": {"commas": True},
    }
    for index, case in enumerate(folder.json("text")["cases"]):
        for name, options in variants.items():
            if name in case:
                pieces = upstream.split(case["normalized"], length, **options)
                yield Check("split", f"{index}.{name}", float(pieces != case[name]), 0)
        if "split_token_ids" in case:
            ids = [tokenizer.encode(piece) for piece in case["split"]]
            error = float(ids != case["split_token_ids"])
            yield Check("split", f"{index}.token_ids", error, 0)


def tokenizer_part(folder: GoldenFolder, tokenizer: Tokenizer) -> Checks:
    golden = folder.json("tokenizer")
    yield Check("tokenizer", "n_vocab", float(tokenizer.size != golden["n_vocab"]), 0)
    wrong = sum(
        tokenizer.specials.get(name) != id
        for name, id in golden["specials_without_timestamps"].items()
    )
    yield Check("tokenizer", "specials", float(wrong), 0)
    for key in ("first_timestamp", "last_timestamp"):
        name, id = golden[key]
        yield Check("tokenizer", key, float(tokenizer.specials.get(name) != id), 0)
    for index, case in enumerate(golden["encodes"]):
        plain = tokenizer.encode(case["text"]) != case["ids_specials_as_text"]
        special = tokenizer.encoding.encode(case["text"], allowed_special="all") != case["ids"]
        yield Check("tokenizer", f"encode {index}", float(plain + special), 0)
