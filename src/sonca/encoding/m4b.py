"""Encodes the chapters of a book one by one, and joins them to an m4b without encoding again.

A chapter is a file of its own (m4a, mp3 or opus) with its tags. `write_m4b` copies the packets
of m4a chapters, one after another, into one file with chapter marks, tags and a cover. Times in
it are exact: a codec's lead-in is counted, see `PACKET_SAMPLES`. Knows nothing of books.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from sonca import disk
from sonca.audio import Samples
from sonca.encoding.formats import Format
from sonca.encoding.resampling import Resampler
from sonca.encoding.wav import clean
from sonca.errors import StorageError

if TYPE_CHECKING:
    import av

PACKET_SAMPLES = 1024
"""AAC's packet. The first one of a chapter is the codec's lead-in and holds no sound: in a joined
file it ends where the chapter's first sample lies."""
_BLOCK = 8192
_INDEX_FIRST = {"movflags": "+faststart"}
"""The index before the sound, so that a player on the web begins at once: libav moves the sound
once for that."""


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the errors of the system and of libav into ours."""
    import av

    try:
        yield
    except (OSError, av.FFmpegError) as error:
        raise disk.storage_error(error, f"write {path}") from error


class ChapterEncoder:
    """Encodes one chapter into a file that nobody else writes. Use as a context manager.

    `path` gets the bytes as they are: let it be a draft of `disk.new_files`.
    """

    def __init__(
        self, path: Path, format: Format, sample_rate_hz: int, *, tags: Mapping[str, str]
    ) -> None:
        """`format` is one of `BOOK_FORMATS`. Raises `StorageError` if the file cannot be made."""
        import av

        assert format.codec is not None
        self._path = path
        self._codec = codec = format.codec
        self.output_rate_hz = format.rate_for(sample_rate_hz)
        self.packets = 0
        """Packets written so far."""
        self._resampler: Resampler | None = None
        if self.output_rate_hz != sample_rate_hz:
            self._resampler = Resampler(sample_rate_hz, self.output_rate_hz)
        self._rest = np.zeros(0, np.float32)
        with writing(path):
            options = _INDEX_FIRST if codec.muxer == "ipod" else {}
            self._container = av.open(str(path), "w", format=codec.muxer, container_options=options)
            self._container.metadata.update(tags)
            self._stream = cast(
                "av.AudioStream",
                self._container.add_stream(
                    codec.name,
                    rate=self.output_rate_hz,
                    layout="mono",
                    options=dict(codec.codec_options),
                ),
            )
            self._stream.codec_context.format = codec.sample_format
            if bit_rate := codec.bit_rate(self.output_rate_hz):
                self._stream.codec_context.bit_rate = bit_rate
            self._container.start_encoding()

    def feed(self, samples: Samples) -> None:
        """Encodes (N,) float32 samples. How sound is cut into calls changes no byte."""
        if self._resampler is not None:
            samples = self._resampler.feed(clean(samples))
        self._rest = np.concatenate([self._rest, clean(samples)])
        while len(self._rest) >= _BLOCK:
            self._encode(self._rest[:_BLOCK])
            self._rest = self._rest[_BLOCK:]

    def finish(self) -> None:
        """Writes the end. The encoder is closed after it."""
        if self._resampler is not None:
            self._rest = np.concatenate([self._rest, clean(self._resampler.finish())])
        if len(self._rest) or not self.packets:
            self._encode(self._rest if len(self._rest) else np.zeros(1, np.float32))
        with writing(self._path):
            self._mux(self._stream.encode(None))
            self._container.close()

    def _encode(self, block: Samples) -> None:
        import av

        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(block[None, :]),  # (1, N)
            format=self._codec.sample_format,
            layout="mono",
        )
        frame.sample_rate = self.output_rate_hz
        with writing(self._path):
            self._mux(self._stream.encode(frame))

    def _mux(self, packets: Sequence[Any]) -> None:
        self.packets += len(packets)
        self._container.mux(packets)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(Exception):
            self._container.close()


@dataclass(frozen=True, slots=True)
class JoinedChapter:
    """A chapter of a joined file."""

    path: Path
    """Its m4a."""
    title: str
    packets: int


def starts_s(packets: Sequence[int], sample_rate_hz: int) -> list[float]:
    """Returns where each chapter's first sample lies in the joined file, in seconds, and at last
    the end of all."""
    found, before = [], 0
    for count in packets:
        found.append(before * PACKET_SAMPLES / sample_rate_hz)
        before += count
    return [*found, max(0, before - 1) * PACKET_SAMPLES / sample_rate_hz]


def write_m4b(
    path: Path,
    chapters: Sequence[JoinedChapter],
    sample_rate_hz: int,
    *,
    tags: Mapping[str, str],
    cover: tuple[bytes, str] | None = None,
    language: str = "vie",
) -> None:
    """Joins m4a chapters of one rate into `path`, an m4b with marks, tags and a cover.

    `language` is that of the sound, as ISO 639-2 names it. `cover` is a picture's bytes and its
    media type (JPEG or PNG); one that cannot be read is left out.
    """
    import av

    with writing(path):
        options = {"brand": "M4B ", **_INDEX_FIRST}
        with av.open(str(path), "w", format="mp4", container_options=options) as out:
            out.metadata.update(tags)
            with av.open(str(chapters[0].path)) as first:
                stream = out.add_stream_from_template(first.streams.audio[0])
            stream.metadata["language"] = language
            picture = _add_cover(out, cover) if cover else None
            out.set_chapters(_marks(chapters, sample_rate_hz))
            if picture is not None:
                out.mux(picture)
            at = -PACKET_SAMPLES
            for chapter in chapters:
                at = _copy(chapter, stream, out, at, sample_rate_hz)


def _marks(chapters: Sequence[JoinedChapter], rate_hz: int) -> list[Any]:
    starts = [round(s * 1000) for s in starts_s([c.packets for c in chapters], rate_hz)]
    return [
        {
            "id": index,
            "start": starts[index],
            "end": max(starts[index + 1], starts[index] + 1),
            "time_base": Fraction(1, 1000),
            "metadata": {"title": chapter.title},
        }
        for index, chapter in enumerate(chapters)
    ]


def _copy(chapter: JoinedChapter, stream: Any, out: Any, at: int, rate_hz: int) -> int:
    """Appends a chapter's packets from the sample `at` on. Returns where the next one begins."""
    import av

    count = 0
    with av.open(str(chapter.path)) as source:
        for packet in source.demux(source.streams.audio[0]):
            if packet.size == 0:
                continue
            packet.stream = stream
            packet.time_base = Fraction(1, rate_hz)
            packet.pts = packet.dts = at
            packet.duration = PACKET_SAMPLES
            out.mux(packet)
            at += PACKET_SAMPLES
            count += 1
    if count != chapter.packets:
        raise StorageError(
            f"{chapter.path} has {count} packets of {chapter.packets}; remove it and build again"
        )
    return at


def _add_cover(out: Any, cover: tuple[bytes, str]) -> Any:
    """Returns the picture as a packet of a stream of its own, None if it cannot be read."""
    import io

    import av
    from av.stream import Disposition

    data, media_type = cover
    format = {"image/jpeg": "mjpeg", "image/png": "png_pipe"}[media_type]
    try:
        with av.open(io.BytesIO(data), "r", format=format) as picture:
            packet = next(p for p in picture.demux(video=0) if p.size)
            stream = out.add_stream_from_template(picture.streams.video[0])
    except (av.FFmpegError, StopIteration, IndexError, ValueError):
        return None
    stream.disposition = Disposition.attached_pic
    packet.stream = stream
    packet.pts = packet.dts = 0
    return packet
