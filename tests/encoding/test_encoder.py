"""Encoded sound is the sound that was fed, in files that players read, in bytes that come early."""

from __future__ import annotations

import gc
import hashlib
import io
import threading
import wave

import numpy as np
import pytest
from encoding_helpers import likeness, read, speech_like
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonca.audio import Samples
from sonca.encoding import FORMATS, Encoder, Format, Resampler, encode, resample, wav_header
from tests.processes import resident_bytes

RATES_HZ = [8000, 16_000, 22_050, 24_000, 44_100, 48_000]
FRAMED = [name for name in FORMATS if name != "pcm"]
CONTAINERS = {"wav": "wav", "mp3": "mp3", "opus": "ogg", "aac": "aac", "flac": "flac"}


def stream(samples: Samples, rate_hz: int, format: Format, piece: int = 777) -> bytes:
    with Encoder(format, rate_hz) as encoder:
        parts = [
            encoder.feed(samples[start : start + piece]) for start in range(0, len(samples), piece)
        ]
        return b"".join([*parts, encoder.finish()])


@pytest.mark.parametrize("whole", [False, True], ids=["stream", "whole"])
@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("name", FRAMED)
def test_a_player_hears_what_was_fed(name: str, rate_hz: int, whole: bool) -> None:
    samples = speech_like(2.5, rate_hz)
    format = FORMATS[name]
    data = encode(samples, rate_hz, format) if whole else stream(samples, rate_hz, format)
    heard = read(data)

    assert heard.container.startswith(CONTAINERS[name])
    assert heard.channels == 1
    # Opus always plays at 48 kHz, whatever was encoded.
    assert heard.rate_hz == (48_000 if name == "opus" else format.rate_for(rate_hz))
    length_s = len(heard.samples) / heard.rate_hz
    exact = name in {"wav", "flac", "opus"} or (name == "mp3" and whole)
    # Else a lossy codec's own frames are heard: two or three before and after.
    assert length_s == pytest.approx(2.5, abs=0.001 if exact else 2 * 1152 / rate_hz + 0.05)
    same_rate = resample(heard.samples, heard.rate_hz, rate_hz)
    alike, late = likeness(samples, same_rate)
    assert alike > (0.9999 if name in {"wav", "flac"} else 0.97)
    assert abs(late) / rate_hz < (0.001 if exact else 0.15)


@pytest.mark.parametrize("name", ["wav", "mp3", "opus", "flac"])
def test_a_whole_file_says_how_long_it_is(name: str) -> None:
    heard = read(encode(speech_like(3.21, 24_000), 24_000, FORMATS[name]))
    assert heard.duration_s == pytest.approx(3.21, abs=0.02)


def test_a_streamed_mp3_has_no_frame_that_counts_wrong() -> None:
    data = stream(speech_like(5, 24_000), 24_000, FORMATS["mp3"])
    assert b"Xing" not in data
    assert b"Info" not in data
    assert data[:1] == b"\xff"  # a frame, no tag
    # Constant bit rate: a player's estimate from the size is right.
    assert read(data).duration_s == pytest.approx(5, abs=0.1)


def test_a_whole_flac_has_its_length_and_checksum() -> None:
    samples = speech_like(1.5, 22_050)
    data = encode(samples, 22_050, FORMATS["flac"])
    info = data[8:42]
    packed = int.from_bytes(info[10:18], "big")
    assert packed & (1 << 36) - 1 == len(samples)
    pcm = encode(samples, 22_050, FORMATS["pcm"])
    assert info[18:34] == hashlib.md5(pcm).digest()


def test_a_stored_wav_has_true_sizes_and_a_streamed_one_none() -> None:
    samples = speech_like(1, 22_050)
    whole, streamed = (make(samples, 22_050, FORMATS["wav"]) for make in (encode, stream))
    with wave.open(io.BytesIO(whole)) as file:
        assert file.getparams()[:4] == (1, 2, 22_050, len(samples))
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    assert int.from_bytes(whole[40:44], "little") == len(whole) - 44
    assert streamed[4:8] == streamed[40:44] == b"\xff\xff\xff\xff"
    assert streamed[44:] == whole[44:]
    assert streamed[44:] == stream(samples, 22_050, FORMATS["pcm"])


