"""Which Kokoro models and voices lie in the models folder, without loading any graph.

A model is a folder in ``kokoro`` with one graph (``kokoro_vi.onnx``, or any other name, also in
``onnx/``), perhaps ``config.json`` or ``tokenizer.json``, and voices: files in ``voices/`` or
``voicepacks/``, or one archive beside the graph. ``sonca.json`` has what was measured.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sonca.engines.kokoro.symbols import CONFIG, TOKENIZER
from sonca.engines.kokoro.voice_packs import ENDINGS, names_in
from sonca.engines.model_card import add_levels, levels_on, read_card, stamp
from sonca.engines.runtime import BadModel
from sonca.voice import Gender, Region, Voice, slug

log = logging.getLogger(__name__)

FOLDER, PUBLISHED = "kokoro", "kokoro-vietnamese"
_VOICE_FOLDERS = ("voices", "voicepacks")
_CARD, _BF16 = "sonca.json", "bf16"
# Kokoro's own voices say their language and gender: af_heart is an American woman.
_NAMED = re.compile(r"(?P<language>[abefhijpz])(?P<gender>[fm])_(?P<name>.+)")
_LANGUAGES = {"a": "en", "b": "en-gb", "e": "es", "f": "fr", "h": "hi", "i": "it", "p": "pt-br"}
"""Those whose phonemes espeak-ng makes as the model knows them; not Japanese and Chinese."""
# The voices of Kokoro-Vietnamese, as its readme names them. Nobody states their gender: it is that
# of the names.
_VIETNAMESE: dict[str, tuple[str, Gender]] = {
    "diem_trinh": ("Diễm Trinh", "female"),
    "mai_linh": ("Mai Linh", "female"),
    "mai_loan": ("Mai Loan", "female"),
    "my_yen": ("Mỹ Yến", "female"),
    "ngoc_huyen": ("Ngọc Huyền", "female"),
    "thuc_trinh": ("Thục Trinh", "female"),
    "duc_an": ("Đức An", "male"),
    "duc_duy": ("Đức Duy", "male"),
    "hung_thinh": ("Hưng Thịnh", "male"),
    "manh_dung": ("Mạnh Dũng", "male"),
    "phat_tai": ("Phát Tài", "male"),
    "thanh_dat": ("Thành Đạt", "male"),
    "tuan_ngoc": ("Tuấn Ngọc", "male"),
    "storyvert": ("Storyvert", "female"),
}


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One voice of one model."""

    key: str
    """Its `Voice.id`."""
    model: Path
    """The model's folder."""
    path: Path
    name: str
    """What the file, or its entry in an archive, is called."""
    language: str
    model_version: str
    """Another one whenever the graph is replaced."""
    version: str
    """Another one whenever the voice would sound otherwise."""


def graph_of(folder: Path) -> Path | None:
    """Returns a model's graph, the full one if there are several; None if there is none."""
    found = [*sorted(folder.glob("*.onnx")), *sorted((folder / "onnx").glob("*.onnx"))]
    return max(found, key=lambda path: path.stat().st_size, default=None)


def model_parts(folder: Path) -> dict[str, Path]:
    """Returns the files of a model by their paths in its folder, the graph first. `BadModel` if
    there is no graph, or no voice."""
    graph, voices = graph_of(folder), list(_voice_paths(folder))
    if graph is None or not voices:
        lacks = "graph (.onnx)" if graph is None else "voices (voices/*.bin, .npy, .pt, .npz)"
        raise BadModel(f"{folder} has no {lacks}: it is no Kokoro model")
    files = [graph, graph.with_name(graph.name + "_data"), folder / CONFIG, folder / TOKENIZER]
    return {
        path.relative_to(folder).as_posix(): path for path in (*files, *voices) if path.is_file()
    }


def find_models(models_dir: Path | None) -> list[Path]:
    """Returns the folders with a graph and a voice: the published one, then by name."""
    try:
        folders = sorted((models_dir / FOLDER).iterdir()) if models_dir else []
    except OSError:
        return []
    found = [
        folder
        for folder in folders
        if not folder.name.startswith(".")
        and folder.is_dir()
        and graph_of(folder) is not None
        and next(_voice_paths(folder), None) is not None
    ]
    return sorted(found, key=lambda folder: folder.name != PUBLISHED)


