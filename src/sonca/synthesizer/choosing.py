"""Which engines and voices may speak, and which do when nobody is asked for.

The best voice that is installed and free is the default; where `Permits` are commercial, voices
whose licence forbids that are not there. Loads no engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sonca import install
from sonca.engines import registry
from sonca.engines.base import Setup
from sonca.engines.registry import EngineSpec
from sonca.errors import EngineNotInstalled
from sonca.voice import Voice
from sonca.voices.models import catalogue
from sonca.voices.passports import passport_of
from sonca.voices.permits import Permits


def missing(spec: EngineSpec, setup: Setup, permits: Permits) -> str | None:
    """Returns why an engine cannot run here, or may not; None if it can."""
    return permits.engine_refusal(spec.name) or registry.missing(spec, setup)


def default(setup: Setup, permits: Permits) -> EngineSpec:
    """Returns the preferred engine among those that are installed and have a free Vietnamese
    voice. `EngineNotInstalled` if there is none."""
    for spec in registry.specs().values():
        if not spec.public or spec.by_name or missing(spec, setup, permits) is not None:
            continue
        # Piper may hold an English voice alone, or one that forbids commercial use.
        if any(v.language == "vi" and permits.free(v) for v in voices(spec, setup, permits)):
            return spec
    raise EngineNotInstalled("no engine is installed; pip install espeakng-loader gives one")


@dataclass(frozen=True, slots=True)
class Better:
    """A model that can be fetched and speaks better than the default engine does."""

    model: str
    """As `sonca models pull` takes it."""
    engine: str
    title: str
    """What people read, in Vietnamese."""

    def command(self, *, public: bool = False) -> str:
        """Returns what fetches it here and installs what it needs; `public` as for
        `install.program`."""
        return f"{install.program(public=public)} models pull {self.model} --install"


def better(default_engine: str) -> Better | None:
    """Returns the best free Vietnamese model of an engine that listeners prefer to the default
    one; None if that is the best. What is installed is not looked at."""
    for spec in registry.specs().values():
        if spec.name == default_engine:
            return None
        if not spec.public or spec.by_name:
            continue
        for model in catalogue().values():
            passport = passport_of(model.engine, model.name, model.repository)
            if (model.engine, model.language, passport.commercial) == (spec.name, "vi", "yes"):
                return Better(model.name, spec.name, model.title)
    return None


def voices(spec: EngineSpec, setup: Setup, permits: Permits) -> Iterator[Voice]:
    """Yields the voices of an installed engine that may speak, its default first: that is a free
    one, if it has any."""
    own = [replace(voice, engine=spec.name) for voice in spec.load().voices(setup)]
    allowed = [voice for voice in own if permits.refusal(voice) is None]
    yield from sorted(allowed, key=lambda voice: not permits.free(voice))


def refused(spec: EngineSpec, setup: Setup, permits: Permits) -> Iterator[tuple[Voice, str]]:
    """Yields the voices of an installed engine that may not speak, and why."""
    for own in spec.load().voices(setup):
        voice = replace(own, engine=spec.name)
        reason = permits.refusal(voice)
        if reason is not None:
            yield voice, reason
