"""Encodes samples: bytes come out as soon as the format allows.

`Encoder` is for streams: nothing it has returned is ever changed. `encode` is for audio that
is complete, and writes the true sizes into the headers. Both run in process, on libav through
PyAV (WAV and PCM need not even that). Nothing here knows requests or files; one encoder serves
one stream and may move between threads, but is not to be shared by them.
"""

from __future__ import annotations

import io
from typing import Self

from sonca.audio import Samples
from sonca.encoding.formats import Format
from sonca.encoding.resampling import Resampler
from sonca.encoding.wav import clean, to_s16, wav_header
from sonca.encoding.writers import LibavWriter, PcmWriter, Sink

MIN_RATE_HZ, MAX_RATE_HZ = 4000, 192_000

_BLOCK = 1 << 20
"""Samples that are made 16-bit at once, for the memory that it takes."""
_BLOCK_S = 0.5
"""Long input is encoded in blocks of this many seconds, so that no call into libav holds much
memory or keeps other threads waiting."""


class Pipe:
    """A sink that only moves forward and is emptied by its reader."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._parts.append(data)
        return len(data)

    def take(self) -> bytes:
        """Returns everything written since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        return data


class SinkEncoder:
    """Encodes into a sink: what `Encoder`, `encode` and `FileEncoder` share.

    `sample_rate_hz` is what is fed, `output_rate_hz` what is written: by default the same,
    or the nearest that the format has.
    """

    def __init__(
        self,
        format: Format,
        sample_rate_hz: int,
        sink: Sink,
        *,
        output_rate_hz: int | None = None,
        seekable: bool = False,
    ) -> None:
        _check_rate(sample_rate_hz)
        _check_rate(output_rate_hz or sample_rate_hz)
        self.format = format
        self.output_rate_hz = format.rate_for(output_rate_hz or sample_rate_hz)
        self._rate_hz = sample_rate_hz
        self._resampler: Resampler | None = None
        if self.output_rate_hz != sample_rate_hz:
            self._resampler = Resampler(sample_rate_hz, self.output_rate_hz)
        self._writer: PcmWriter | LibavWriter | None
        if format.codec is None:
            self._writer = PcmWriter(format, self.output_rate_hz, sink, seekable)
        else:
            self._writer = LibavWriter(format.codec, self.output_rate_hz, sink, seekable)

    def feed(self, samples: Samples) -> None:
        """Encodes (N,) float32 samples: beyond [-1, 1] is clipped, NaN is silence."""
        if self._writer is None:
            raise ValueError("the encoder is finished")
        block = max(1, int(_BLOCK_S * self._rate_hz))
        for start in range(0, len(samples), block):
            part = clean(samples[start : start + block])
            if self._resampler is not None:
                part = clean(self._resampler.feed(part))
            if len(part):
                self._writer.write(part)

    def finish(self) -> None:
        """Writes what is still inside, and the end. The encoder is closed after it."""
        if self._writer is None:
            raise ValueError("the encoder is finished")
        if self._resampler is not None:
            rest = clean(self._resampler.finish())
            if len(rest):
                self._writer.write(rest)
        writer, self._writer, self._resampler = self._writer, None, None
        writer.finish()

    def close(self) -> None:
        """Frees everything; what was not written yet is lost. May be called again."""
        writer, self._writer, self._resampler = self._writer, None, None
        if writer is not None:
            writer.close()


class Encoder:
    """Encodes a stream: bytes come out as soon as a frame of the format is full.

    >>> with Encoder(FORMATS["mp3"], 24_000) as encoder:
    ...     for chunk in chunks:
    ...         yield encoder.feed(chunk.samples)
    ...     yield encoder.finish()
    """

    def __init__(
        self, format: Format, sample_rate_hz: int, *, output_rate_hz: int | None = None
    ) -> None:
        """`sample_rate_hz`, 4000 to 192,000, is the rate of what is fed. `output_rate_hz` is
        the rate to write, if it is to be another."""
        self._pipe = Pipe()
        self._encoder = SinkEncoder(
            format, sample_rate_hz, self._pipe, output_rate_hz=output_rate_hz
        )

    @property
    def format(self) -> Format:
        return self._encoder.format

    @property
    def output_rate_hz(self) -> int:
        """The rate of what is written, in Hz: a format may not have the rate that is fed."""
        return self._encoder.output_rate_hz

    def feed(self, samples: Samples) -> bytes:
        """Encodes (N,) float32 samples. Returns the bytes that are ready, possibly none.

        Samples beyond [-1, 1] are clipped, NaN is silence. Raises `ValueError` after `finish`.
        """
        self._encoder.feed(samples)
        return self._pipe.take()

    def finish(self) -> bytes:
        """Returns the rest of the stream. The encoder is closed after it."""
        self._encoder.finish()
        return self._pipe.take()

    def close(self) -> None:
        """Frees everything; what was not taken is lost. May be called again."""
        self._encoder.close()
        self._pipe.take()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def encode(
    samples: Samples, sample_rate_hz: int, format: Format, *, output_rate_hz: int | None = None
) -> bytes:
    """Encodes audio that is complete: (N,) float32 in, a whole file out, with true sizes."""
    known = MIN_RATE_HZ <= sample_rate_hz <= MAX_RATE_HZ
    if format.codec is None and known and output_rate_hz in (None, sample_rate_hz):
        # The usual answer needs no encoder: it is a header and the samples.
        starts = range(0, len(samples), _BLOCK)
        parts = [to_s16(clean(samples[at : at + _BLOCK])).tobytes() for at in starts]
        header = b"" if format.bare else wav_header(sample_rate_hz, sum(map(len, parts)))
        return b"".join([header, *parts])
    sink = io.BytesIO()
    encoder = SinkEncoder(
        format, sample_rate_hz, sink, output_rate_hz=output_rate_hz, seekable=True
    )
    try:
        encoder.feed(samples)
        encoder.finish()
    finally:
        encoder.close()
    return sink.getvalue()


def _check_rate(rate_hz: int) -> None:
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise ValueError(f"a rate of {rate_hz} Hz, not {MIN_RATE_HZ} to {MAX_RATE_HZ}")
