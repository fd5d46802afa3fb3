"""How a piece of sound was made: everything that decides it but the text itself."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sonca
from sonca import text as texts
from sonca.engines.base import EngineInfo, Options, Reference
from sonca.voice import Voice


@dataclass(frozen=True, slots=True)
class Recipe:
    """Equal recipes of equal text give equal sound on one kind of machine, if the engine says that
    it is deterministic. A list of pairs, so that more can be said later."""

    steps: tuple[tuple[str, str], ...]
    """Name and value: ``engine``, ``model``, ``hash``, ``voice``, ``seed``, ``speed``, ``pitch``,
    ``level``, ``rate``, ``reading``, ``lexicon``; what does not apply is left out."""

    def header(self) -> str:
        """Returns it on one line, ``engine=espeak/1.52;voice=north-male;seed=0``, in ASCII."""
        return ";".join(f"{name}={quote(value, safe='/:+ .,()')}" for name, value in self.steps)


def recipe_of(
    info: EngineInfo,
    voice: Voice,
    model_hash: str,
    reference: Reference | None,
    options: Options,
    loudness_lufs: float | None,
    lexicon: texts.Lexicon | None,
) -> Recipe:
    """Returns the recipe of a request. `model_hash` is that of the model's files, empty if they
    came without hashes: the voice's version, which changes with the files, stands there then."""
    version = hashlib.sha256(voice.version.encode()).hexdigest()[:16] if voice.version else ""
    steps = {
        "engine": f"{info.name}/{info.version}",
        "model": voice.model,
        "hash": model_hash or (f"version:{version}" if version else ""),
        "voice": f"recording:{reference.content_hash[:16]}" if reference else voice.id,
        "seed": str(options.seed),
        "speed": f"{options.speed:g}",
        "pitch": "" if options.pitch == 1.0 else f"{options.pitch:g}",
        "level": "own" if loudness_lufs is None else f"{loudness_lufs:g}",
        "rate": str(info.sample_rate_hz),
        "reading": reading_version(),
        "lexicon": "" if lexicon is None else _short(repr(lexicon.entries).encode()),
    }
    return Recipe(tuple((name, value) for name, value in steps.items() if value))


@functools.cache
def reading_version() -> str:
    """Returns what changes whenever a text may be read otherwise: Sonca's version, and a hash over
    the files of `sonca.text`."""
    folder = Path(texts.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
            digest.update(path.read_bytes())
    return f"{sonca.__version__}+{digest.hexdigest()[:12]}"


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
