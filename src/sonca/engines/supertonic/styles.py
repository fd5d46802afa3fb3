"""Voices of a model, and models of a folder, without loading any graph.

A model is a folder laid out as its hub's repository: ``onnx/`` with four graphs and two JSON
files, ``voice_styles/`` with a JSON file for each voice. Beside them may lie ``sonca.json`` with
what is known of the voices: gender, region, a name for people, loudness.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from sonca.engines.model_card import add_levels, as_number, levels_on, read_card, stamp
from sonca.engines.runtime import BadModel
from sonca.engines.supertonic.characters import read_json
from sonca.voice import Gender, Region, Voice, slug

log = logging.getLogger(__name__)

FOLDER = "supertonic"
FILES = (
    "onnx/duration_predictor.onnx",
    "onnx/text_encoder.onnx",
    "onnx/vector_estimator.onnx",
    "onnx/vocoder.onnx",
    "onnx/tts.json",
    "onnx/unicode_indexer.json",
)
STYLES = "voice_styles/*.json"
TTL, DP = (1, 50, 256), (1, 8, 16)
"""Shapes of a voice: for what is said and how, and for how long it takes."""
_STYLE_BYTES = 4 << 20
_CARD = "sonca.json"
_SNR = "bfloat16_snr_db"
# KorvaTTS' ten, as its card names them. Supertonic's files say F or M.
_NAMED: dict[str, tuple[str, str]] = {
    "bao_kim": ("Bảo Kim", "female"),
    "khanh_vy": ("Khánh Vy", "female"),
    "ngoc_huyen": ("Ngọc Huyền", "female"),
    "phuong_linh": ("Phương Linh", "female"),
    "quynh_nhu": ("Quỳnh Như", "female"),
    "gia_bao": ("Gia Bảo", "male"),
    "hoang_nam": ("Hoàng Nam", "male"),
    "huu_dat": ("Hữu Đạt", "male"),
    "quang_huy": ("Quang Huy", "male"),
    "thanh_phong": ("Thanh Phong", "male"),
}


@dataclass(frozen=True, slots=True)
class Style:
    """A voice as the graphs take it."""

    ttl: npt.NDArray[np.float32]
    """(1, 50, 256)."""
    dp: npt.NDArray[np.float32]
    """(1, 8, 16)."""


@dataclass(frozen=True, slots=True)
class StyleFile:
    """One voice of one model."""

    key: str
    """Its `Voice.id`."""
    model: Path
    """The model's folder."""
    path: Path
    """Its JSON file."""
    model_version: str
    """Another one whenever a file of the model is replaced."""
    version: str
    """Another one whenever the voice would sound otherwise."""


def any_model(models_dir: Path | None) -> bool:
    """Returns whether there is a model with a voice. Reads no file."""
    return any(_styles(folder) for folder in _models(models_dir))


def find_voices(models_dir: Path | None) -> dict[str, StyleFile]:
    """Returns every voice by its id, those of KorvaTTS before the others of equal names."""
    found: dict[str, StyleFile] = {}
    for folder in _models(models_dir):
        stamps = _stamps(folder)
        for path in _styles(folder):
            key = slug(path.stem) or "voice"
            if key in found:
                key = f"{slug(folder.name)}-{key}"
            if key in found:
                log.warning("%s is left out: %s has its name", path, found[key].path)
                continue
            found[key] = StyleFile(key, folder, path, stamps, f"{stamps} {stamp(path)}")
    return found


def unchanged(style: StyleFile) -> bool:
    """Returns whether the files of a voice and its model are still those that were found."""
    stamps = _stamps(style.model)
    return (stamps, f"{stamps} {stamp(style.path)}") == (style.model_version, style.version)


def voice_of(style: StyleFile) -> Voice:
    """Returns the voice as the catalogue has it. Its gender is that of its name, else what was
    said of the model, else female."""
    stem, card = style.path.stem, read_card(style.model / _CARD)
    told, region = card.get("gender"), card.get("region")
    name, gender = f"{stem} ({style.model.name})", "male" if told == "male" else "female"
    if stem in _NAMED:
        name, gender = _NAMED[stem]
    elif stem[:1] in "FM" and stem[1:].isdigit():
        gender = "male" if stem[0] == "M" else "female"
    return Voice(
        id=style.key,
        name=name,
        gender=cast(Gender, gender),
        region=cast(Region, region) if region in ("north", "central", "south") else None,
        version=style.version,
        model=style.model.name,
    )


def load_style(path: Path) -> Style:
    """Reads a voice. `BadModel` says what of the file is not as it must be."""
    content = read_json(path, _STYLE_BYTES)
    known = content if isinstance(content, dict) else {}
    return Style(_tensor(known, "style_ttl", TTL, path), _tensor(known, "style_dp", DP, path))


def level_of(style: StyleFile) -> float | None:
    """Returns the voice's loudness in LUFS, if it was measured."""
    return levels_on(read_card(style.model / _CARD)).get(style.path.stem)


def snr_of(model: Path) -> float | None:
    """Returns how far above its error a model's sound in bf16 lies, in dB, if it was measured."""
    return as_number(read_card(model / _CARD).get(_SNR))


def keep(
    model: Path,
    levels: Mapping[str, float],
    facts: Mapping[str, str] | None = None,
    snr_db: float | None = None,
) -> None:
    """Puts what was measured or is known beside a model; loudness by the style file's name."""
    measured = {} if snr_db is None else {_SNR: snr_db}
    add_levels(model / _CARD, levels, **(facts or {}), **measured)


def _tensor(
    content: Mapping[str, Any], name: str, shape: tuple[int, ...], path: Path
) -> npt.NDArray[np.float32]:
    entry = content.get(name)
    entry = entry if isinstance(entry, dict) else {}
    if entry.get("dims") != list(shape):
        raise BadModel(
            f"{path} is no voice of this model: its {name} has dims {str(entry.get('dims'))[:60]}, "
            f"they must be {list(shape)}"
        )
    try:
        values = np.array(entry.get("data"), np.float32).reshape(shape)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadModel(
            f"{path} is damaged: the data of {name} are not {math.prod(shape):,} numbers"
        ) from error
    if not np.isfinite(values).all():
        raise BadModel(f"{path} is damaged: {name} holds numbers that are not finite")
    return values


def _models(models_dir: Path | None) -> Iterator[Path]:
    """Yields the folders that have all files of a model."""
    if models_dir is None:
        return
    try:
        folders = sorted((models_dir / FOLDER).iterdir())
    except OSError:
        return
    for folder in folders:
        if not folder.name.startswith(".") and all((folder / name).is_file() for name in FILES):
            yield folder


def _styles(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(STYLES) if not path.name.startswith("."))


def _stamps(model: Path) -> str:
    return " ".join(stamp(model / name) for name in FILES)
