"""Voices as ZeroTTS has them: a few latents each, in a folder or in the zip that one downloads.

A zip is read where it lies and never unpacked, so nothing in it can get anywhere.
"""

from __future__ import annotations

import functools
import io
import json
import logging
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from sonca.engines.runtime import BadModel
from sonca.engines.zerotts.model_folder import HOME, is_model
from sonca.voice import Gender, Region, Voice, slug

log = logging.getLogger(__name__)

LATENTS, META, INDEX, CARD = "voice.npz", "meta.json", "index.json", "voice.sonca.json"
FIRST = "maichi"
"""The default of ZeroTTS' own pages."""
_LARGEST = 1 << 20
"""Bytes of a pack's file; the published ones have 30,000."""
_MOST_MEMBERS = 1000
_GENDERS = {"nữ": "female", "nam": "male", "female": "female", "male": "male"}
_REGIONS = {"bắc": "north", "trung": "central", "nam": "south"}
_TONES = (("trầm", "deep"), ("cao", "high"), ("nhẹ nhàng", "soft"), ("ấm áp", "soft"))


@dataclass(frozen=True, slots=True)
class Pack:
    """One voice on the disk, not read yet."""

    key: str
    place: Path
    """Its folder, or the zip."""
    inside: str
    """The path of its folder in the zip; empty for one in a folder."""
    meta: Mapping[str, Any]
    version: str
    """Another one whenever its file is replaced."""
    model: str = ""
    """The folder in the models folder that it came in."""


def find_packs(models_dir: Path | None, model: Path | None) -> dict[str, Pack]:
    """Returns the voices of a model and those that were added, by id, the default first. A pack
    that cannot be read is left out, and logged."""
    found: dict[str, Pack] = {}
    for home, place in _places(models_dir, model):
        try:
            packs = packs_in(place)
        except BadModel as error:
            log.warning("a voice is left out: %s", error)
            continue
        for pack in packs:
            key = pack.key
            if key in found:  # somebody's own that is called as another is
                key = f"{_key(home)}-{key}"
            found.setdefault(key, replace(pack, model=home))
    first = {FIRST: found[FIRST]} if FIRST in found else {}
    return first | found


def packs_in(place: Path) -> tuple[Pack, ...]:
    """Returns the voices in a folder with a ``voice.npz``, or in a zip. Raises `BadModel` if there
    are none or the zip is not to be trusted."""
    file = place / LATENTS if place.is_dir() else place
    try:
        stat = file.stat()
    except OSError as error:
        raise BadModel(f"{file} cannot be read: {error.strerror}") from error
    return _packs_in(place, f"{stat.st_size}.{stat.st_mtime_ns}", _stamp(place))


