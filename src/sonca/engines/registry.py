"""The engines that are known: name to ``module:Class``, imported only when asked for.

Other packages add theirs with an entry point in the group ``sonca.engines``; ours win on equal
names. The order is that of preference, by how listeners judge them: vieneu, kokoro, supertonic,
zerotts, piper, espeak. The default engine is the first that is installed and free.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from dataclasses import dataclass

from sonca.engines.base import Engine, Setup
from sonca.errors import EngineNotInstalled, UnknownEngine

_GROUP = "sonca.engines"


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """What is known of an engine before it is imported."""

    name: str
    """Lower case."""
    target: str
    """Import string, ``module:Class``."""
    aliases: tuple[str, ...] = ()
    public: bool = True
    """Whether people should see it; an engine made for tests runs only if asked for."""
    by_name: bool = False
    """Whether it speaks only if asked for by name, since its weights are not free."""

    def load(self) -> type[Engine]:
        """Imports the class. `EngineNotInstalled` if its module cannot be imported."""
        module, _, attribute = self.target.partition(":")
        try:
            cls: type[Engine] = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            raise EngineNotInstalled(
                f"the engine {self.name!r} ({self.target}) cannot be imported: {error}",
                field="model",
            ) from error
        return cls


BUILT_IN = [
    EngineSpec("vieneu", "sonca.engines.vieneu.engine:VieneuEngine", aliases=("vieneu-tts",)),
    EngineSpec("kokoro", "sonca.engines.kokoro.engine:KokoroEngine"),
    EngineSpec(
        "supertonic", "sonca.engines.supertonic:SupertonicEngine", aliases=("korvatts", "korva")
    ),
    EngineSpec("zerotts", "sonca.engines.zerotts:ZeroTTSEngine"),
    EngineSpec("vieneu-nano", "sonca.engines.vieneu_nano.engine:NanoEngine", aliases=("nano",)),
    EngineSpec("piper", "sonca.engines.piper:PiperEngine"),
    EngineSpec("espeak", "sonca.engines.espeak:EspeakEngine", aliases=("espeak-ng",)),
    EngineSpec(
        "viettts",
        "sonca.engines.viettts.engine:VietTTSEngine",
        aliases=("viet-tts",),
        by_name=True,
    ),
    EngineSpec("tone", "sonca.engines.tone:ToneEngine", public=False),
    EngineSpec("synthetic", "sonca.engines.synthetic:SyntheticEngine", public=False),
    EngineSpec("synthetic-batch", "sonca.engines.batched:BatchedEngine", public=False),
]


@functools.cache
def specs() -> dict[str, EngineSpec]:
    """Returns all engines that are known, installed or not, by name, ours first."""
    found = {spec.name: spec for spec in BUILT_IN}
    for point in importlib.metadata.entry_points(group=_GROUP):
        found.setdefault(point.name, EngineSpec(point.name, point.value))
    return found


def find(name: str) -> EngineSpec:
    """Returns the engine of that name or alias; `UnknownEngine` lists what there is."""
    known, wanted = specs(), name.lower()
    for spec in known.values():
        if wanted == spec.name or wanted in spec.aliases:
            return spec
    names = ", ".join(spec.name for spec in known.values() if spec.public)
    raise UnknownEngine(f"unknown model {name!r}; there are: {names}", field="model")


def missing(spec: EngineSpec, setup: Setup) -> str | None:
    """Returns why an engine cannot run here, None if it can."""
    try:
        return spec.load().missing(setup)
    except EngineNotInstalled as error:
        return str(error)
