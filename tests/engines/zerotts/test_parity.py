"""Codes, sound and text ids are those of the zerotts package on the same weights and draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sonca.engines.zerotts import ZeroTTSEngine
from sonca.engines.zerotts.model import FrameWanted, ZeroModel
from sonca.engines.zerotts.prefix import Prefix
from sonca.engines.zerotts.speaking import SoundMaker
from sonca.engines.zerotts.text import cleaned

GOLDEN = json.loads((Path(__file__).parent / "golden.json").read_text("utf-8"))
STRIDE = 397
CASES = GOLDEN["cases"]


def codes_of(model: ZeroModel, engine: ZeroTTSEngine, case: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The frames of a case, drawn as NumPy's old generator draws."""
    draw = np.random.RandomState(case["seed"]).random_sample
    prefix, codes = Prefix(model), []
    hidden = prefix.join(model.text_ids(case["text"]), engine.voice(case["voice"]).latents)
    seen = np.zeros((1, 16, 1024), np.bool_)
    for count in range(1500):
        ((frame, last),) = model.frames([FrameWanted(hidden, seen, draw, count >= 4)])
        codes.append(frame)
        if last:
            break
        hidden = prefix.step(frame[None])[0]
    return np.stack(codes)


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
def test_codes_are_the_packages(engine: ZeroTTSEngine, case: dict[str, Any]) -> None:
    model = engine._model
    assert model.text_ids(case["text"]).tolist() == case["ids"]
    np.testing.assert_array_equal(codes_of(model, engine, case), case["codes"])


@pytest.mark.parametrize("case", CASES, ids=[case["text"] for case in CASES])
@pytest.mark.parametrize("waited_for", [True, False])
def test_sound_is_the_packages_whole_and_streamed(
    engine: ZeroTTSEngine, case: dict[str, Any], waited_for: bool
) -> None:
    maker, pieces, codes = SoundMaker(engine._model.codec, 1.0), [], np.array(case["codes"])
    for index, frame in enumerate(codes):
        maker.add(frame)
        piece = maker.next(waited_for=waited_for, ended=index + 1 == len(codes))
        if piece is not None:
            pieces.append(piece)
    sound = np.concatenate(pieces)
    assert len(sound) == case["samples"]
    np.testing.assert_allclose(sound[::STRIDE], case["whole"], atol=1e-5)
    np.testing.assert_allclose(sound[::STRIDE], case["streamed"], atol=1e-5)


@pytest.mark.parametrize("case", GOLDEN["sentences"], ids=lambda case: case["text"])
def test_text_is_cleaned_as_the_package_cleans_it(
    engine: ZeroTTSEngine, case: dict[str, Any]
) -> None:
    """Blanks are the tokenizer's business there; the ids are equal."""
    made = cleaned(case["text"])
    assert made == " ".join(case["cleaned"].split())
    assert engine._model.text_ids(made).tolist() == case["ids"]
