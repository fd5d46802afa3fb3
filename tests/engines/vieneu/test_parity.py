"""Equal to upstream's package: phonemes, bounds, prompts, codes, sound, the guard, cloning.

The numbers are made by ``benchmarks.vieneu.golden`` with upstream's own code.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.vieneu.golden import (
    CASES,
    RATE_HZ,
    SHORT,
    SHORT_SEEDS,
    STRIDE,
    TEXTS,
    bursts,
    recording,
    voice,
)
from sonca.engines.base import Reference
from sonca.engines.vieneu.front_end import FrontEnd, count_syllables, longest, spoken
from sonca.engines.vieneu.guard import count_bursts
from sonca.engines.vieneu.model import Draws
from sonca.engines.vieneu.model_folder import DENOISER, open_folder
from sonca.engines.vieneu.reference import clone
from sonca.engines.vieneu.speaking import SpeakerVoice, Speaking
from sonca.utterance import Utterance

Golden = dict[str, Any]


def upstream_draws(seed: int) -> Draws:
    """The numbers that upstream takes of NumPy's global generator, seeded."""
    state = np.random.RandomState(seed)
    return lambda: state.random_sample(16)


def voice_of(speaking: Speaking, frames: int) -> SpeakerVoice:
    speaker, codes = voice(frames)
    none = np.zeros((0, 16), np.int64)
    anchor = speaking.model.heads.anchor(speaker)
    return SpeakerVoice("golden", anchor, none if codes is None else codes)


def test_the_weights_are_those_of_the_golden_numbers(speaking: Speaking, golden: Golden) -> None:
    np.testing.assert_array_equal(speaking.model.heads.text[50:52], golden["weights"])


@pytest.mark.parametrize("index", range(len(TEXTS)))
def test_our_reading_gives_upstreams_phonemes(
    index: int,
    planned: Callable[[str], list[Utterance]],
    front_end: FrontEnd,
    front: Golden,
) -> None:
    utterances = planned(TEXTS[index])
    pieces = [piece for said in utterances for piece in front_end.pieces(said)]
    assert " ".join(piece.phonemes for piece in pieces) == front["phonemes"][index]


def test_syllables_and_bounds_of_length(front: Golden) -> None:
    for phonemes, syllables, frames in front["counted"]:
        assert count_syllables(phonemes) == syllables, phonemes
        assert longest(phonemes, syllables) == frames, phonemes


def test_bursts_are_counted_alike(front: Golden) -> None:
    assert [count_bursts(wave, RATE_HZ) for wave in bursts()] == front["bursts"]


@pytest.mark.parametrize(("name", "text", "frames", "seed"), CASES)
def test_prompts_codes_and_sound(
    name: str, text: int, frames: int, seed: int, speaking: Speaking, golden: Golden, front: Golden
) -> None:
    piece, who, key = (
        spoken(front["phonemes"][text]),
        voice_of(speaking, frames),
        f"{name}-{frames}",
    )
    prompt = speaking.model.heads.prompt(
        speaking.tokens.encode(piece.phonemes), who.codes, who.anchor
    )
    np.testing.assert_allclose(prompt[0, ::5], golden[f"{key}-prompt"], atol=1e-5)
    made = list(speaking.frames(piece, who, upstream_draws(seed)))
    np.testing.assert_array_equal(np.stack([f.codes for f in made]), golden[f"{key}-codes"])
    assert made[-1].last
    assert not any(frame.last for frame in made[:-1])
    sound = np.concatenate(list(speaking.stream(piece, who, upstream_draws(seed))))
    np.testing.assert_allclose(sound[::STRIDE], golden[f"{key}-whole"], atol=1e-5)
    np.testing.assert_allclose(sound[::STRIDE], golden[f"{key}-streamed"], atol=1e-5)


@pytest.mark.parametrize("seed", SHORT_SEEDS)
@pytest.mark.parametrize("index", range(len(SHORT)))
def test_short_lines_are_made_again_when_upstream_does_so(
    index: int, seed: int, speaking: Speaking, golden: Golden
) -> None:
    """The same attempt is kept, after as many draws."""
    state = np.random.RandomState(seed)
    piece, who = spoken(SHORT[index]), voice_of(speaking, 40)
    made: list[object] = []

    def draws() -> Any:
        made.append(None)
        return state.random_sample(16)

    (sound,) = speaking.whole(piece, who, draws)
    assert (len(made) * 3840 > len(sound)) == (index == 1)
    np.testing.assert_allclose(sound[::STRIDE], golden[f"short-{index}-{seed}"], atol=1e-5)
    assert state.random_sample() == golden[f"short-{index}-{seed}-next"]


@pytest.mark.parametrize("rate_hz", [48_000, 22_050])
@pytest.mark.parametrize("denoise", [False, True])
def test_a_cloned_voice(
    rate_hz: int, denoise: bool, model_dir: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not denoise:
        monkeypatch.setattr("sonca.engines.vieneu.reference.DENOISER", f"no {DENOISER}")
    reference = Reference(recording(rate_hz), rate_hz, "ab" * 32)
    speaker, codes = clone(open_folder(model_dir), reference, 1, 192)
    key = f"clone-{rate_hz}-{denoise}"
    # Our filter bank and upstream's differ by 1.6e-4 at most.
    np.testing.assert_allclose(speaker, golden[f"{key}-speaker"], atol=2e-3)
    assert (codes == golden[f"{key}-codes"]).mean() > 0.99
    assert codes.shape == golden[f"{key}-codes"].shape
