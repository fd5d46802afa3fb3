"""Equal to upstream: phonemes, their numbers, the style, the sound, and what silence is cut off.

`benchmarks/kokoro/golden.py` made the numbers with the code of kokoro-onnx and vig2p.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.kokoro import golden as made_by
from benchmarks.kokoro.random_model import pack, write
from sonca.engines.kokoro.front_end import FrontEnd
from sonca.engines.kokoro.kokoro_model import KokoroModel
from sonca.engines.kokoro.phonemes import Phonemes, pieces
from sonca.engines.kokoro.speaking import sounding
from sonca.engines.kokoro.symbols import PUBLISHED
from sonca.testing import utterance


@pytest.mark.parametrize("text", made_by.VIETNAMESE)
def test_vietnamese_phonemes(
    front_end: FrontEnd, said: dict[str, dict[str, str]], text: str
) -> None:
    assert front_end.phonemes(utterance(text), "vi").text == said["vi"][text]


@pytest.mark.parametrize("text", made_by.ENGLISH)
def test_english_phonemes(front_end: FrontEnd, said: dict[str, dict[str, str]], text: str) -> None:
    phonemes = front_end.phonemes(utterance(text), "en")
    assert "".join(c for c in phonemes.text if c in PUBLISHED) == said["en"][text]


def test_sound(golden: dict[str, Any], said: dict[str, dict[str, str]], tmp_path: Path) -> None:
    write(tmp_path)
    model, style = KokoroModel(tmp_path), pack(1).reshape(-1, 256)
    for number, (phonemes, speed) in enumerate(
        zip(said["en"].values(), made_by.SPEEDS, strict=True)
    ):
        (tokens,) = pieces(Phonemes(phonemes), model.symbols)
        assert list(tokens.ids) == golden[f"{number}_ids"].tolist()
        sound = model.speak(tokens, style, speed)
        first, last = sounding(sound)
        for kind, samples in (("whole", sound), ("trimmed", sound[first:last])):
            assert len(samples) == golden[f"{number}_{kind}_length"]
            np.testing.assert_allclose(
                samples[:: made_by.STRIDE], golden[f"{number}_{kind}"], atol=1e-5
            )
