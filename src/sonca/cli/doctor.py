"""``sonca doctor``: what works here, as it truly is.

Every engine that is installed is loaded and asked what it runs on: a device that is present
is not a device in use.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sonca.errors import SoncaError

if TYPE_CHECKING:
    from sonca.settings import Settings
    from sonca.synthesizer import EngineStatus, Sonca

app = typer.Typer()

_PACKAGES = (
    "av",
    "espeakng-loader",
    "fastapi",
    "numpy",
    "sounddevice",
    "soxr",
    "uvicorn",
    "onnxruntime",
    "onnxruntime-gpu",
    "sea-g2p",
    "tokenizers",
    "openvino",
    "torch",
    "huggingface-hub",
    "safetensors",
    "sherpa-onnx",
    "faster-whisper",
)
_PATHS = ("data_dir", "audio_dir", "references_dir", "models_dir", "voice_files_dir")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What doctor found. Everything in it can be written as JSON."""

    versions: dict[str, str | None]
    """Package name to version, None where it is not installed."""
    default_engine: str | None
    device_wanted: str
    engines: list[dict[str, Any]]
    paths: list[dict[str, Any]]
    audio_output: dict[str, str | None]
    listening: dict[str, str | None]
    """The recogniser that ``verify`` listens with, and what is missing if there is none."""
    better: str | None
    """The command that fetches better voices than the default engine's; None if it has the
    best, or was chosen."""
    problems: list[str]
    """What keeps Sonca from working as it is set up; empty if all is well."""


@app.command()
def doctor(as_json: bool = typer.Option(False, "--json", help="Print JSON.")) -> None:
    """Show what works here: engines, devices, paths, versions."""
    report = examine()
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False, indent=2))
    else:
        _print(report)
    if report.problems:
        raise typer.Exit(1)


def examine() -> Diagnosis:
    """Looks at everything. `SettingsError` if the settings themselves are wrong."""
    from sonca.settings import read

    settings = read()
    default, engines, better, problems = _engines(settings)
    paths = [_path(name, getattr(settings, name)) for name in _PATHS]
    problems += [
        f"{path['path']} cannot be written; make it writable or set SONCA_DATA_DIR"
        for path in paths[:1]
        if not path["writable"]
    ]
    return Diagnosis(
        versions=_versions(),
        default_engine=default,
        device_wanted=settings.device,
        engines=engines,
        paths=paths,
        audio_output=_audio_output(),
        listening=_listening(settings),
        better=better,
        problems=problems,
    )


def _versions() -> dict[str, str | None]:
    from sonca import __version__

    versions: dict[str, str | None] = {
        "sonca": __version__,
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return versions


def _engines(
    settings: Settings,
) -> tuple[str | None, list[dict[str, Any]], str | None, list[str]]:
    """Returns the default engine, what is known of each, what fetches better voices, and the
    problems found."""
    from sonca.factory import open_sonca

    try:
        with open_sonca(settings) as sonca:
            engines = [_engine(sonca, status) for status in sonca.engines()]
            default, better = sonca.default_engine, sonca.better()
    except SoncaError as error:
        return None, [], None, [str(error)]
    problems = [
        f"the engine {engine['name']} does not load: {engine['error']}"
        for engine in engines
        if engine["error"]
    ]
    return default, engines, better.command() if better else None, problems


def _engine(sonca: Sonca, status: EngineStatus) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": status.name,
        "default": status.default,
        "installed": status.missing is None,
        "missing": status.missing,
        "error": None,
        "voices": len(sonca.catalogue.of(status.name)),
        "licences": sorted(
            {sonca.permits.passport(voice).weights for voice in sonca.catalogue.of(status.name)}
        ),
        "version": None,
        "device": None,
        "providers": [],
        "sample_rate_hz": None,
        "precision": "",
    }
    if status.missing is not None:
        return found
    try:
        info = sonca.info(status.name)
    except Exception as error:  # whatever a third party's engine raises: the others are shown
        return found | {"error": " ".join(str(error).split()) or type(error).__name__}
    return found | {
        "version": info.version,
        "device": info.device,
        "providers": list(info.providers),
        "sample_rate_hz": info.sample_rate_hz,
        "precision": info.precision,
    }


def _path(name: str, path: Path) -> dict[str, Any]:
    """Says whether a folder is there, and whether it can be written or made."""
    nearest = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    writable = nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)
    return {"name": name, "path": str(path), "exists": path.exists(), "writable": writable}


def _audio_output() -> dict[str, str | None]:
    from sonca.cli.player import NoSpeakers, output_device

    try:
        return {"device": output_device(), "problem": None}
    except NoSpeakers as error:
        return {"device": None, "problem": str(error)}


def _listening(settings: Settings) -> dict[str, str | None]:
    """Says what listens to Vietnamese."""
    from sonca.listening import folder_of, missing

    folder, reason = folder_of(settings.models_dir), missing(settings.models_dir)
    return {"recogniser": folder.name if folder is not None else None, "missing": reason}


def _print(report: Diagnosis) -> None:
    system = {name: report.versions[name] for name in ("sonca", "python", "system")}
    _section("System", system.items())
    _section("Engines", map(_engine_row, report.engines))
    _section("Paths", ((path["name"], _path_row(path)) for path in report.paths))
    speakers = report.audio_output
    _section("Speakers", [(speakers["device"] or "none", speakers["problem"] or "default output")])
    listening = report.listening
    _section(
        "Listening (verify)",
        [(listening["recogniser"] or "none", listening["missing"] or "hears what was made")],
    )
    packages = [item for item in report.versions.items() if item[0] not in system]
    _section("Packages", packages)
    for problem in report.problems:
        typer.secho(f"PROBLEM: {problem}", fg="red", bold=True)
    if not report.problems:
        typer.echo(f"All is well: {report.default_engine} speaks.")
    if report.better is not None:
        typer.echo(f"Better voices can be had: {report.better}")


def _section(title: str, rows: Iterable[tuple[str, str | None]]) -> None:
    typer.echo(title)
    for name, value in rows:
        typer.echo(f"  {name:<18} {value or 'not installed'}")


def _engine_row(engine: dict[str, Any]) -> tuple[str, str]:
    name = engine["name"] + (" (default)" if engine["default"] else "")
    if not engine["installed"]:
        return name, f"not installed: {engine['missing']}{_all_at_once(engine)}"
    if engine["error"]:
        return name, f"does not load: {engine['error']}"
    active = ", ".join(engine["providers"]) or "none"
    return name, (
        f"{engine['version']} on {engine['device']} (active: {active}), "
        f"{engine['voices']} voices, {engine['sample_rate_hz']} Hz"
        + (f"; {engine['precision']}" if engine["precision"] else "")
    )


def _all_at_once(engine: dict[str, Any]) -> str:
    """Says what brings packages and model together, where only the packages are spoken of."""
    from sonca import install
    from sonca.voices.models import catalogue

    if "it needs " not in engine["missing"]:
        return ""
    names = (model.name for model in catalogue().values() if model.engine == engine["name"])
    name = next(names, None)
    return f"; or at once: {install.program()} models pull {name} --install" if name else ""


def _path_row(path: dict[str, Any]) -> str:
    if not path["writable"]:
        return f"{path['path']} (not writable)"
    return path["path"] if path["exists"] else f"{path['path']} (made when needed)"
