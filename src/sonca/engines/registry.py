"""Which engines there are: name to ``module:Class``, imported only when asked for.

Other packages add theirs with an entry point in the group ``sonca.engines``; ours win on equal
names. The order is that of preference: the default engine is the first that is installed.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from dataclasses import dataclass

from sonca.engines.base import Engine, Setup
from sonca.errors import EngineNotInstalled, UnknownEngine

_BUILT_IN = {
    "viettts": "sonca.engines.viettts.engine:VietTTSEngine",
    "piper": "sonca.engines.piper:PiperEngine",
    "espeak": "sonca.engines.espeak:EspeakEngine",
    "tone": "sonca.engines.tone:ToneEngine",
    "synthetic": "sonca.engines.synthetic:SyntheticEngine",
    "synthetic-batch": "sonca.engines.batched:BatchedEngine",
}
_ALIASES: dict[str, str] = {"espeak-ng": "espeak", "viet-tts": "viettts"}
_FOR_TESTS = frozenset({"tone", "synthetic", "synthetic-batch"})
_GROUP = "sonca.engines"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One line of the registry."""

    name: str
    target: str
    """Import string, ``module:Class``."""

    @property
    def public(self) -> bool:
        """Whether people should see it; an engine made for tests runs only if asked for."""
        return self.name not in _FOR_TESTS

    def load(self) -> type[Engine]:
        """Import the class. `EngineNotInstalled` if its module cannot be imported."""
        module, _, attribute = self.target.partition(":")
        try:
            cls: type[Engine] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise EngineNotInstalled(
                f"the engine {self.name!r} ({self.target}) cannot be imported: {error}",
                field="model",
            ) from error
        return cls


def canonical(name: str) -> str:
    """The registry's name for an engine that may go by another (``viet-tts`` is viettts)."""
    return _ALIASES.get(name.lower(), name.lower())


@functools.cache
def specs() -> dict[str, EngineSpec]:
    """All engines that are known, installed or not, ours first."""
    found = {name: EngineSpec(name, target) for name, target in _BUILT_IN.items()}
    for point in importlib.metadata.entry_points(group=_GROUP):
        found.setdefault(point.name, EngineSpec(point.name, point.value))
    return found


def find(name: str) -> EngineSpec:
    """The engine of that name or alias; `UnknownEngine` lists what there is."""
    known = specs()
    try:
        return known[canonical(name)]
    except KeyError:
        names = ", ".join(name for name, spec in known.items() if spec.public)
        raise UnknownEngine(f"unknown model {name!r}; there are: {names}", field="model") from None


def missing(spec: EngineSpec, setup: Setup) -> str | None:
    """Why an engine cannot run here, None if it can."""
    try:
        return spec.load().missing(setup)
    except EngineNotInstalled as error:
        return str(error)


def default(setup: Setup) -> EngineSpec:
    """The preferred engine among those that are installed and speak Vietnamese."""
    for spec in specs().values():
        if spec.public and missing(spec, setup) is None and _speaks_vietnamese(spec, setup):
            return spec
    raise EngineNotInstalled("no engine is installed; pip install espeakng-loader gives one")


def _speaks_vietnamese(spec: EngineSpec, setup: Setup) -> bool:
    """Whether it has a voice for it: Piper may hold an English voice alone."""
    return any(voice.language == "vi" for voice in spec.load().voices(setup))
