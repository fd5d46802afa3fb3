"""Decodes sound files from users to mono float32, or refuses them with a reason.

The bytes are hostile until shown otherwise. Only containers and codecs of audio are opened
(no playlists, which name other files and addresses; no video decoders), nothing but the given
bytes is read, and no length in a header is believed: decoding counts, and stops at the limit.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import numpy as np

from sonca.audio import Samples
from sonca.encoding.encoder import MAX_RATE_HZ, MIN_RATE_HZ
from sonca.encoding.resampling import resample
from sonca.encoding.wav import clean
from sonca.errors import BadAudio

if TYPE_CHECKING:
    import av

_CONTAINERS = (
    "aac,ac3,adts,aiff,amr,amrnb,amrwb,ape,asf,au,avi,caf,eac3,flac,loas,"
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,tta,w64,wav,wv"
)
_CODECS = (
    "aac,aac_fixed,aac_latm,ac3,ac3_fixed,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,alac,amrnb,amrwb,"
    "ape,eac3,flac,gsm,gsm_ms,libopencore_amrnb,libopencore_amrwb,libopus,libvorbis,mp1,mp1float,"
    "mp2,mp2float,mp3,mp3float,opus,pcm_alaw,pcm_f32be,pcm_f32le,pcm_f64be,pcm_f64le,pcm_mulaw,"
    "pcm_s16be,pcm_s16le,pcm_s24be,pcm_s24le,pcm_s32be,pcm_s32le,pcm_s8,pcm_u8,tta,vorbis,"
    "wavpack,wmalossless,wmapro,wmav1,wmav2,wmavoice"
)
_READABLE = "wav, mp3, m4a, aac, ogg, opus, webm, flac and the like"
_MAX_CHANNELS = 8
_MAX_BAD_PACKETS = 100
"""Damaged packets that are passed over before the file is given up."""


def decode(
    source: bytes | Path, *, max_duration_s: float, max_bytes: int, field: str = "file"
) -> tuple[Samples, int]:
    """Returns the sound in a file, (N,) float32 in [-1, 1], channels averaged, and its rate in Hz.

    Any container and codec of audio is read. Raises `BadAudio` on `field` for what is not audio,
    has no sample, lasts over `max_duration_s` or is larger than `max_bytes`.
    """
    size, file = _opened(source, field)
    with file:
        if size > max_bytes:
            raise BadAudio(
                f"the file has {size} bytes, the limit is {max_bytes}; "
                "send a shorter or a compressed recording",
                field=field,
            )
        if size == 0:
            raise BadAudio("the file is empty; send a recording", field=field)
        parts = _Parts(max_duration_s, field)
        for samples, rate_hz in _frames(file, field):
            parts.add(samples, rate_hz)
    return parts.joined()


def frames(path: Path, *, field: str = "file") -> Iterator[tuple[Samples, int]]:
    """Yields the sound of a file of any length, some milliseconds at a time: (N,) float32 in
    [-1, 1], channels averaged, and its rate in Hz. Raises `BadAudio` for what is not audio."""
    _, file = _opened(path, field)
    with file:
        yield from _frames(file, field)


def _opened(source: bytes | Path, field: str) -> tuple[int, BinaryIO]:
    """Returns the size of `source` in bytes, and a file to read it from."""
    if not isinstance(source, Path):
        return len(source), io.BytesIO(source)
    try:
        if not source.is_file():  # a pipe would block, a device never end
            raise BadAudio(f"{source} is not a file", field=field)
        return source.stat().st_size, source.open("rb")
    except OSError as error:
        raise BadAudio(f"cannot read {source}: {error.strerror}", field=field) from error


def _frames(file: BinaryIO, field: str) -> Iterator[tuple[Samples, int]]:
    """Decodes the first audio stream, frame by frame: mono samples and their rate in Hz."""
    import av

    try:
        with av.open(
            file,
            "r",
            container_options={
                "format_whitelist": _CONTAINERS,
                "codec_whitelist": _CODECS,
            },
            io_open=_refuse_to_open,
            metadata_errors="replace",
        ) as container:
            if not container.streams.audio:
                raise BadAudio("the file holds no sound; send a recording", field=field)
            stream = container.streams.audio[0]
            if stream.codec_context is None or stream.codec_context.name not in _CODECS.split(","):
                raise BadAudio(
                    f"the file's audio codec is not one that Sonca reads; send {_READABLE}",
                    field=field,
                )
            yield from _decoded(container, stream, field)
    except (av.FFmpegError, ValueError) as error:
        raise BadAudio(
            f"the file is not audio that Sonca can read; send {_READABLE}", field=field
        ) from error


def _decoded(
    container: av.container.InputContainer, stream: av.AudioStream, field: str
) -> Iterator[tuple[Samples, int]]:
    """Yields the frames of `stream`. Single damaged packets are passed over, as players do."""
    import av

    bad, good = 0, 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
            if packet is None:
                return
            frames = packet.decode()
        except av.EOFError:
            return
        except av.FFmpegError:
            bad += 1
            if bad > (_MAX_BAD_PACKETS if good else _MAX_BAD_PACKETS // 10):
                raise
            continue
        for frame in frames:
            good += 1
            yield _mono(frame, field), frame.sample_rate


def _mono(frame: av.AudioFrame, field: str) -> Samples:
    """Averages a frame's channels: (N,) float32 within [-1, 1]."""
    channels = frame.layout.nb_channels
    if not 1 <= channels <= _MAX_CHANNELS:
        raise BadAudio(
            f"the file has {channels} channels, the limit is {_MAX_CHANNELS}; send mono or stereo",
            field=field,
        )
    if not MIN_RATE_HZ <= frame.sample_rate <= MAX_RATE_HZ:
        raise BadAudio(
            f"the file's sample rate is {frame.sample_rate} Hz; "
            f"send one of {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz",
            field=field,
        )
    array: np.ndarray[Any, Any] = frame.to_ndarray()  # (C, N) planar or (1, N * C) packed
    if not frame.format.is_planar:
        array = array.reshape(-1, channels).T  # (C, N)
    if array.dtype == np.uint8:
        scaled = (array.astype(np.float32) - 128.0) / 128.0
    elif array.dtype.kind == "i":
        scaled = array.astype(np.float32) / -float(np.iinfo(array.dtype).min)
    else:
        scaled = array.astype(np.float32)
    return clean(scaled.mean(axis=0, dtype=np.float32))  # (N,)


