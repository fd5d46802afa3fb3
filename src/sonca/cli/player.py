"""Sound through the speakers, by PortAudio.

Knows nothing of text or requests. PortAudio and the sound system below it talk to stderr on
their own; what they say there is kept off the screen, and what matters comes as an exception.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from sonca.errors import SoncaError

if TYPE_CHECKING:
    from sonca.audio import Samples
    from sonca.encoding import Resampler


class NoSpeakers(SoncaError):
    """There is no device to play through."""


class Player:
    """Plays what it is fed: `feed` returns when there is room for more, `finish` when all has
    been heard. Closed early, it stops at once. `NoSpeakers` if there is no device."""

    def __init__(self, sample_rate_hz: int) -> None:
        with _quiet(), _explained():
            import sounddevice

            device = _device(sounddevice)
            rate_hz = _rate_of(sounddevice, device, sample_rate_hz)
            self._stream: Any = sounddevice.OutputStream(rate_hz, channels=1, dtype="float32")
            self._stream.start()
        self._resampler: Resampler | None = None
        if rate_hz != sample_rate_hz:
            from sonca.encoding import Resampler

            self._resampler = Resampler(sample_rate_hz, rate_hz)

    def feed(self, samples: Samples) -> None:
        """Plays (N,) float32 samples."""
        if self._resampler is not None:
            samples = self._resampler.feed(samples)
        self._write(samples)

    def finish(self) -> None:
        """Waits until everything has been heard."""
        if self._resampler is not None:
            self._write(self._resampler.finish())
        with _explained():
            self._stream.stop()

    def _write(self, samples: Samples) -> None:
        if len(samples):
            with _explained():
                self._stream.write(samples.reshape(-1, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._stream.abort()
        self._stream.close()


def output_device() -> str:
    """Returns the name of the device that would be used. `NoSpeakers` if there is none."""
    with _quiet(), _explained():
        import sounddevice

        return str(_device(sounddevice)["name"])


def _device(sounddevice: Any) -> Any:
    """Returns what PortAudio knows of the default output."""
    try:
        return sounddevice.query_devices(kind="output")
    except sounddevice.PortAudioError as error:
        raise NoSpeakers(
            "cannot play: there is no sound device here; write a file with -o FILE"
        ) from error


def _rate_of(sounddevice: Any, device: Any, sample_rate_hz: int) -> int:
    """Returns `sample_rate_hz` if the device takes it, else the rate it likes best."""
    try:
        sounddevice.check_output_settings(channels=1, dtype="float32", samplerate=sample_rate_hz)
    except sounddevice.PortAudioError:
        return int(device["default_samplerate"])
    return sample_rate_hz


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turns what PortAudio says, or its absence, into `NoSpeakers`."""
    try:
        yield
    except OSError as error:  # importing sounddevice without PortAudio
        raise NoSpeakers(
            f"cannot play: {error} (Debian: apt-get install libportaudio2); "
            "write a file with -o FILE"
        ) from error
    except Exception as error:
        if type(error).__name__ != "PortAudioError":
            raise
        reason = str(error.args[0] if error.args else error).rstrip(".")
        raise NoSpeakers(f"cannot play: {reason}; write a file with -o FILE") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hides what C libraries print to stderr."""
    try:
        kept = os.dup(2)
    except OSError:  # stderr is closed: quiet already
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
