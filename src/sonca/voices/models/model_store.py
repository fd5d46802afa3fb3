"""The models folder: what is in it, whether it is undamaged, and how models get there.

Every model has a folder of its own, ``<models>/<engine>/<name>/``, with a manifest of its
files. A model appears whole or not at all: it is gathered under ``.incoming`` and moved. Knows
nothing of what the files mean.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from sonca import disk
from sonca.errors import InvalidRequest, quoted
from sonca.voices.models.model_catalogue import UnknownModel, catalogue

MANIFEST = "sonca-model.json"
_INCOMING = ".incoming"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}")


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that is there."""

    name: str
    engine: str
    folder: Path
    files: Mapping[str, tuple[int, str]]
    """Path in the folder, with `/`, to size in bytes and SHA-256 in hex, as they were when the
    model came, or as they are published; an empty hash is not known."""
    origin: str
    """Where it came from: repository and revision, or ``local``."""
    licence: str

    @property
    def size(self) -> int:
        """Bytes of its files."""
        return sum(size for size, _ in self.files.values())


class ModelStore:
    """The models under one folder, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def installed(self) -> list[Installed]:
        """Returns every model that is there, by engine and name: those that came by our commands,
        and those of the catalogue whose files someone put where they belong."""
        homes = [home for home in sorted(self.folder.glob("[!.]*/[!.]*")) if home.is_dir()]
        found = (_read(home / MANIFEST) or _adopted(home) for home in homes)
        return [model for model in found if model is not None]

    def find(self, name: str) -> Installed:
        """Returns the installed model of that name. Raises `UnknownModel` with a list."""
        models = self.installed()
        for model in models:
            if model.name.lower() == name.strip().lower():
                return model
        names = ", ".join(model.name for model in models) or "none"
        raise UnknownModel(
            f"no model {quoted(name)} is installed; there are: {names}", field="name"
        )

    def home(self, engine: str, name: str) -> Path:
        """Returns where a model belongs."""
        return self.folder / engine / checked_name(name)

    def staging(self, name: str) -> Path:
        """Returns where a model is gathered; what an interrupted download left is still there."""
        return self.folder / _INCOMING / checked_name(name)

    def holding(self, digest: str) -> Path | None:
        """Returns a file of that SHA-256 in an installed model, undamaged; None if none has it.

        Two models may share a part (a codec), and a newer revision of one most of its files.
        """
        for model in self.installed():
            for name, (size, known) in model.files.items():
                path = model.folder / name
                if known == digest and path.is_file() and _size(path) == size:
                    return path if sha256(path) == digest else None
        return None

    def put(
        self,
        staged: Path,
        *,
        engine: str,
        name: str,
        files: Iterable[str],
        about: Mapping[str, Any],
    ) -> Installed:
        """Moves gathered files to where they belong, with a manifest. Replaces an older model."""
        home = self.home(engine, name)
        facts = {file: [_size(staged / file), sha256(staged / file)] for file in files}
        manifest = {"name": name, "engine": engine, "files": facts, **about}
        with storing(home):
            with disk.new_folder(home) as draft:
                for file in facts:
                    (draft / file).parent.mkdir(parents=True, exist_ok=True)
                    (staged / file).replace(draft / file)
                text = json.dumps(manifest, ensure_ascii=False, indent=1)
                (draft / MANIFEST).write_text(text + "\n", "utf-8")
            shutil.rmtree(staged, ignore_errors=True)
        installed = _read(home / MANIFEST)
        assert installed is not None
        return installed

    def add(self, files: Mapping[str, Path], *, engine: str, name: str | None = None) -> Installed:
        """Copies a model that somebody has as files: what `Engine.model_files` returns. It is
        called `name`, by default what the first file or the folder that holds it is called."""
        called = checked_name(name or _own_name(files))
        staging = self.staging(called)
        copies = {_place(key, called): source for key, source in files.items()}
        size = sum(_size(source) for source in copies.values())
        with storing(staging):
            disk.check_room(self.folder, size, "choose another place with SONCA_DATA_DIR")
            shutil.rmtree(staging, ignore_errors=True)
            for file, source in copies.items():
                (staging / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, staging / file)
        about = {"origin": "local"}
        return self.put(staging, engine=engine, name=called, files=copies, about=about)

    def remove(self, name: str) -> Installed:
        """Deletes a model. Returns what it was."""
        model = self.find(name)
        with disk.errors(f"remove {model.folder}"):
            disk.remove_folder(model.folder)
        return model

    def problems(self, model: Installed) -> list[str]:
        """Says what is wrong with a model's files, a line each; empty if they are as they came."""
        found = []
        for name, (size, digest) in model.files.items():
            path = model.folder / name
            if not path.is_file():
                found.append(f"{path} is missing")
            elif _size(path) != size:
                found.append(f"{path} has {_size(path):,} bytes, it came with {size:,}")
            elif digest and sha256(path) != digest:
                found.append(f"{path} has changed: its SHA-256 is not {digest}")
        return found


