"""Prepares a model once: graphs of eight bits, proved to draw what the published ones draw, and the
graph that draws several sentences' frames at once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from sonca import disk
from sonca.engines.runtime import BadModel
from sonca.engines.runtime.processor import has_vnni
from sonca.engines.zerotts import int8
from sonca.engines.zerotts.model import MIN_FRAMES, OWN, ROWS, Draw, FrameWanted, ZeroModel
from sonca.engines.zerotts.model_folder import read_json
from sonca.engines.zerotts.prefix import Prefix
from sonca.engines.zerotts.side_by_side import write_side_by_side
from sonca.engines.zerotts.text import cleaned
from sonca.errors import EngineError

log = logging.getLogger(__name__)

Draws = npt.NDArray[np.float64]

INT8, FLOAT = "int8", "float32"
"""Folders in a model's for what is made of it."""
LOCAL, TOGETHER = "local_frame_decode.onnx", "together.onnx"
GRAPHS = ("prefix_step.onnx", LOCAL)
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
    """How made graphs compare with the published ones on one sentence, frame by frame."""

    snr_db: float
    """Of the hidden states."""
    alike: float
    """Share of a frame's codes up to the first that differs, 0 to 1, on average."""
    ends_alike: bool
    """Whether every decision to go on or to end is the same."""

    @property
    def good(self) -> bool:
        return self.snr_db >= LEAST_SNR_DB and self.alike >= LEAST_ALIKE and self.ends_alike


def int8_of(folder: Path) -> Path | None:
    """Returns the folder of a model's int8 graphs; None where they are not there, were made of
    other files, were found too different, or the processor gains nothing."""
    return folder / INT8 if has_vnni() and _usable(folder, INT8) else None


def together_of(folder: Path, quick: Path | None) -> Path | None:
    """Returns the graph that draws several frames at once, beside the int8 graphs `quick` or of
    float32; None if there is none for the model's files."""
    home = quick or folder / FLOAT
    found = (home / TOGETHER).is_file() and (quick is not None or _usable(folder, FLOAT))
    return home / TOGETHER if found else None


def _usable(folder: Path, kind: str) -> bool:
    path = folder / kind / _PROOF
    if not path.is_file():
        return False
    known = read_json(path)
    return known.get("good") is True and known.get("source") == _source(folder)


def prepare(folder: Path, say: Callable[[str], None]) -> None:
    """Makes what the processor gains by, with its proof. Raises `StorageError` and `BadModel`."""
    say("making the graphs that this processor is quick with; that takes about a minute")
    if has_vnni() and _made_int8(folder, say).good:
        return
    with disk.new_folder(folder / FLOAT, room=_room(folder)) as draft:
        _write_together(folder / "onnx" / LOCAL, draft, ZeroModel(folder, 1))
        _note(folder, draft, Proof(200.0, 1.0, ends_alike=True))


def _made_int8(folder: Path, say: Callable[[str], None]) -> Proof:
    with disk.new_folder(folder / INT8, room=_room(folder)) as draft:
        for name in GRAPHS:
            int8.written_int8(folder / "onnx" / name, draft / name)
        quick = ZeroModel(folder, 1, int8=draft)
        proof = proved(ZeroModel(folder, 1), quick)
        if proof.good:
            _write_together(draft / LOCAL, draft, quick)
        _note(folder, draft, proof)
    verdict = "are used" if proof.good else "differ too much; float32 stays"
    say(
        f"weights of eight bits {verdict} (SNR {proof.snr_db:.0f} dB, {proof.alike:.0%} of the "
        "codes alike)"
    )
    return proof


def _note(folder: Path, draft: Path, proof: Proof) -> None:
    known = {**asdict(proof), "good": proof.good, "source": _source(folder)}
    (draft / _PROOF).write_text(json.dumps(known), "utf-8")


def _write_together(source: Path, draft: Path, model: ZeroModel) -> None:
    """Writes the graph that draws several frames at once, unless it draws others than `model`."""
    path = draft / TOGETHER
    try:
        write_side_by_side(source, path, ROWS, OWN)
        if _draws_alike(model, path):
            return
        log.warning("frames drawn at once differ; sentences are made one after the other")
    except (BadModel, EngineError) as error:
        log.warning("sentences are made one after the other: %s", error)
    path.unlink(missing_ok=True)


def _draws_alike(model: ZeroModel, together: Path) -> bool:
    """Says whether the graph draws for several what the model's own draws for each. Of a hundred
    codes one may differ, by rounding."""
    config = model.config
    both = model.drawing(together)
    alike = []
    for turn in range(2):
        rng = np.random.default_rng(turn)
        wanted = []
        for _ in range(ROWS):
            hidden = rng.normal(0, 1, config.width).astype(np.float32)
            seen = rng.random((1, config.codebooks, config.codebook_size)) < 0.1
            values = [rng.random(1), rng.random(config.codebooks)]
            wanted.append((hidden, seen, values, bool(turn)))
        one = [model.frames([_wanted(*each)])[0] for each in wanted]
        other = both.frames([_wanted(*each) for each in wanted])
        alike += [(a[0] == b[0]).mean() * (a[1] == b[1]) for a, b in zip(one, other, strict=True)]
    return float(np.mean(alike)) >= 0.9


def _wanted(
    hidden: npt.NDArray[np.float32],
    seen: npt.NDArray[np.bool_],
    values: Sequence[Draws],
    may_end: bool,
) -> FrameWanted:
    return FrameWanted(hidden, seen.copy(), _given(values), may_end)


def proved(exact: ZeroModel, quick: ZeroModel) -> Proof:
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
        draws, may_end = [rng.random(1), rng.random(config.codebooks)], count >= MIN_FRAMES
        ((drawn, ended),) = quick.frames([_wanted(near, seen, draws, may_end)])
        ((codes, last),) = exact.frames([FrameWanted(hidden, seen, _given(draws), may_end)])
        alike.append(np.cumprod(codes == drawn).mean())
        ends.append(last == ended)
        power += float(hidden @ hidden)
        noise += float((hidden - near) @ (hidden - near))
        hidden, near = one.step(codes[None])[0], other.step(codes[None])[0]
    snr_db = 10 * np.log10(power / max(noise, 1e-20))
    return Proof(round(float(snr_db), 1), round(float(np.mean(alike)), 3), all(ends))


def _given(values: Sequence[Draws]) -> Draw:
    """Returns what gives these numbers, one after the other."""
    left = iter(values)
    return lambda _: next(left)


def _room(folder: Path) -> int:
    """Returns how many bytes what is made may take: no more than what it is made of."""
    sizes = (path.stat().st_size for name in GRAPHS for path in (folder / "onnx").glob(f"{name}*"))
    return sum(sizes)


def _source(folder: Path) -> str:
    """Returns what tells the published graphs from others of that name."""
    stats = [(folder / "onnx" / name).stat() for name in GRAPHS]
    return " ".join(f"{stat.st_size}.{stat.st_mtime_ns}" for stat in stats)
