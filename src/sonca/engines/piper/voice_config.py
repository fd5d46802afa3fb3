"""A Piper voice's ``.onnx.json``: what it says of the voice, checked.

Only what speaking needs is read. Knows nothing of the graph beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sonca.errors import EngineError

PhonemeType = Literal["espeak", "text"]

_MAX_BYTES = 16 * 1024 * 1024
_BOS, _EOS, _PAD = "^", "$", "_"


class BadVoice(EngineError):
    """The files of a voice cannot be used; the message names the file and what is wrong."""


@dataclass(frozen=True, slots=True)
class VoiceConfig:
    """The settings of one voice file; several speakers share it."""

    sample_rate_hz: int
    phoneme_type: PhonemeType
    espeak_voice: str
    """espeak-ng's language of the phonemes, such as ``vi`` or ``en-us``."""
    ids: Mapping[str, tuple[int, ...]]
    """Phoneme (one code point) to the ids that stand for it."""
    replacements: Mapping[str, tuple[str, ...]]
    """Phonemes that are replaced by others before they become ids."""
    noise_scale: float
    length_scale: float
    noise_w: float
    speakers: Mapping[str, int]
    """Name to number; empty for a voice of one speaker."""
    language: str
    """BCP 47, such as ``vi-VN``; empty if the file does not say."""
    dataset: str
    quality: str

    @property
    def bos(self) -> tuple[int, ...]:
        return self.ids.get(_BOS, ())

    @property
    def eos(self) -> tuple[int, ...]:
        return self.ids.get(_EOS, ())

    @property
    def pad(self) -> tuple[int, ...]:
        return self.ids.get(_PAD, ())


def read(path: Path) -> VoiceConfig:
    """Reads the settings in a file. `BadVoice` names what is missing or wrong in it."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadVoice(f"{path} is over {_MAX_BYTES:,} bytes; it is not a voice's settings")
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise BadVoice(f"{path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadVoice(f"{path} is not JSON ({error}); fetch the file again") from error
    return parse(content, str(path))


def parse(content: Any, where: str = "the settings") -> VoiceConfig:
    """Reads the settings in a decoded JSON value."""
    if not isinstance(content, dict):
        raise BadVoice(f"{where}: a Piper voice's settings are an object in braces")
    reader = _Reader(content, where)
    kind = reader.text("phoneme_type", "espeak")
    if kind not in ("espeak", "text"):
        raise BadVoice(f"{where}: phoneme_type is {kind!r}, and only espeak and text can be spoken")
    return VoiceConfig(
        sample_rate_hz=reader.sample_rate(),
        phoneme_type="espeak" if kind == "espeak" else "text",
        espeak_voice=reader.espeak_voice() if kind == "espeak" else "",
        ids=reader.ids(),
        replacements=reader.replacements(),
        noise_scale=reader.scale("noise_scale", 0.667, 0.0, 5.0),
        length_scale=reader.scale("length_scale", 1.0, 0.1, 10.0),
        noise_w=reader.scale("noise_w", 0.8, 0.0, 5.0),
        speakers=reader.speakers(),
        language=reader.language(),
        dataset=reader.text("dataset", ""),
        quality=str(reader.part("audio").get("quality", "")),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes one value after another out of the decoded file."""

    content: Mapping[str, Any]
    where: str

    def wrong(self, what: str) -> BadVoice:
        return BadVoice(f"{self.where}: {what}; is it the .onnx.json that came with the voice?")

    def part(self, name: str) -> Mapping[str, Any]:
        value = self.content.get(name) or {}
        if not isinstance(value, dict):
            raise self.wrong(f"{name} is not an object")
        return value

    def text(self, name: str, default: str) -> str:
        value = self.content.get(name, default)
        return value if isinstance(value, str) else default

    def sample_rate(self) -> int:
        rate = self.part("audio").get("sample_rate")
        if not isinstance(rate, int) or isinstance(rate, bool) or not 8000 <= rate <= 48000:
            raise self.wrong(f"audio.sample_rate is {rate!r}, it must be 8000 to 48000")
        return rate

    def espeak_voice(self) -> str:
        name = self.part("espeak").get("voice")
        # The name reaches the file system inside espeak-ng.
        if not isinstance(name, str) or not name or len(name) > 40:
            raise self.wrong(f"espeak.voice is {name!r}, it must be a language such as vi")
        if not all(c.isascii() and (c.isalnum() or c in "-_") for c in name):
            raise self.wrong(f"espeak.voice is {name!r}, and only letters, digits, - and _ may be")
        return name

    def ids(self) -> dict[str, tuple[int, ...]]:
        table = self.part("phoneme_id_map")
        if not table:
            raise self.wrong("it has no phoneme_id_map")
        found: dict[str, tuple[int, ...]] = {}
        for phoneme, ids in table.items():
            numbers = ids if isinstance(ids, list) else [ids]
            if not all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers):
                raise self.wrong(f"phoneme_id_map has {ids!r} for {phoneme!r}")
            found[phoneme] = tuple(numbers)
        highest = max((n for numbers in found.values() for n in numbers), default=0)
        symbols = self.content.get("num_symbols")
        if isinstance(symbols, int) and highest >= symbols:
            raise self.wrong(f"phoneme_id_map goes up to {highest} and num_symbols is {symbols}")
        return found

    def replacements(self) -> dict[str, tuple[str, ...]]:
        found = {}
        for phoneme, others in self.part("phoneme_map").items():
            values = others if isinstance(others, list) else [others]
            if not all(isinstance(value, str) for value in values):
                raise self.wrong(f"phoneme_map has {others!r} for {phoneme!r}")
            found[phoneme] = tuple(values)
        return found

    def scale(self, name: str, default: float, low: float, high: float) -> float:
        value = self.part("inference").get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(f"inference.{name} is {value!r}, it must be a number")
        if not low <= value <= high:
            raise self.wrong(f"inference.{name} is {value:g}, it must be {low:g} to {high:g}")
        return float(value)

    def speakers(self) -> dict[str, int]:
        count = self.content.get("num_speakers", 1)
        if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= 100_000:
            raise self.wrong(f"num_speakers is {count!r}")
        if count == 1:
            return {}
        named = self.part("speaker_id_map")
        if not all(isinstance(n, int) and 0 <= n < count for n in named.values()):
            raise self.wrong(f"speaker_id_map has a number that is not 0 to {count - 1}")
        names = {number: name for name, number in named.items()}
        return {names.get(number, str(number)): number for number in range(count)}

    def language(self) -> str:
        code = self.part("language").get("code")
        if isinstance(code, str) and code:
            return code.replace("_", "-")
        voice = self.part("espeak").get("voice")
        return voice if isinstance(voice, str) else ""