def checked_name(name: str) -> str:
    """Returns the name if a folder may be called so. Raises `InvalidRequest` otherwise."""
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"a model cannot be called {quoted(name)}: only letters and digits, and after the "
            "first also - _ . +, at most 100 in all",
            field="name",
        )
    return name


def _own_name(files: Mapping[str, Path]) -> str:
    """Returns what a model of somebody's is called: the first file without its ending, or the
    folder in which the file has its place."""
    key, first = next(iter(files.items()))
    if key.startswith("."):
        return first.name.removesuffix(key)
    return first.absolute().parents[len(PurePosixPath(key).parts) - 1].name


def _place(key: str, name: str) -> str:
    """Returns where a file lies in the model's folder: an ending follows the model's name, any
    other key is the place itself."""
    ending = key.startswith(".")
    place = PurePosixPath(name + key if ending else key)
    outside = place.is_absolute() or ".." in place.parts or (ending and "/" in key)
    if outside or str(place) in (".", MANIFEST):
        raise InvalidRequest(f"a model's file cannot lie in {quoted(key)}", field="file")
    return str(place)


def sha256(path: Path) -> str:
    """Returns the hash of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def storing(place: Path) -> Iterator[None]:
    """Turns the file system's refusals into ours. Those of a network pass."""
    try:
        yield
    except OSError as error:
        if error.errno is None or isinstance(error, ConnectionError | TimeoutError):
            raise
        hint = (
            f"{disk.free_bytes(place):,} bytes are free; make room, then run the same command "
            "again, it goes on where it stopped"
        )
        raise disk.storage_error(error, f"write {place}", hint) from error


def _size(path: Path) -> int:
    return path.stat().st_size


def _read(manifest: Path) -> Installed | None:
    """Returns a model by its manifest; None for a manifest that is not ours."""
    try:
        content = json.loads(manifest.read_text("utf-8"))
        return Installed(
            name=str(content["name"]),
            engine=str(content["engine"]),
            folder=manifest.parent,
            files={
                str(n): (int(size), str(digest)) for n, (size, digest) in content["files"].items()
            },
            origin=str(content.get("origin", "local")),
            licence=str(content.get("licence", "")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _adopted(home: Path) -> Installed | None:
    """Returns a model of the catalogue that lies there without a manifest, if all its files do."""
    model = catalogue().get(home.name)
    if model is None or model.engine != home.parent.name:
        return None
    if not all((home / file.name).is_file() for file in model.files):
        return None
    return Installed(
        name=model.name,
        engine=model.engine,
        folder=home,
        files={
            file.name: (
                file.size if file.size is not None else _size(home / file.name),
                file.sha256 or "",
            )
            for file in model.files
        },
        origin=f"{model.repository}@{model.revision}",
        licence=model.licence,
    )
