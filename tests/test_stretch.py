"""Speech is faster or slower at its own pitch, however its samples come in."""

from __future__ import annotations

import numpy as np
import pytest

from sonca.audio import Samples
from sonca.stretch import Stretcher, stretch

RATE_HZ = 24_000


def tone(seconds: float, hz: float = 180.0) -> Samples:
    """Something like a voice: harmonics, swelling five times a second."""
    at = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * hz * n * at) / n for n in range(1, 8))
    return np.asarray(0.2 * wave * (0.7 + 0.3 * np.sin(2 * np.pi * 5 * at)), np.float32)


def strongest_hz(samples: Samples) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 19))
    return float(np.argmax(spectrum) * RATE_HZ / (1 << 19))


@pytest.mark.parametrize("speed", [0.5, 0.75, 0.9, 1.1, 1.5, 2.0])
def test_length_changes_and_pitch_and_level_do_not(speed: float) -> None:
    sound = tone(3.0)
    changed = stretch(sound, speed, RATE_HZ)
    assert len(changed) == round(len(sound) / speed)
    assert strongest_hz(changed) == pytest.approx(strongest_hz(sound), rel=0.005)
    middle = changed[2000:-2000]
    assert np.std(middle) == pytest.approx(np.std(sound), rel=0.05)
    assert np.abs(changed).max() <= np.abs(sound).max() * 1.2


def test_joins_are_smooth() -> None:
    """No step between samples is much larger than those that the sound has."""
    sound = tone(2.0)
    for speed in (0.6, 1.7):
        changed = stretch(sound, speed, RATE_HZ)
        assert np.abs(np.diff(changed)).max() < 1.3 * np.abs(np.diff(sound)).max()


@pytest.mark.parametrize("speed", [0.5, 1.0, 1.3, 2.0])
@pytest.mark.parametrize("piece", [1, 997, 3840, 50_000])
def test_it_does_not_matter_how_sound_comes_in(speed: float, piece: int) -> None:
    sound = tone(0.5 if piece == 1 else 2.0)
    stretcher = Stretcher(speed, RATE_HZ)
    out = [stretcher.feed(sound[at : at + piece]) for at in range(0, len(sound), piece)]
    joined = np.concatenate([*out, stretcher.finish()])
    np.testing.assert_array_equal(joined, stretch(sound, speed, RATE_HZ))


def test_sound_comes_out_while_it_comes_in() -> None:
    stretcher, given = Stretcher(1.25, RATE_HZ), 0
    for n in range(10):
        given += len(stretcher.feed(tone(0.1)))
        assert given > (n - 1) * 0.1 * RATE_HZ / 1.25


@pytest.mark.parametrize("samples", [0, 1, 100, 1000])
@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_sound_shorter_than_a_window(samples: int, speed: float) -> None:
    assert len(stretch(tone(1.0)[:samples], speed, RATE_HZ)) == round(samples / speed)


def test_silence_stays_silence() -> None:
    assert not stretch(np.zeros(RATE_HZ, np.float32), 1.4, RATE_HZ).any()
