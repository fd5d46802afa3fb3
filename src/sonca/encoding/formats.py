"""What audio formats there are: names, suffixes, media types, and how each is set up.

A row here is all that a format takes: APIs, page, command line and books read these tables. Knows
no encoder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from sonca.errors import InvalidRequest, quoted

_MPEG_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_AAC_RATES_HZ = (
    *(8000, 11025, 12000, 16000, 22050, 24000),
    *(32000, 44100, 48000, 64000, 88200, 96000),
)


@dataclass(frozen=True, slots=True)
class Codec:
    """How libav makes a compressed format."""

    name: str
    muxer: str
    sample_format: str
    """libav's name of the samples it takes: one channel, so planar and packed are one."""
    rates_hz: tuple[int, ...] | None = None
    """Sample rates it takes, ascending; None for every rate."""
    bits_per_sample: float = 0.0
    """Target bits for each sample, up to `max_bit_rate`; 0 for lossless."""
    max_bit_rate: int = 0
    """Bits per second."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Of the muxer."""
    codec_options: Mapping[str, str] = field(default_factory=dict)

    @property
    def lossless(self) -> bool:
        return not self.bits_per_sample

    def bit_rate(self, rate_hz: int) -> int:
        """Returns bits per second at `rate_hz`, 0 for lossless.

        Scaled down below 24 kHz, where there is less to encode and the standards allow less.
        """
        return min(self.max_bit_rate, int(self.bits_per_sample * rate_hz))


@dataclass(frozen=True, slots=True)
class Format:
    """An audio format that Sonca writes. One channel, always."""

    name: str
    label: str
    """What people call it."""
    suffix: str
    """The file name's ending, with the dot."""
    media_type: str
    """The MIME type that goes into `Content-Type`."""
    other_suffixes: tuple[str, ...] = ()
    """Endings that `format_of_path` takes as well."""
    codec: Codec | None = None
    """None for plain 16-bit samples, which are written without libav."""
    bare: bool = False
    """Whether there is no header, so that a reader has to know what it is."""
    for_chapters: bool = False
    """Whether a book may be a folder with such a file for each chapter."""

    def rate_for(self, sample_rate_hz: int) -> int:
        """Returns the rate that audio of `sample_rate_hz` is written at.

        The same where the format allows it; else the next higher one it has, else its highest.
        """
        rates_hz = self.codec.rates_hz if self.codec else None
        if rates_hz is None or sample_rate_hz in rates_hz:
            return sample_rate_hz
        return next((rate_hz for rate_hz in rates_hz if rate_hz > sample_rate_hz), rates_hz[-1])


_AAC = Codec(
    "aac",
    "adts",
    "fltp",
    _AAC_RATES_HZ,
    # This coder takes a quarter more than it is told: some 64 kbit/s.
    bits_per_sample=53_000 / 22_050,
    max_bit_rate=72_000,
    # On speech at 64 kbit/s four times as fast as the default, twoloop, and no further from the
    # sound: 33.7 against 26.3 dB of signal over noise, 1.9 against 2.5 dB of spectral distance.
    codec_options={"aac_coder": "fast"},
)
_ALL = (
    Format(
        "mp3",
        "MP3",
        ".mp3",
        "audio/mpeg",
        codec=Codec(
            "libmp3lame",
            "mp3",
            "fltp",
            _MPEG_RATES_HZ,
            bits_per_sample=64_000 / 22_050,
            max_bit_rate=96_000,
            # No tag. The Xing frame, which counts the frames, libav writes only where it can go
            # back and complete it.
            options={"id3v2_version": "0"},
        ),
        for_chapters=True,
    ),
    Format("wav", "WAV", ".wav", "audio/wav", (".wave",)),
    Format(
        "opus",
        "Opus",
        ".opus",
        "audio/ogg",
        (".ogg", ".oga"),
        codec=Codec(
            "libopus",
            "ogg",
            "flt",
            _OPUS_RATES_HZ,
            bits_per_sample=40_000 / 16_000,
            max_bit_rate=40_000,
            # Pages of 60 ms instead of a second: the muxer holds one back.
            options={"page_duration": "60000"},
        ),
        for_chapters=True,
    ),
    Format(
        "flac",
        "FLAC",
        ".flac",
        "audio/flac",
        codec=Codec("flac", "flac", "s16", options={"metadata_header_padding": "0"}),
    ),
    Format("aac", "AAC", ".aac", "audio/aac", (".adts",), codec=_AAC),
    Format("pcm", "PCM", ".pcm", "audio/pcm", (".raw",), bare=True),
)
M4A = Format("m4a", "M4A", ".m4a", "audio/mp4", codec=replace(_AAC, muxer="ipod"))
"""A chapter of an m4b or of a read-along EPUB. It cannot be streamed, so it is no format of an
answer."""

FORMATS: Mapping[str, Format] = MappingProxyType({each.name: each for each in _ALL})
"""Every format by name."""
BOOK_FORMATS: Mapping[str, Format] = MappingProxyType(
    {"m4b": M4A, "epub": M4A} | {each.name: each for each in _ALL if each.for_chapters}
)
"""What a book can be, and the format of its chapters: ``m4b`` and ``epub`` are one file, the others
are a folder with a file a chapter."""
ONE_FILE: Mapping[str, str] = MappingProxyType(
    {"m4b": M4A.media_type, "epub": "application/epub+zip"}
)
"""Those of `BOOK_FORMATS` that are one file, and its media type."""
if TYPE_CHECKING:
    FormatName = str
    BookFormatName = str
else:
    FormatName = Literal[tuple(FORMATS)]
    BookFormatName = Literal[tuple(BOOK_FORMATS)]
"""Types for those who check names at run time, and document them."""

_BY_SUFFIX = {suffix: each for each in _ALL for suffix in (each.suffix, *each.other_suffixes)}


def format_for(name: str, *, field: str = "response_format") -> Format:
    """Returns the format of that name, in any case. Raises `InvalidRequest` on `field` if there
    is none."""
    return _find(FORMATS, name, field)


def book_format_for(name: str, *, field: str = "format") -> Format:
    """Returns the format of the chapters of a book of that name. Raises as `format_for`."""
    return _find(BOOK_FORMATS, name, field)


def _find(table: Mapping[str, Format], name: str, field: str) -> Format:
    found = table.get(name.strip().lower())
    if found is None:
        raise InvalidRequest(
            f"unknown audio format {quoted(name)}; choose one of {', '.join(table)}", field=field
        )
    return found


def format_of_path(path: str | Path, *, field: str = "response_format") -> Format:
    """Returns the format that a file's suffix names. Raises `InvalidRequest` on `field` if it
    names none."""
    suffix = Path(path).suffix
    found = _BY_SUFFIX.get(suffix.lower())
    if found is None:
        what = f"suffix {quoted(suffix)}" if suffix else "file name without a suffix"
        raise InvalidRequest(
            f"no audio format for the {what}; end the file name in one of {', '.join(_BY_SUFFIX)}",
            field=field,
        )
    return found
