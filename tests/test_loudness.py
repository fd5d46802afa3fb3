"""The meter against what BS.1770 and EBU Tech 3341 say it must read."""

from __future__ import annotations

import numpy as np
import pytest

from sonca.loudness import MAX_GAIN_DB, amplified, block_power, gain, level_of, loudness


def sine(hz: float, dbfs: float, seconds: float, rate_hz: int = 48_000) -> np.ndarray:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t)).astype(np.float32)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 24_000, 44_100, 48_000])
def test_a_full_scale_sine_of_997_hz_reads_minus_3_01(rate_hz: int) -> None:
    assert loudness(sine(997, 0, 5, rate_hz), rate_hz) == pytest.approx(-3.01, abs=0.05)


@pytest.mark.parametrize("dbfs", [-20.0, -33.0, -50.0])
def test_it_follows_the_level(dbfs: float) -> None:
    assert loudness(sine(997, dbfs, 5), 48_000) == pytest.approx(dbfs - 3.01, abs=0.05)


def test_the_weighting_is_that_of_the_standard() -> None:
    """The published responses of the two filters together, in dB against 997 Hz."""
    at_1k = loudness(sine(997, -20, 3), 48_000)
    for hz, db in ((38.1, -6.6), (100.0, -1.7), (2000.0, 2.5), (10_000.0, 3.3)):
        measured = loudness(sine(hz, -20, 3), 48_000) - at_1k
        assert measured == pytest.approx(db, abs=0.6), hz


def test_silence_between_sentences_does_not_count() -> None:
    """The absolute gate: EBU Tech 3341, as in its cases with -72 dB between."""
    speech, quiet = sine(997, -23, 20), sine(997, -75, 10)
    assert loudness(np.concatenate([quiet, speech, quiet]), 48_000) == pytest.approx(-26.0, abs=0.2)


def test_soft_passages_do_not_count_either() -> None:
    """The relative gate, 10 LU under the loudness of the rest."""
    loud, soft = sine(997, -23, 20), sine(997, -39, 20)
    assert loudness(np.concatenate([loud, soft]), 48_000) == pytest.approx(-26.0, abs=0.2)


def test_nothing_and_silence_have_none() -> None:
    assert loudness(np.zeros(0, np.float32), 48_000) == -np.inf
    assert loudness(np.zeros(48_000, np.float32), 48_000) == -np.inf
    assert gain(-np.inf, -20) == 1.0


def test_the_blocks_of_a_stream_add_up_to_its_level() -> None:
    """Silence between them does not count, and nothing at all is no level."""
    found = [block_power(sine(997, dbfs, 10), 48_000) for dbfs in (-23.0, -23.0, -75.0)]
    power, blocks = map(sum, zip(*found, strict=True))
    assert level_of(power, blocks) == pytest.approx(-26.0, abs=0.05)
    assert gain(level_of(*block_power(np.zeros(48_000, np.float32), 48_000)), -20.0) == 1.0


def test_a_word_shorter_than_a_block_is_measured() -> None:
    assert loudness(sine(997, -20, 0.1), 48_000) == pytest.approx(-23.0, abs=0.3)


def test_the_gain_brings_it_there() -> None:
    quiet = sine(997, -40, 3)
    factor = gain(loudness(quiet, 48_000), -20.0)
    assert loudness(amplified(quiet, factor), 48_000) == pytest.approx(-20.0, abs=0.05)
    assert gain(-90.0, None) == 1.0
    assert gain(-90.0, -20.0) == pytest.approx(10 ** (MAX_GAIN_DB / 20))


def test_peaks_are_rounded_off_and_the_rest_is_untouched() -> None:
    wave = np.linspace(-1, 1, 2001, dtype=np.float32)
    louder = amplified(wave, 2.0)
    assert np.abs(louder).max() < 1
    assert (np.diff(louder) >= 0).all()
    low = np.abs(wave) <= 0.4
    assert np.array_equal(louder[low], wave[low] * 2)
    assert louder.dtype == np.float32
    assert np.abs(amplified(wave, 50.0, 0.89)).max() <= 0.89


def test_a_stream_is_amplified_as_the_whole_is() -> None:
    """No memory: cutting anywhere changes nothing, so nothing can pump."""
    wave = np.random.default_rng(1).normal(0, 0.4, 5000).astype(np.float32)
    pieces = [amplified(part, 3.0) for part in np.split(wave, [7, 100, 3333])]
    assert np.array_equal(np.concatenate(pieces), amplified(wave, 3.0))
