"""The models that can be fetched by name: what they are and where they lie.

Read from ``catalogue.toml`` in this package. Knows nothing of what is installed, and downloads
nothing.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any

from sonca.errors import InvalidRequest, quoted


class UnknownModel(InvalidRequest):
    """No model of that name in the catalogue or on the disk."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: of a repository, or out of wheels."""

    path: str = ""
    """In the repository, with `/`; empty for a file out of wheels."""
    size: int | None = None
    """Bytes; None where nobody has published it."""
    sha256: str | None = None
    """Hex; None where nobody has published it. A file out of wheels always has one."""
    place: str = ""
    """Where it lies in the model's folder, with `/`; empty where that is as in the repository."""
    repository: str | None = None
    """``owner/name`` where it is another one than the model's."""
    revision: str | None = None
    """Of that other repository."""
    wheels: tuple[tuple[str, str], ...] = ()
    """Package with its version, such as ``x==1.0``, and path in its wheel. Several are parts that
    are joined in this order; the hash is that of the whole."""

    @property
    def name(self) -> str:
        """Where it lies in the model's folder, with `/`."""
        return self.place or self.path


@dataclass(frozen=True, slots=True)
class Model:
    """Something to be fetched."""

    name: str
    engine: str
    """The engine that speaks with it."""
    repository: str
    """``owner/name`` on the hub."""
    revision: str
    """Commit, tag or branch."""
    files: tuple[ModelFile, ...]
    title: str
    """What people read, in Vietnamese."""
    licence: str
    needs_consent: str | None
    """Why one must agree before it is fetched; None if one need not."""
    language: str
    """BCP 47."""
    gender: str | None
    """``female`` or ``male``; None if it has several speakers or nobody said."""
    region: str | None
    quality: str
    aliases: tuple[str, ...] = ()

    @property
    def size(self) -> int | None:
        """Bytes of all files; None unless all are known."""
        sizes = [file.size for file in self.files]
        return None if None in sizes else sum(size or 0 for size in sizes)


@functools.cache
def catalogue() -> dict[str, Model]:
    """Returns every model that is known, by name, the best Vietnamese ones first."""
    text = resources.files(__package__).joinpath("catalogue.toml").read_text("utf-8")
    return {name: _model(name, entry) for name, entry in tomllib.loads(text).items()}


def find(name: str) -> Model:
    """Returns the model of that name or alias, whatever its case. Raises `UnknownModel` with a
    list of what there is."""
    wanted = name.strip().lower()
    for model in catalogue().values():
        if wanted in (model.name.lower(), *model.aliases):
            return model
    raise UnknownModel(
        f"no model {quoted(name)} in the catalogue; there are: {', '.join(catalogue())}. A Piper "
        "voice that you have as files: sonca models add FILE.onnx",
        field="name",
    )


def _file(entry: dict[str, Any]) -> ModelFile:
    wheels = tuple((str(package), str(path)) for package, path in entry.pop("wheels", ()))
    return ModelFile(**entry, wheels=wheels)


def _model(name: str, entry: dict[str, Any]) -> Model:
    return Model(
        name=name,
        engine=entry["engine"],
        repository=entry["repository"],
        revision=entry["revision"],
        files=tuple(_file(file) for file in entry["files"]),
        title=entry["title"],
        licence=entry["licence"],
        needs_consent=entry.get("needs_consent"),
        language=entry["language"],
        gender=entry.get("gender"),
        region=entry.get("region"),
        quality=entry["quality"],
        aliases=tuple(entry.get("aliases", ())),
    )