def test_a_wav_of_more_than_riff_can_count_is_marked_as_a_stream() -> None:
    assert wav_header(24_000, 0xFFFF_FFFF - 36)[40:] == (0xFFFF_FFFF - 36).to_bytes(4, "little")
    assert wav_header(24_000, 0xFFFF_FFFF - 35) == wav_header(24_000)


@pytest.mark.parametrize("name", FORMATS)
def test_a_first_sentence_is_heard_before_there_is_a_second(name: str) -> None:
    rate_hz = 22_050
    with Encoder(FORMATS[name], rate_hz) as encoder:
        data = encoder.feed(speech_like(2, rate_hz))
        if name == "pcm":
            data = wav_header(rate_hz) + data
        heard = read(data)
        assert len(heard.samples) / heard.rate_hz > 1.75
        more = b"".join(encoder.feed(speech_like(0.02, rate_hz)) for _ in range(15))
        assert len(more) > 300


@pytest.mark.parametrize("name", FORMATS)
def test_a_stream_of_nothing_is_a_file_of_nothing(name: str) -> None:
    none = np.zeros(0, np.float32)
    for data in (
        stream(none, 24_000, FORMATS[name]),
        stream(none, 22_050, FORMATS[name]),
        encode(none, 24_000, FORMATS[name]),
    ):
        if name == "pcm":
            assert data == b""
        else:
            heard = read(data)
            assert len(heard.samples) / heard.rate_hz < 0.15
            assert np.abs(heard.samples).max(initial=0) < 1e-3


@pytest.mark.parametrize("name", FRAMED)
def test_four_milliseconds_are_a_valid_file(name: str) -> None:
    click = np.full(100, 0.5, np.float32)
    assert read(stream(click, 24_000, FORMATS[name])).channels == 1
    assert read(encode(click, 24_000, FORMATS[name])).channels == 1


@given(
    hnp.arrays(
        np.float32, st.integers(0, 300), elements=st.floats(width=32, allow_subnormal=False)
    ),
    st.lists(st.integers(1, 50), max_size=20),
)
def test_any_floats_in_any_pieces_become_16_bits(samples: Samples, pieces: list[int]) -> None:
    before = samples.copy()
    encoder = Encoder(FORMATS["pcm"], 24_000)
    data, start = b"", 0
    for piece in pieces:
        data += encoder.feed(samples[start : start + piece])
        start += piece
    data += encoder.feed(samples[start:]) + encoder.finish()
    values = np.frombuffer(data, "<i2")
    expected = np.where(np.isnan(samples), 0, np.clip(samples, -1, 1))
    assert np.abs(values / 32767 - expected).max(initial=0) <= 0.5001 / 32767
    assert np.array_equal(samples, before, equal_nan=True)  # the caller's, and untouched


@pytest.mark.parametrize("name", FRAMED)
def test_too_loud_and_broken_samples_do_no_harm(name: str) -> None:
    samples = 5 * speech_like(1, 22_050)
    samples[1000:1100], samples[2000], samples[3000] = np.nan, np.inf, -np.inf
    heard = read(stream(samples, 22_050, FORMATS[name]))
    assert np.isfinite(heard.samples).all()
    # A lossy codec may overshoot a clipped wave, but stays near it.
    assert np.abs(heard.samples).max() < 1.8
    assert np.abs(heard.samples).max() > 0.9


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(FRAMED), st.lists(st.integers(0, 9000), min_size=1, max_size=8))
def test_the_pieces_make_no_difference_to_the_file(name: str, pieces: list[int]) -> None:
    samples = speech_like(sum(pieces) / 22_050, 22_050)
    with Encoder(FORMATS[name], 22_050) as encoder:
        parts, start = [], 0
        for piece in pieces:
            parts.append(encoder.feed(samples[start : start + piece]))
            start += piece
        data = b"".join([*parts, encoder.finish()])
    at_once = stream(samples, 22_050, FORMATS[name], piece=10**9)
    if name in {"wav", "mp3", "aac"}:
        assert data == at_once
    elif len(samples) > 100:  # a random stream number; soxr's last bits
        one, other = read(data).samples, read(at_once).samples
        assert len(one) == len(other)
        assert np.abs(one - other).max() < 0.02


