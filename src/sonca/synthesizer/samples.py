"""A sample of each voice: made once, kept, with what was measured of it on this machine.

Knows nothing of HTTP or the command line: a caller that has a thread asks `get`, one that has an
event loop speaks the requests itself.
"""

from __future__ import annotations

import hashlib
import json
import time
import wave
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from sonca import disk
from sonca.audio import AudioChunk, join
from sonca.errors import NotFound, quoted
from sonca.loudness import loudness
from sonca.synthesizer.facade import Sonca
from sonca.synthesizer.recipe import reading_version
from sonca.synthesizer.request import SpeechRequest
from sonca.synthesizer.speech import Speech
from sonca.utterance import Priority
from sonca.voice import Voice, slug

TEXTS = {
    "vi": "Xin chào, đây là giọng đọc của tôi. Hôm nay trời trong, gió nhẹ, và ta có cả một buổi "
    "chiều để đọc sách.",
    "": "Hello, this is my voice. The sky is clear today, and we have a whole afternoon to read.",
}
_FORMAT = 1
"""Of what is kept; another number makes all samples anew."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured when a sample was made, on this machine, with whatever else it did."""

    duration_s: float
    seconds_per_second: float
    """Time from the request to the end, for each second of sound: below 1 is faster than speech."""
    loudness_lufs: float | None
    """As heard, which is at the level that is set; None if it is silent."""
    recipe: str
    """How it was made, as `Recipe.header`."""
    made_at: float
    """Seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A kept sample."""

    voice: Voice
    path: Path
    """A WAV file, 16-bit mono."""
    measured: Measured

    def sound(self) -> AudioChunk:
        """Reads it. Raises `StorageError`."""
        with disk.errors(f"read {self.path}"), wave.open(str(self.path), "rb") as file:
            data, rate_hz = file.readframes(file.getnframes()), file.getframerate()
        return AudioChunk(np.frombuffer(data, "<i2").astype(np.float32) / 32767.0, rate_hz)


class VoiceSamples:
    """The samples under `folder`, which need not exist yet."""

    def __init__(self, folder: Path, sonca: Sonca) -> None:
        self._folder = folder
        self._sonca = sonca
        self._known: dict[Path, Measured] = {}

    def voice(self, name: str) -> Voice:
        """Returns the voice of that id or alias. `NotFound` if there is none, or another one would
        stand in for it."""
        wanted = name.strip().lower()
        for voice in self._sonca.voices:
            if wanted in (voice.id, *voice.aliases):
                return voice
        raise NotFound(f"no voice {quoted(name)} is installed; sonca voices lists them")

    def find(self, voice: Voice) -> Sample | None:
        """Returns the kept sample of a voice as it is now, or None."""
        path = self._path(voice)
        measured = self._known.get(path)
        if measured is None:
            try:
                measured = Measured(**json.loads(path.with_suffix(".json").read_text("utf-8")))
            except (OSError, ValueError, TypeError):
                return None
            self._known[path] = measured
        return Sample(voice, path, measured) if path.is_file() else None

    def get(self, voice: Voice) -> Sample:
        """Returns the sample of a voice, made now if it must be: that loads its engine."""
        kept = self.find(voice)
        if kept is not None:
            return kept
        with self._sonca.submit(self.warm_up(voice)) as speech:
            for _ in speech:
                pass
        began_s = time.perf_counter()
        with self._sonca.submit(self.request(voice)) as speech:
            chunks = list(speech)
        return self.keep(voice, speech, chunks, time.perf_counter() - began_s)

    def warm_up(self, voice: Voice) -> SpeechRequest:
        """Returns a request that loads the voice, so that loading is not measured."""
        text = "Xin chào." if voice.language == "vi" else "Hello."
        return SpeechRequest(text, voice.id, voice.engine, priority=Priority.FILE)

    def request(self, voice: Voice) -> SpeechRequest:
        """Returns the request for a sample, which is made anew whatever is cached."""
        return SpeechRequest(
            _text(voice), voice.id, voice.engine, priority=Priority.FILE, fresh=True
        )

    def keep(
        self, voice: Voice, speech: Speech, chunks: Iterable[AudioChunk], seconds: float
    ) -> Sample:
        """Keeps a sample that was made in `seconds`. Raises `StorageError`."""
        sound = join(chunks, speech.sample_rate_hz)
        level = loudness(sound.samples, sound.sample_rate_hz)
        measured = Measured(
            duration_s=round(sound.duration_s, 3),
            seconds_per_second=round(seconds / max(sound.duration_s, 1e-3), 4),
            loudness_lufs=round(level, 2) if np.isfinite(level) else None,
            recipe=speech.recipe.header(),
            made_at=round(time.time(), 3),
        )
        path = self._path(voice)
        with disk.errors(f"keep the sample of {voice.id}"):
            path.parent.mkdir(parents=True, exist_ok=True)
        with disk.new_files(path, path.with_suffix(".json")) as (audio, facts):
            with wave.open(str(audio), "wb") as writer:
                writer.setparams((1, 2, sound.sample_rate_hz, 0, "NONE", ""))
                clipped = np.clip(np.nan_to_num(sound.samples), -1.0, 1.0)
                writer.writeframes(np.rint(clipped * 32767.0).astype("<i2").tobytes())
            facts.write_text(json.dumps(asdict(measured), indent=1) + "\n", "utf-8")
        for older in path.parent.glob(f"{_stem(voice)}.*"):
            if older.stem != path.stem:
                disk.remove(older)
        self._known[path] = measured
        return Sample(voice, path, measured)

    def _path(self, voice: Voice) -> Path:
        """Returns where the sample of a voice lies: another place when it would sound otherwise."""
        facts = (
            _FORMAT,
            voice.engine,
            voice.id,
            voice.version,
            self._sonca.permits.model_hash(voice),
            self._sonca.loudness_lufs,
            reading_version(),
            _text(voice),
        )
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()
        return self._folder / f"{_stem(voice)}.{digest[:32]}.wav"


def _stem(voice: Voice) -> str:
    """Returns what the names of a voice's samples begin with."""
    return f"{slug(voice.engine, keep='_')}.{slug(voice.id, keep='_')}"


def _text(voice: Voice) -> str:
    return TEXTS.get(voice.language, TEXTS[""])
