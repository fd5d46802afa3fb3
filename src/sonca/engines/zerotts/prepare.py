"""Prepares the int8 graphs of a model once, and finds out whether they draw what it draws.

Knows no engine: `proved` compares two loaded models, `prepare` writes, `int8_of` finds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca import disk
from sonca.engines.runtime.processor import has_vnni
from sonca.engines.zerotts import int8
from sonca.engines.zerotts.model import MIN_FRAMES, Draw, Prefix, ZeroModel
from sonca.engines.zerotts.model_folder import read_json
from sonca.engines.zerotts.text import cleaned

Draws = npt.NDArray[np.float64]

INT8 = "int8"
"""The folder of the int8 graphs in a model's."""
GRAPHS = ("prefix_step", "local_frame_decode")
"""What is run for every frame. The text encoder, once a sentence, gains nothing."""
LEAST_SNR_DB = 20.0
LEAST_ALIKE = 0.25
"""The share of a frame's codes up to the first that is drawn otherwise, below which float32 stays.
One of twenty that differs, as in ZeroTTS' own Q8_0, leaves 0.7."""
_PROOF = "proof.json"
_FRAMES = 16
_SAMPLE = "Chiều hôm đó trời nổi gió, mây kéo xuống thành từng vệt dài."


@dataclass(frozen=True, slots=True)
class Proof:
    """How the int8 graphs compare with the published ones on one sentence, frame by frame."""

    snr_db: float
    """Of the hidden states."""
    alike: float
    """Share of a frame's codes up to the first that differs, 0 to 1, on average."""
    ends_alike: bool
    """Whether every decision to go on or to end is the same."""
    source: str
    """What the graphs were made of."""

    @property
    def good(self) -> bool:
        return self.snr_db >= LEAST_SNR_DB and self.alike >= LEAST_ALIKE and self.ends_alike


def int8_of(folder: Path) -> Path | None:
    """Returns the folder of a model's int8 graphs; None where they are not there, were made of
    other files, were found too different, or the processor gains nothing."""
    home = folder / INT8
    if not has_vnni() or not (home / _PROOF).is_file():
        return None
    known = read_json(home / _PROOF)
    if known.get("good") is not True or known.get("source") != _source(folder):
        return None
    return home


def prepare(folder: Path, say: Callable[[str], None]) -> Proof:
    """Writes the int8 graphs of a model and their proof. Raises `StorageError` and `BadModel`."""
    say("making graphs with weights of eight bits; that takes up to a minute")
    with disk.new_folder(folder / INT8) as draft:
        for name in GRAPHS:
            int8.written_int8(folder / "onnx" / f"{name}.onnx", draft / f"{name}.onnx")
        proof = proved(ZeroModel(folder, 1), ZeroModel(folder, 1, int8=draft), _source(folder))
        (draft / _PROOF).write_text(json.dumps({**asdict(proof), "good": proof.good}), "utf-8")
    verdict = "are used" if proof.good else "differ too much; float32 stays"
    say(f"they {verdict} (SNR {proof.snr_db:.0f} dB, {proof.alike:.0%} of the codes alike)")
    return proof


def proved(exact: ZeroModel, quick: ZeroModel, source: str = "") -> Proof:
    """Compares two models on a sentence: both follow the frames of the first, from equal draws."""
    rng = np.random.default_rng(0)
    ids, config = exact.text_ids(cleaned(_SAMPLE)), exact.config
    voice = rng.normal(0, 0.5, (1, config.voice_rows, config.width)).astype(np.float32)
    one, other = Prefix(exact), Prefix(quick)
    hidden, near = one.join(ids, voice), other.join(ids, voice)
    seen = np.zeros((1, config.codebooks, config.codebook_size), np.bool_)
    power = noise = 0.0
    alike, ends = [], []
    for count in range(_FRAMES):
        draws, before = [rng.random(1), rng.random(config.codebooks)], seen.copy()
        codes, last = exact.frame(hidden, seen, _given(draws), count >= MIN_FRAMES)
        drawn, ended = quick.frame(near, before, _given(draws), count >= MIN_FRAMES)
        alike.append(np.cumprod(codes == drawn).mean())
        ends.append(last == ended)
        power += float(hidden @ hidden)
        noise += float((hidden - near) @ (hidden - near))
        hidden, near = one.step(codes[None])[0], other.step(codes[None])[0]
    snr_db = 10 * np.log10(power / max(noise, 1e-20))
    return Proof(round(float(snr_db), 1), round(float(np.mean(alike)), 3), all(ends), source)


def _given(values: Sequence[Draws]) -> Draw:
    """Returns what gives these numbers, one after the other."""
    left = iter(values)
    return lambda _: next(left)


def _source(folder: Path) -> str:
    """Returns what tells the published graphs from others of that name."""
    stats = [(folder / "onnx" / f"{name}.onnx").stat() for name in GRAPHS]
    return " ".join(f"{stat.st_size}.{stat.st_mtime_ns}" for stat in stats)