@pytest.mark.parametrize(("from_hz", "to_hz"), [(22_050, 24_000), (24_000, 22_050), (8000, 48_000)])
def test_resampling_in_pieces_is_resampling_the_whole(from_hz: int, to_hz: int) -> None:
    samples = speech_like(1.3, from_hz)
    whole = resample(samples, from_hz, to_hz)
    assert len(whole) == pytest.approx(len(samples) * to_hz / from_hz, abs=1)
    resampler = Resampler(from_hz, to_hz)
    parts = [resampler.feed(samples[start : start + 333]) for start in range(0, len(samples), 333)]
    joined = np.concatenate([*parts, resampler.finish()])
    assert len(joined) == pytest.approx(len(whole), abs=1)
    shared = min(len(joined), len(whole))
    assert np.abs(joined[:shared] - whole[:shared]).max() < 1e-4


def test_resampling_keeps_tones_in_place_and_lets_none_in() -> None:
    time_s = np.arange(22_050) / 22_050
    tone = np.sin(2 * np.pi * 1000 * time_s).astype(np.float32)
    up = resample(tone, 22_050, 48_000)
    expected = np.sin(2 * np.pi * 1000 * np.arange(len(up)) / 48_000)
    assert np.abs(up[500:-500] - expected[500:-500]).max() < 1e-3
    high = np.sin(2 * np.pi * 10_500 * time_s).astype(np.float32)
    assert np.abs(resample(high, 22_050, 16_000)[500:-500]).max() < 1e-3


def test_the_output_rate_can_be_chosen() -> None:
    samples = speech_like(1, 22_050)
    with Encoder(FORMATS["pcm"], 22_050, output_rate_hz=24_000) as encoder:
        data = encoder.feed(samples) + encoder.finish()
        assert encoder.output_rate_hz == 24_000
    assert len(data) == pytest.approx(2 * 24_000, abs=4)
    assert read(encode(samples, 22_050, FORMATS["mp3"], output_rate_hz=44_100)).rate_hz == 44_100


@pytest.mark.parametrize("rate_hz", [-1, 0, 3999, 192_001])
def test_rates_that_no_sound_has_are_refused(rate_hz: int) -> None:
    with pytest.raises(ValueError, match=str(rate_hz)):
        Encoder(FORMATS["wav"], rate_hz)


@pytest.mark.parametrize("name", FORMATS)
def test_a_finished_or_closed_encoder_takes_nothing_more(name: str) -> None:
    finished, closed = Encoder(FORMATS[name], 24_000), Encoder(FORMATS[name], 24_000)
    finished.finish()
    closed.feed(speech_like(0.3, 24_000))
    closed.close()
    closed.close()
    for encoder in (finished, closed):
        with pytest.raises(ValueError, match="finished"):
            encoder.feed(speech_like(0.1, 24_000))
        with pytest.raises(ValueError, match="finished"):
            encoder.finish()


def test_an_encoder_may_move_from_thread_to_thread() -> None:
    samples = speech_like(1, 24_000)
    encoders = [Encoder(FORMATS[name], 24_000) for name in FRAMED for _ in range(4)]
    parts: list[list[bytes]] = [[] for _ in encoders]

    def feed(start: int) -> None:
        for encoder, got in zip(encoders[start::4], parts[start::4], strict=True):
            got.append(encoder.feed(samples[:12_000] if not got else samples[12_000:]))

    for round_ in range(2):
        threads = [threading.Thread(target=feed, args=((k + round_) % 4,)) for k in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for encoder, got in zip(encoders, parts, strict=True):
        data = b"".join([*got, encoder.finish()])
        assert len(read(data).samples) / read(data).rate_hz == pytest.approx(1, abs=0.15)


@pytest.mark.slow
@pytest.mark.parametrize("leave", ["finish", "close", "forget"])
def test_thousands_of_encoders_leave_nothing_behind(leave: str) -> None:
    samples = speech_like(0.2, 22_050)

    def use(count: int) -> None:
        for index in range(count):
            encoder = Encoder(FORMATS[FRAMED[index % len(FRAMED)]], 22_050)
            encoder.feed(samples)
            if leave != "forget":
                getattr(encoder, leave)()
            del encoder

    use(200)
    gc.collect()
    before = resident_bytes()
    use(1000)
    gc.collect()
    # An encoder that stayed would cost some 100 kB or more: 1000 of them, over 100 MB.
    assert resident_bytes() - before < 12e6
