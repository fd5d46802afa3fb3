"""What users send is decoded, whatever it is made of, or refused with a reason; never believed."""

from __future__ import annotations

import io
import os
import struct
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from encoding_helpers import likeness, speech_like
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sonca.audio import Samples
from sonca.encoding import FORMATS, decode, encode, resample, wav_header
from sonca.encoding import decoder as decoder_module
from sonca.errors import BadAudio

LIMITS = {"max_duration_s": 30.0, "max_bytes": 10_000_000}


def made_by_av(
    container: str, codec: str, samples: Samples, rate_hz: int, *, layout: str = "mono"
) -> bytes:
    """A file of another kind than we write."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=rate_hz, layout=layout)
        stream.bit_rate = 128_000
        array = samples[None, :] if layout == "mono" else np.stack([samples, samples])
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(array), format="fltp", layout=layout
        )
        frame.sample_rate = rate_hz
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()


def pcm_wav(values: np.ndarray, rate_hz: int = 16_000, channels: int = 1, width: int = 2) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((channels, width, rate_hz, 0, "NONE", ""))
        writer.writeframes(values.tobytes())
    return file.getvalue()


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "pcm"])
def test_what_we_write_we_read(name: str) -> None:
    samples = speech_like(2, 24_000)
    heard, rate_hz = decode(encode(samples, 24_000, FORMATS[name]), **LIMITS)
    assert heard.dtype == np.float32
    assert heard.ndim == 1
    assert likeness(samples, resample(heard, rate_hz, 24_000))[0] > 0.97
    assert np.abs(heard).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("container", "codec"),
    [
        ("ipod", "aac"),  # m4a, as phones record
        ("webm", "libopus"),  # as browsers record
        ("matroska", "pcm_s16le"),
        ("mp4", "alac"),
        ("aiff", "pcm_s16be"),
        ("caf", "pcm_f32be"),
        ("au", "pcm_s16be"),
        ("wav", "pcm_alaw"),
        ("wav", "pcm_f64le"),
        ("w64", "pcm_s24le"),
        ("wv", "wavpack"),
        ("asf", "wmav2"),
        ("mpegts", "mp2"),
    ],
)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
def test_other_containers_and_codecs_are_read(container: str, codec: str, layout: str) -> None:
    samples = speech_like(2, 48_000)
    heard, rate_hz = decode(made_by_av(container, codec, samples, 48_000, layout=layout), **LIMITS)
    assert rate_hz == 48_000
    assert len(heard) / rate_hz == pytest.approx(2, abs=0.1)
    assert likeness(samples, heard)[0] > 0.97


@pytest.mark.parametrize(
    ("dtype", "width", "full"), [(np.uint8, 1, 127), (np.int16, 2, 32767), (np.int32, 4, 2**31 - 1)]
)
def test_every_width_has_the_same_scale(dtype: type, width: int, full: int) -> None:
    wanted = 0.5 * np.sin(np.arange(4000) / 20)
    values = np.rint(wanted * full + (128 if dtype is np.uint8 else 0)).astype(dtype)
    heard, _ = decode(pcm_wav(values, width=width), **LIMITS)
    assert np.abs(heard - wanted).max() < 1.5 / min(full, 32767)


def test_channels_are_averaged() -> None:
    left, right = np.full(4000, 16_000, np.int16), np.full(4000, -8000, np.int16)
    heard, _ = decode(pcm_wav(np.stack([left, right], axis=1), channels=2), **LIMITS)
    assert np.allclose(heard, 4000 / 32768)


def test_a_file_on_disk_is_read(tmp_path: Path) -> None:
    path = tmp_path / "giọng.flac"
    path.write_bytes(encode(speech_like(1, 16_000), 16_000, FORMATS["flac"]))
    heard, rate_hz = decode(path, **LIMITS)
    assert (len(heard), rate_hz) == (16_000, 16_000)


def test_float_files_with_broken_values_are_cleaned() -> None:
    values = np.array([0.5, np.nan, np.inf, -np.inf, 7.0] * 1000, "<f4")
    header = bytearray(wav_header(16_000, values.nbytes))
    header[20:22], header[32:36] = struct.pack("<H", 3), struct.pack("<HH", 4, 32)
    heard, _ = decode(bytes(header) + values.tobytes(), **LIMITS)
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1


REFUSED = {
    "nothing": b"",
    "text": "Xin chào, đây không phải là âm thanh.\n".encode() * 100,
    "zeros": bytes(100_000),
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100,
    "a WAV header": wav_header(24_000, 0),
    "a streamed WAV header": wav_header(24_000),
    "half a WAV header": wav_header(24_000)[:30],
    "a FLAC of 0 s": encode(np.zeros(0, np.float32), 24_000, FORMATS["flac"]),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_sound_is_refused(what: str) -> None:
    with pytest.raises(BadAudio) as caught:
        decode(REFUSED[what], field="audio_sample", **LIMITS)
    assert caught.value.field == "audio_sample"
    assert len(str(caught.value)) > 20


@pytest.mark.slow
def test_ten_minutes_are_refused_and_not_even_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = 0

    def counted(frame: av.AudioFrame, field: str) -> Samples:
        nonlocal decoded
        decoded += frame.samples
        return original(frame, field)

    original = decoder_module._mono
    monkeypatch.setattr(decoder_module, "_mono", counted)
    for name in ("wav", "flac", "opus", "mp3", "aac"):
        data = encode(np.zeros(8000 * 600, np.float32), 8000, FORMATS[name])
        decoded = 0
        with pytest.raises(BadAudio, match="longer than 30 s"):
            decode(data, max_duration_s=30, max_bytes=100_000_000)
        rate_hz = 48_000 if name == "opus" else 8000
        assert 30 * rate_hz < decoded < 31 * rate_hz


@pytest.mark.parametrize("name", ["wav", "mp3", "opus", "aac", "flac"])
def test_the_limit_itself_is_allowed(name: str) -> None:
    data = encode(speech_like(5, 24_000), 24_000, FORMATS[name])
    decode(data, max_duration_s=5, max_bytes=10**7)
    with pytest.raises(BadAudio):
        decode(data, max_duration_s=4.8, max_bytes=10**7)


@pytest.mark.parametrize("claimed", [0, 1, 1 << 30, 0x7FFF_FFFF, 0xFFFF_FFFE, 0xFFFF_FFFF])
def test_the_header_is_not_believed(claimed: int) -> None:
    data = encode(speech_like(1, 16_000), 16_000, FORMATS["pcm"])
    header = bytearray(wav_header(16_000, len(data)))
    header[40:44] = struct.pack("<I", claimed)
    try:
        heard, _ = decode(bytes(header) + data, **LIMITS)
    except BadAudio:
        assert claimed < 2  # less than a sample: there is nothing
    else:
        assert len(heard) <= 16_000


def test_a_lie_about_the_rate_does_not_make_it_short() -> None:
    with pytest.raises(BadAudio, match="2000000000 Hz"):
        decode(wav_header(2_000_000_000, 200_000) + bytes(200_000), **LIMITS)
    with pytest.raises(BadAudio):
        decode(wav_header(1, 200) + bytes(200), **LIMITS)


def test_too_many_channels_are_refused() -> None:
    with pytest.raises(BadAudio, match="channels"):
        decode(pcm_wav(np.zeros(64_000, np.int16), channels=64), **LIMITS)


def test_too_many_bytes_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadAudio, match=r"1001 bytes.*1000"):
        decode(bytes(1001), max_duration_s=30, max_bytes=1000)
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BadAudio, match="1099511627776 bytes"):
        decode(path, **LIMITS)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", tmp_path / "missing", Path("/dev/zero")):
        with pytest.raises(BadAudio):
            decode(path, **LIMITS)


def test_a_file_cannot_make_us_open_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[str] = []

    def refuse(url: str, *_: object) -> None:
        attempts.append(url)
        raise PermissionError(url)

    monkeypatch.setattr(decoder_module, "_refuse_to_open", refuse)
    secret = tmp_path / "secret.wav"
    secret.write_bytes(encode(speech_like(1, 16_000), 16_000, FORMATS["wav"]))
    playlists = [
        f"ffconcat version 1.0\nfile '{secret}'\n",
        "ffconcat version 1.0\nfile 'secret.wav'\n",
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    ]
    for playlist in playlists:
        with pytest.raises(BadAudio):
            decode(playlist.encode(), **LIMITS)
        path = tmp_path / "list.wav"
        path.write_text(playlist)
        with pytest.raises(BadAudio):
            decode(path, **LIMITS)
    assert attempts == []  # the second wall, which none of them came to


def film(with_sound: bool) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        video = output.add_stream("mpeg4", rate=10)
        video.width = video.height = 64
        video.pix_fmt = "yuv420p"
        audio = output.add_stream("aac", rate=44_100, layout="mono") if with_sound else None
        for index in range(10):
            picture = av.VideoFrame(64, 64, "yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 10)
            output.mux(video.encode(picture))
        output.mux(video.encode(None))
        if audio is not None:
            frame = av.AudioFrame.from_ndarray(
                speech_like(1, 44_100)[None, :], format="fltp", layout="mono"
            )
            frame.sample_rate = 44_100
            output.mux(audio.encode(frame))
            output.mux(audio.encode(None))
    return file.getvalue()


def test_the_sound_of_a_film_is_taken_and_its_pictures_left() -> None:
    heard, rate_hz = decode(film(with_sound=True), **LIMITS)
    assert likeness(speech_like(1, 44_100), heard)[0] > 0.97
    assert rate_hz == 44_100
    with pytest.raises(BadAudio, match="no sound"):
        decode(film(with_sound=False), **LIMITS)


def test_damage_in_the_middle_costs_only_the_damaged_part() -> None:
    data = bytearray(encode(speech_like(5, 24_000), 24_000, FORMATS["mp3"]))
    data[15_000:15_600] = bytes(600)
    heard, rate_hz = decode(bytes(data), **LIMITS)
    assert len(heard) / rate_hz == pytest.approx(5, abs=0.3)


def test_a_change_of_rate_on_the_way_is_joined_at_the_highest() -> None:
    parts = decoder_module._Parts(30, "file")
    one, two = speech_like(1, 16_000), speech_like(1, 48_000)
    parts.add(one[:8000], 16_000)
    parts.add(one[8000:], 16_000)
    parts.add(two, 48_000)
    joined, rate_hz = parts.joined()
    assert rate_hz == 48_000
    assert len(joined) == pytest.approx(96_000, abs=2)
    assert np.array_equal(joined[-48_000:], np.clip(two, -1, 1))


WHOLE = {
    name: encode(speech_like(0.5, 16_000), 16_000, FORMATS[name])
    for name in ("wav", "mp3", "opus", "aac", "flac")
} | {"m4a": made_by_av("ipod", "aac", speech_like(0.5, 16_000), 16_000)}


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=20),
    st.integers(0, 10**6),
)
def test_damaged_files_are_decoded_or_refused(
    name: str, changes: list[tuple[int, int]], end: int
) -> None:
    data = bytearray(WHOLE[name])
    for place, value in changes:
        data[place % len(data)] = value
    try:
        heard, rate_hz = decode(bytes(data[: end % len(data)]), **LIMITS)
    except BadAudio:
        return
    assert 0 < len(heard) <= 31 * rate_hz
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() <= 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=3000))
def test_random_bytes_are_refused_or_short(data: bytes) -> None:
    try:
        heard, rate_hz = decode(data, **LIMITS)
    except BadAudio:
        return
    assert 0 < len(heard) / rate_hz < 31
