"""Passports: what is known of a voice's licences, training data and consent, and what is not.

Values only, read from ``passports.toml``. Which model is installed, `sonca.voices.models` knows.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Any, Literal

Commercial = Literal["yes", "no", "unclear"]
NOT_STATED = {"en": "not stated", "vi": "không nêu"}


@dataclass(frozen=True, slots=True)
class Passport:
    """What is known of a model and of every voice of it."""

    name: str
    """Of the model that it was written for; empty for one that nobody knows."""
    code: str = "not stated"
    """Licence of the code that its publishers made it with; that of ours is Apache-2.0."""
    weights: str = "not stated"
    """Licence of the weights."""
    commercial: Commercial = "unclear"
    """Whether that licence allows commercial use."""
    known: bool = False
    """Whether what it was trained on has been made known."""
    trained_on: Mapping[str, str] = field(default_factory=lambda: NOT_STATED)
    """In English (``en``) and Vietnamese (``vi``)."""
    consent: Mapping[str, str] = field(default_factory=lambda: NOT_STATED)
    """Of those who are heard; in both languages."""

    def lines(self) -> list[str]:
        """Returns it for people, a line each."""
        trained = self.trained_on["en"] + ("" if self.known else " (undisclosed)")
        return [
            f"licence of the weights: {self.weights}",
            f"licence of its code: {self.code}",
            f"commercial use: {_COMMERCIAL[self.commercial]}",
            f"trained on: {trained}",
            f"consent of the speakers: {self.consent['en']}",
        ]

    def as_json(self) -> dict[str, Any]:
        """Returns it as JSON can hold it."""
        return asdict(self)


_COMMERCIAL = {
    "yes": "allowed by the licence",
    "no": "forbidden",
    "unclear": "not clear; ask its publisher first",
}
UNKNOWN = Passport("")


@dataclass(frozen=True, slots=True)
class _Table:
    models: Mapping[str, Passport]
    repositories: Mapping[str, Passport]
    engines: Mapping[str, Passport]


def passport_of(engine: str, model: str = "", repository: str = "") -> Passport:
    """Returns the passport of a model by its name, its repository (``owner/name``), or else that
    of all models of the engine; `UNKNOWN` if there is none."""
    table = _table()
    return (
        table.models.get(model)
        or table.repositories.get(repository.lower())
        or table.engines.get(engine)
        or UNKNOWN
    )


@functools.cache
def _table() -> _Table:
    text = resources.files("sonca.voices").joinpath("data", "passports.toml").read_text("utf-8")
    models: dict[str, Passport] = {}
    repositories: dict[str, Passport] = {}
    engines: dict[str, Passport] = {}
    for name, row in tomllib.loads(text).items():
        shared, engine = row.pop("repositories", ()), row.pop("engine", None)
        passport = models[name] = Passport(name, **row)
        repositories |= {each.lower(): passport for each in shared}
        if engine is not None:
            engines[engine] = passport
    return _Table(models, repositories, engines)