def _refuse_to_open(url: str, *_: object) -> NoReturn:
    raise PermissionError(f"an uploaded file must not open another ({url!r})")


class _Parts:
    """Frames as they come, counted against the limit."""

    def __init__(self, max_duration_s: float, field: str) -> None:
        self._max_duration_s = max_duration_s
        self._field = field
        self._parts: list[tuple[Samples, int]] = []
        self._duration_s = 0.0

    def add(self, samples: Samples, rate_hz: int) -> None:
        self._duration_s += len(samples) / rate_hz
        # Codecs pad to whole frames: a 30 s recording may decode to a little more.
        if self._duration_s > self._max_duration_s + 0.1:
            raise BadAudio(
                f"the recording is longer than {self._max_duration_s:g} s; send a shorter one",
                field=self._field,
            )
        self._parts.append((samples, rate_hz))

    def joined(self) -> tuple[Samples, int]:
        """Returns everything at one rate, the highest, should it change on the way."""
        if not self._duration_s:
            raise BadAudio("the recording has no sound in it (0 s)", field=self._field)
        rate_hz = max(rate_hz for _, rate_hz in self._parts)
        runs: list[tuple[list[Samples], int]] = []
        for samples, part_hz in self._parts:
            if not runs or runs[-1][1] != part_hz:
                runs.append(([], part_hz))
            runs[-1][0].append(samples)
        joined = [resample(np.concatenate(run), run_hz, rate_hz) for run, run_hz in runs]
        return clean(np.concatenate(joined)), rate_hz
