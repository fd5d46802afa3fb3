"""What no speech can be is noticed; what is merely slow, fast or quiet is not."""

from __future__ import annotations

import numpy as np
import pytest

from sonca.audio import AudioChunk
from sonca.testing import utterance
from sonca.worker.quality import find_problem

TEN = utterance("một hai ba bốn năm sáu bảy tám chín mười")


def sound(seconds: float, level: float = 0.1) -> list[AudioChunk]:
    wave = level * np.sin(np.arange(round(seconds * 8000)) / 5)
    return [AudioChunk(part.astype(np.float32), 8000) for part in np.array_split(wave, 3)]


@pytest.mark.parametrize(
    ("seconds", "level", "speed", "expected"),
    [
        (2.5, 0.1, 1.0, None),
        (1.0, 0.1, 1.0, None),
        (9.0, 0.1, 1.0, None),
        (2.5, 0.005, 1.0, None),
        (0.3, 0.1, 1.0, "short"),
        (0.0, 0.1, 1.0, "short"),
        (20.0, 0.1, 1.0, "long"),
        (0.3, 0.1, 2.0, None),
        (20.0, 0.1, 0.5, None),
        (2.5, 0.0001, 1.0, "silent"),
        (2.5, float("nan"), 1.0, "not finite"),
    ],
)
def test_verdicts(seconds: float, level: float, speed: float, expected: str | None) -> None:
    assert find_problem(TEN, speed, sound(seconds, level)) == expected


def test_a_word_of_a_hundred_letters_may_be_spelled() -> None:
    assert find_problem(utterance("b" * 100), 1.0, sound(40)) is None
