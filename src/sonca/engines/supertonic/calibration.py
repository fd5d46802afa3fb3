"""What is found out once about a model that comes, and kept beside its files: how loud its voices
are, and whether bf16 is near enough."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sonca.audio import Samples
from sonca.cores import cores
from sonca.engines.base import Options
from sonca.engines.runtime import bfloat16
from sonca.engines.runtime.accuracy import snr_db
from sonca.engines.supertonic import styles
from sonca.engines.supertonic.flow_model import SAMPLE_RATE_HZ, FlowModel
from sonca.engines.supertonic.session import SpeakerStyle, plan
from sonca.engines.supertonic.styles import STYLES, StyleFile
from sonca.loudness import loudness
from sonca.utterance import Utterance

_SAMPLES = (
    "chiều hôm đó trời nổi gió, mây từ phía núi kéo xuống thành từng vệt dài.",
    "bà đứng ở hiên nhà nhìn ra con đường làng.",
)


def calibrate(folder: Path, steps: int, say: Callable[[str], None]) -> None:
    """Measures a model and its voices, and keeps that beside its files."""
    model, levels = FlowModel(folder, cores()), {}
    for path in sorted(folder.glob(STYLES)):
        say(f"measuring {path.stem}")
        levels[path.stem] = level_of(_voice(model, path), steps)
    styles.keep(folder, levels)
    if bfloat16.missing() is None:
        say("measuring bf16")
        measured = _snr_db(folder, model, steps)
        styles.keep(folder, {}, snr_db=round(measured, 1))


def level_of(voice: SpeakerStyle, steps: int) -> float:
    """Returns how loud a voice is, in LUFS."""
    return round(loudness(_spoken(voice, _SAMPLES[0], steps), SAMPLE_RATE_HZ), 2)


def near_enough(model: Path) -> bool:
    """Returns whether a model was measured in bf16, and is to speak so."""
    measured = styles.snr_of(model)
    return measured is not None and measured >= bfloat16.LEAST_SNR_DB


def _snr_db(folder: Path, exact: FlowModel, steps: int) -> float:
    """Returns the lesser SNR of two sentences in bf16 against float32, in dB."""
    fast = FlowModel(folder, cores(), bfloat16=True)
    path = min(folder.glob(STYLES))
    found = []
    for text in _SAMPLES:
        wanted = _spoken(_voice(exact, path), text, steps)
        made = _spoken(_voice(fast, path), text, steps)
        count = min(len(wanted), len(made))  # a pause at the end may be cut elsewhere
        found.append(snr_db(wanted[:count], made[:count]))
    return min(found)


def _voice(model: FlowModel, path: Path) -> SpeakerStyle:
    return SpeakerStyle(StyleFile("", model.folder, path, "", ""), model, styles.load_style(path))


def _spoken(voice: SpeakerStyle, text: str, steps: int) -> Samples:
    made = []
    for piece in plan(Utterance((0, 0), "", text, 0.0), voice, Options(), steps):
        while piece.samples is None:
            piece.advance()
        made.append(piece.samples)
    return np.concatenate(made)
