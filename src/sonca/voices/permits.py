"""Which installed voice has which passport, and which may speak where speech is sold.

Looks at the models folder, once and again after `reload`. Knows no engine but by its name.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from sonca.voice import Voice
from sonca.voices.models.model_store import Installed, ModelStore
from sonca.voices.passports import Passport, passport_of

SETTING = "SONCA_COMMERCIAL"


class Permits:
    """The passports of what is installed under `models_dir`; with `commercial`, voices whose
    licence forbids commercial use do not speak."""

    def __init__(self, models_dir: Path | None, *, commercial: bool = False) -> None:
        self.commercial = commercial
        self._store = ModelStore(models_dir) if models_dir is not None else None
        self._installed: dict[str, list[Installed]] = {}
        self.reload()

    def reload(self) -> None:
        """Looks again at what is installed."""
        self._installed = {}
        for model in self._store.installed() if self._store is not None else ():
            self._installed.setdefault(model.engine, []).append(model)

    def passport(self, voice: Voice) -> Passport:
        """Returns the passport of a voice, by its model, or by the only one of its engine."""
        model = self._model(voice)
        if model is None:
            return passport_of(voice.engine, voice.model)
        return passport_of(voice.engine, model.name, model.origin.partition("@")[0])

    def free(self, voice: Voice) -> bool:
        """Returns whether its licence allows commercial use, or does not forbid it."""
        return self.passport(voice).commercial != "no"

    def refusal(self, voice: Voice) -> str | None:
        """Says why a voice may not speak here; None if it may."""
        if not self.commercial or self.free(voice):
            return None
        return (
            f"the voice {voice.id} may not be used commercially "
            f"({self.passport(voice).weights}), and {SETTING} is set"
        )

    def engine_refusal(self, engine: str) -> str | None:
        """Says why an engine may not speak or clone here: all that it has forbids it."""
        if not self.commercial:
            return None
        models = self._installed.get(engine, [])
        passports = [
            passport_of(engine, model.name, model.origin.partition("@")[0]) for model in models
        ] or [passport_of(engine)]
        if any(passport.commercial != "no" for passport in passports):
            return None
        return (
            f"its weights may not be used commercially ({passports[0].weights}), and {SETTING} "
            "is set"
        )

    def model_hash(self, voice: Voice) -> str:
        """Returns what names the model's files, by the hashes that they came with: 16 hex digits;
        empty if they are not known."""
        model = self._model(voice)
        if model is None or not all(digest for _, digest in model.files.values()):
            return ""
        lines = "".join(f"{name} {digest}\n" for name, (_, digest) in sorted(model.files.items()))
        return hashlib.sha256(lines.encode()).hexdigest()[:16]

    def _model(self, voice: Voice) -> Installed | None:
        models = self._installed.get(voice.engine, [])
        if voice.model:
            return next((model for model in models if model.name == voice.model), None)
        return models[0] if len(models) == 1 else None