def find_voices(models_dir: Path | None) -> dict[str, VoiceFile]:
    """Returns every voice by its id: Vietnamese before others, by name."""
    found: dict[str, VoiceFile] = {}
    for folder in find_models(models_dir):
        for file in sorted(_voices(folder), key=lambda file: file.language != "vi"):
            key = file.key if file.key not in found else f"{slug(folder.name)}-{file.key}"
            if key in found:
                log.warning("%s is left out: %s has its name", file.path, found[key].path)
                continue
            found[key] = VoiceFile(
                key, folder, file.path, file.name, file.language, file.model_version, file.version
            )
    return dict(sorted(found.items(), key=lambda item: item[1].language != "vi"))


def voice_of(file: VoiceFile) -> Voice:
    """Returns the voice as the catalogue has it. What nobody said of its gender counts as
    female."""
    card = read_card(file.model / _CARD)
    known = _NAMED.fullmatch(file.name)
    name, gender = _VIETNAMESE.get(file.name, (file.name.replace("_", " ").title(), "female"))
    if known:
        name, gender = known["name"].title(), "male" if known["gender"] == "m" else "female"
    told, region = card.get("gender"), card.get("region")
    return Voice(
        id=file.key,
        name=name,
        gender=cast(Gender, told) if told in ("female", "male") else gender,
        region=cast(Region, region) if region in ("north", "central", "south") else None,
        language=file.language,
        version=file.version,
        model=file.model.name,
    )


def level_of(file: VoiceFile) -> float | None:
    """Returns the voice's loudness in LUFS, if it was measured."""
    return levels_on(read_card(file.model / _CARD)).get(file.name)


def bf16_of(folder: Path) -> bool:
    """Returns whether bf16 was measured on the graph that is there, and found near enough."""
    known = read_card(folder / _CARD).get(_BF16)
    graph = graph_of(folder)
    return isinstance(known, dict) and graph is not None and known.get("graph") == stamp(graph)


def keep(folder: Path, levels: Mapping[str, float], **facts: object) -> None:
    """Puts loudness, by the voice's name, and what else is known beside a model."""
    add_levels(folder / _CARD, levels, **facts)


def keep_bf16(folder: Path, figures: Mapping[str, float]) -> None:
    """Puts down that a model is to be computed in bf16, with what was measured."""
    graph = graph_of(folder)
    keep(folder, {}, **{_BF16: {"graph": stamp(graph) if graph else "", **figures}})


def _voices(folder: Path) -> Iterator[VoiceFile]:
    graph = graph_of(folder)
    stamps = " ".join(stamp(path) for path in (graph, folder / CONFIG, folder / TOKENIZER) if path)
    stamps += " bf16" if bf16_of(folder) else ""
    for path in _voice_paths(folder):
        try:
            names = _names(path, stamp(path))
        except BadModel as error:
            log.warning("a voice is left out: %s", error)
            continue
        for name in sorted(names):
            known = _NAMED.fullmatch(name)
            language = _LANGUAGES.get(known["language"]) if known else "vi"
            if language is None:
                log.info("%s is left out: nothing here reads its language for it", name)
                continue
            version = f"{stamps} {stamp(path)} {name}"
            key = slug(name) or "voice"
            yield VoiceFile(key, folder, path, name, language, stamps, version)


def _voice_paths(folder: Path) -> Iterator[Path]:
    """Yields the files with voices; one in a folder of voices hides that beside the graph."""
    for home in (*(folder / name for name in _VOICE_FOLDERS), folder):
        found = [
            path
            for path in sorted(home.glob("*"))
            if path.suffix in ENDINGS and path.is_file() and not path.name.startswith(".")
        ]
        if home == folder:  # .pth and the like are no voices, and other .bin may lie there
            found = [path for path in found if "voice" in path.stem]
        if found:
            yield from found
            return


@functools.lru_cache(maxsize=256)
def _names(path: Path, _version: str) -> tuple[str, ...]:
    return tuple(names_in(path))