def latents_of(pack: Pack, rows: int, width: int) -> npt.NDArray[np.float32]:
    """Returns (1, rows, width) float32. Raises `BadModel` if the pack is of another model."""
    where = f"{pack.place}" + (f" ({pack.inside})" if pack.inside else "")
    raw = _read(pack.place, pack.inside, LATENTS)
    try:
        with np.load(io.BytesIO(raw)) as arrays:  # never unpickles
            values = np.asarray(arrays["voice_emb"], np.float32)
            count = int(arrays["n_voice_queries"]) if "n_voice_queries" in arrays else rows
    except (ValueError, KeyError, OSError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise BadModel(f"{where} holds no voice that can be read: {error}") from error
    values = values[None] if values.ndim == 2 else values
    if values.shape != (1, rows, width) or count != rows:
        raise BadModel(
            f"{where} is a voice of {values.shape} for {count} rows, and the model takes "
            f"(1, {rows}, {width}); it belongs to other weights"
        )
    if not np.isfinite(values).all():
        raise BadModel(f"{where} holds values that are not finite")
    return values


def voice_of(key: str, pack: Pack, model_version: str) -> Voice:
    """Returns the voice as the catalogue has it."""
    meta = pack.meta
    tags = [str(tag).lower() for tag in meta.get("tags") or () if isinstance(tag, str)]
    said = [str(meta.get("gender", "")).lower(), *tags]
    gender = next((_GENDERS[word] for word in said if word in _GENDERS), "female")
    known = str(meta.get("region", "")).lower().removeprefix("miền ")
    named = [tag.removeprefix("miền ") for tag in tags if tag.startswith("miền ")]
    region = known if known in _REGIONS.values() else _REGIONS.get(next(iter(named), known))
    tone = next((kind for word, kind in _TONES if any(word in tag for tag in tags)), "standard")
    name = meta.get("display_name") or meta.get("name") or key
    return Voice(
        id=key,
        name=str(name)[:80],
        gender=cast(Gender, gender),
        region=cast(Region, region) if region else None,
        language=str(meta.get("language") or "vi")[:20],
        tone=tone,
        version=f"{pack.version}.{model_version}",
        model=pack.model,
    )


def _places(models_dir: Path | None, model: Path | None) -> Iterator[tuple[str, Path]]:
    """Yields where voices lie, with the model's name: in the model, then in folders beside it."""
    if model is not None:
        for file in sorted(model.glob(f"voices/[!.]*/{LATENTS}")):
            yield model.name, file.parent
    for home in sorted((models_dir / HOME).glob("[!.]*")) if models_dir else ():
        if home.is_dir() and not is_model(home):
            for file in sorted(home.glob("[!.]*.zip")):
                yield home.name, file
            if (home / LATENTS).is_file():
                yield home.name, home


@functools.lru_cache(maxsize=256)
def _packs_in(place: Path, version: str, _card: str) -> tuple[Pack, ...]:
    card = _object(_bytes_of(place.parent / CARD if place.is_file() else place / CARD))
    if place.is_dir():
        meta = {**_listed(place), **_object(_bytes_of(place / META)), **card}
        return (Pack(_key(place.name), place, "", meta, version),)
    return tuple(
        Pack(_key(name), place, inside, {**meta, **card}, version)
        for name, inside, meta in _members(place)
    )


def _listed(place: Path) -> dict[str, Any]:
    """Returns what the list of a model's voices says of the one in a folder."""
    voices = _object(_bytes_of(place.parent / INDEX)).get("voices")
    known = voices if isinstance(voices, list) else []
    return next((v for v in known if isinstance(v, dict) and v.get("name") == place.name), {})


def _members(path: Path) -> list[tuple[str, str, dict[str, Any]]]:
    """Returns name, folder and description of every voice in a zip."""
    with _opened(path) as archive:
        names = archive.namelist()
        if len(names) > _MOST_MEMBERS:
            raise BadModel(
                f"{path} holds {len(names)} files, at most {_MOST_MEMBERS} are looked at"
            )
        for name in names:
            parts = PurePosixPath(name.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts or ":" in parts.parts[:1]:
                raise BadModel(f"{path} holds {name[:80]!r}, which leads out of it; do not use it")
    found = []
    for name in names:
        parts = PurePosixPath(name)
        if parts.name != LATENTS or parts.parts[0] == "__MACOSX":
            continue
        inside = str(parts.parent) if len(parts.parts) > 1 else ""
        described = META if not inside else f"{inside}/{META}"
        meta = _object(_read(path, inside, META)) if described in names else {}
        found.append((PurePosixPath(inside).name or path.stem, inside, meta))
    if not found:
        raise BadModel(f"{path} holds no {LATENTS}: it is not a voice of ZeroTTS")
    return found


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise BadModel(f"{path} cannot be read as a zip: {error}") from error


def _read(place: Path, inside: str, name: str) -> bytes:
    """Returns a file of a pack, no larger than it may be."""
    try:
        if place.is_dir():
            with (place / name).open("rb") as file:
                content = file.read(_LARGEST + 1)
        else:
            member = f"{inside}/{name}" if inside else name
            with _opened(place) as archive, archive.open(member) as packed:
                content = packed.read(_LARGEST + 1)
    except (OSError, KeyError, RuntimeError, EOFError, zipfile.BadZipFile, zlib.error) as e:
        raise BadModel(f"{name} of {place} cannot be read: {e}") from e
    if len(content) > _LARGEST:
        raise BadModel(f"{name} of {place} is larger than {_LARGEST:,} bytes; it is no voice")
    return content


def _bytes_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError:
        return b""


def _object(raw: bytes) -> dict[str, Any]:
    try:
        known = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _stamp(place: Path) -> str:
    """Returns what changes with the descriptions beside a voice."""
    folder = place if place.is_dir() else place.parent
    stamps = []
    for path in (folder / META, folder / CARD, folder.parent / INDEX):
        try:
            stamps.append(str(path.stat().st_mtime_ns))
        except OSError:
            stamps.append("")
    return " ".join(stamps)


def _key(name: str) -> str:
    return slug(name, keep="_") or "voice"
