"""Writes sound into a sink in one of two ways: plain 16-bit samples, and libav's codecs.

Takes samples that are within [-1, 1] and of the rate to be written; `sonca.encoding.encoder`
sees to that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from sonca.audio import Samples
from sonca.encoding.formats import Codec, Format
from sonca.encoding.wav import to_s16, wav_header

if TYPE_CHECKING:
    import av


class Sink(Protocol):
    """Where encoded bytes go. With `seek` and `tell` as well, headers are completed at the end."""

    def write(self, data: bytes, /) -> int: ...


class SeekableSink(Sink, Protocol):
    """A sink that may be able to go back, such as a binary file."""

    def seekable(self) -> bool: ...
    def seek(self, position: int, /) -> int: ...
    def tell(self) -> int: ...
    def flush(self) -> None: ...


class PcmWriter:
    """16-bit samples, with a WAV header or bare."""

    def __init__(self, format: Format, rate_hz: int, sink: Sink, seekable: bool) -> None:
        self._sink = sink
        self._rate_hz = rate_hz
        self._data_bytes = 0
        self._has_header = not format.bare
        self._seekable = seekable
        if self._has_header:
            sink.write(wav_header(rate_hz))

    def write(self, cleaned: Samples) -> None:
        data = to_s16(cleaned).tobytes()
        self._data_bytes += len(data)
        self._sink.write(data)

    def finish(self) -> None:
        if self._has_header and self._seekable:
            sink = cast(SeekableSink, self._sink)
            end = sink.tell()
            header = wav_header(self._rate_hz, self._data_bytes)
            sink.seek(end - self._data_bytes - len(header))
            sink.write(header)
            sink.seek(end)

    def close(self) -> None:
        pass


class LibavWriter:
    """A libav codec in a libav container."""

    def __init__(self, codec: Codec, rate_hz: int, sink: Sink, seekable: bool) -> None:
        import av

        self._guard = _SeekableSinkGuard(cast(SeekableSink, sink)) if seekable else _SinkGuard(sink)
        options = {"flush_packets": "1", **codec.options}
        self._codec = codec
        self._empty = True
        self._rate_hz = rate_hz
        self._container = av.open(self._guard, "w", format=codec.muxer, container_options=options)
        stream = self._container.add_stream(
            codec.name, rate=rate_hz, options=dict(codec.codec_options), layout="mono"
        )
        self._stream = cast("av.AudioStream", stream)
        context = self._stream.codec_context
        context.format = codec.sample_format
        if bit_rate := codec.bit_rate(rate_hz):
            context.bit_rate = bit_rate
        # Now, not at the first packet: an empty stream has its header, too.
        self._container.start_encoding()
        self._guard.check()

    def write(self, cleaned: Samples) -> None:
        import av

        self._empty = False
        array: npt.NDArray[Any] = to_s16(cleaned) if self._codec.sample_format == "s16" else cleaned
        frame = av.AudioFrame.from_ndarray(
            array[None, :],  # (1, N)
            format=self._codec.sample_format,
            layout="mono",
        )
        frame.sample_rate = self._rate_hz
        self._container.mux(self._stream.encode(frame))
        self._guard.check()

    def finish(self) -> None:
        if self._empty and not self._codec.lossless:
            self.write(np.zeros(1, np.float32))  # players refuse a file without a frame
        self._container.mux(self._stream.encode(None))
        self._container.close()
        self._guard.check()

    def close(self) -> None:
        # libav writes an end even here, of a file that nobody wants.
        self._guard.mute()
        self._container.close()

    def __del__(self) -> None:
        # Container and stream hold each other: without this, an encoder that is forgotten
        # (some hold a megabyte) waits for the garbage collector.
        if hasattr(self, "_container"):
            self.close()


class _SinkGuard:
    """Stands between libav and a sink: an error inside of libav's callbacks would be lost or
    come up in a wrong place, so it is kept until `check`, and nothing more is written."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._error: Exception | None = None
        self._muted = False

    def write(self, data: bytes) -> int:
        if not self._muted:
            try:
                self._sink.write(data)
            except Exception as error:
                self._error, self._muted = error, True
        return len(data)

    def check(self) -> None:
        """Raises what the sink has raised."""
        if self._error is not None:
            raise self._error

    def mute(self) -> None:
        """Lets nothing more be written."""
        self._muted = True


class _SeekableSinkGuard(_SinkGuard):
    """For a sink that libav may go back in."""

    def __init__(self, sink: SeekableSink) -> None:
        super().__init__(sink)
        self._seekable_sink = sink

    def seek(self, position: int, whence: int = 0) -> int:
        if whence:
            raise OSError("only from the start")
        try:
            return position if self._muted else self._seekable_sink.seek(position)
        except Exception as error:
            self._error, self._muted = error, True
            return position

    def tell(self) -> int:
        return self._seekable_sink.tell()
