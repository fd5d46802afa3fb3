"""``sonca models``: which models there are, and fetching, checking and removing them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sonca.cli.viettts_models import convert

if TYPE_CHECKING:
    from sonca.voices.models import Installed, Model, ModelStore

app = typer.Typer(no_args_is_help=True, help="List, fetch, check and remove models.")

_NAME = typer.Argument(help="As `sonca models list` shows it.")


@app.command("list")
def list_models(
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    installed: bool = typer.Option(False, "--installed", help="Only those that are here."),
) -> None:
    """List the models that can be fetched and those that are here."""
    from sonca.engines import registry
    from sonca.voices.models import catalogue

    here = {model.name: model for model in _store().installed()}
    rows = [_known(model, here.get(model.name)) for model in catalogue().values()]
    rows += [_local(model) for name, model in here.items() if name not in catalogue()]
    rows = [row for row in rows if row["installed"] or not installed]
    order = [*registry.specs()]  # what listeners prefer comes first
    rows.sort(key=lambda row: order.index(row["engine"]) if row["engine"] in order else len(order))
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            typer.echo("\t".join(_cell(row[column]) for column in _COLUMNS))


@app.command()
def pull(
    name: str = _NAME,
    yes: bool = typer.Option(False, "--yes", "-y", help="Agree to the model's licence."),
    with_packages: bool = typer.Option(
        False, "--install", help="Also install the packages that its engine needs, without asking."
    ),
    mirror: str | None = typer.Option(
        None, help="Base address of a mirror of the hub, such as https://hub.example.org."
    ),
) -> None:
    """Fetch a model. An interrupted download goes on where it stopped."""
    from sonca.voices.models import find
    from sonca.voices.models import pull as fetch

    model, store = find(name), _store()
    _show_passport(model)
    _ask_consent(model, yes)
    _ask_packages(model.engine, with_packages)
    installed = fetch(model, store, endpoint=mirror, progress=sys.stderr.isatty(), say=_say)
    facts = {"name": model.title, "gender": model.gender, "region": model.region}
    _after_install(installed, store, facts)
    _tell_done(installed)


@app.command()
def show(name: str = _NAME) -> None:
    """Show a model's passport: licences, what it was trained on, consent, files."""
    from sonca.voices.models import UnknownModel, find

    store = _store()
    here = {model.name: model for model in store.installed()}
    installed: Installed | None
    try:
        model = find(name)
    except UnknownModel:
        installed = store.find(name)
        lines = _passport(installed.engine, installed.name, installed.origin.partition("@")[0])
    else:
        typer.echo(f"{model.name}: {model.title}")
        lines = _passport(model.engine, model.name, model.repository)
        installed = here.get(model.name)
        lines += [f"from: {model.repository} (revision {model.revision})"]
    for line in lines:
        typer.echo(line)
    if installed is not None:
        typer.echo(f"in: {installed.folder}")
        for file, (size, digest) in installed.files.items():
            typer.echo(f"{digest or 'hash not known':<64}  {size:>13,}  {file}")


@app.command()
def add(
    file: Path = typer.Argument(
        help="A Piper voice's .onnx, its .onnx.json beside it; a ZeroTTS voice's zip; or a model's "
        "folder, laid out as the hub's repository."
    ),
    name: str | None = typer.Option(None, help="What to call it; default: the file's own name."),
    title: str | None = typer.Option(None, help="What people read in lists of voices."),
    gender: str | None = typer.Option(None, help="female or male; default: by its pitch."),
    region: str | None = typer.Option(None, help="north, central or south."),
    engine: str | None = typer.Option(
        None, help="The engine that is to speak with it; default: the one that can."
    ),
) -> None:
    """Add a model that you have as files. They are copied."""
    _one_of("--gender", gender, ("female", "male"))
    _one_of("--region", region, ("north", "central", "south"))
    store = _store()
    files, owner = _files_of(file, engine)
    installed = store.add(files, engine=owner, name=name)
    _after_install(installed, store, {"name": title, "gender": gender, "region": region})
    _tell_done(installed)


@app.command()
def remove(name: str = _NAME) -> None:
    """Delete a model from the disk."""
    model = _store().remove(name)
    _say(f"removed {model.name} ({_megabytes(model.size)}) from {model.folder}")


@app.command()
def verify(name: str | None = typer.Argument(None, help="Default: every model here.")) -> None:
    """Check that models are as they came, byte for byte."""
    store = _store()
    models = [store.find(name)] if name else store.installed()
    broken = 0
    for model in models:
        problems = store.problems(model)
        broken += bool(problems)
        typer.echo(f"{model.name}\t{'broken' if problems else 'ok'}")
        for problem in problems:
            _say(f"  {problem}; sonca models pull {model.name}")
    if not models:
        _say("no model is here yet; sonca models list shows what there is")
    raise typer.Exit(1 if broken else 0)


@app.command()
def path(name: str | None = typer.Argument(None, help="Default: the folder of all.")) -> None:
    """Print where a model lies."""
    store = _store()
    typer.echo(store.find(name).folder if name else store.folder)


def _store() -> ModelStore:
    from sonca.settings import read
    from sonca.voices.models import ModelStore

    return ModelStore(read().models_dir)


def _passport(engine: str, model: str, repository: str) -> list[str]:
    from sonca.voices.passports import passport_of

    return passport_of(engine, model, repository).lines()


def _show_passport(model: Model) -> None:
    """Says what is known of a model before it is fetched; refuses one that may not be used here."""
    from sonca.errors import Unsupported
    from sonca.settings import read
    from sonca.voices.passports import passport_of

    _say(f"{model.name}: {model.title}; licence {model.licence}")
    passport = passport_of(model.engine, model.name, model.repository)
    for line in passport.lines():
        _say(f"  {line}")
    size = "" if model.size is None else f", {_megabytes(model.size)}"
    hashed = sum(file.sha256 is not None for file in model.files)
    _say(f"  from: {model.repository} (revision {model.revision})")
    _say(f"  files: {len(model.files)}{size}, {hashed} with a hash that was published")
    if read().commercial and passport.commercial == "no":
        raise Unsupported(
            f"{model.name} may not be used commercially ({passport.weights}), and "
            "SONCA_COMMERCIAL is set; unset it for use that is not commercial",
            field="name",
        )


def _ask_packages(engine: str, without_asking: bool) -> None:
    """Says which packages the engine needs beside the model, and installs them if asked to."""
    from sonca import install

    lacking = install.lacking(engine)
    if not lacking:
        return
    _say(f"The engine {engine} also needs {', '.join(lacking)}.")
    if without_asking or (
        sys.stdin.isatty() and typer.confirm("Install them now?", default=True, err=True)
    ):
        install.install(engine, _say)
    else:
        _say(f"To install them: {install.command(engine)} (or add --install)")


def _ask_consent(model: Model, yes: bool) -> None:
    """Asks for consent to a licence that wants it."""
    if model.needs_consent is None or yes:
        return
    _say(f"Before you use it: {model.needs_consent}.")
    if not sys.stdin.isatty():
        from sonca.errors import InvalidRequest

        raise InvalidRequest(
            f"{model.name} asks for consent: {model.needs_consent}; if you agree, add --yes",
            field="yes",
        )
    typer.confirm("Do you agree?", abort=True, err=True)


def _files_of(file: Path, engine: str | None) -> tuple[Mapping[str, Path], str]:
    """Returns a model's files and the engine that takes them: the one asked for, ZeroTTS for a zip,
    Piper for another file, or else the first that knows such a folder."""
    from sonca.engines import registry
    from sonca.errors import InvalidRequest, SoncaError, Unsupported

    if engine is not None or not file.is_dir():
        spec = registry.find(engine or ("zerotts" if file.suffix.lower() == ".zip" else "piper"))
        return spec.load().model_files(file), spec.name
    reasons = []
    for spec in registry.specs().values():
        if not spec.public or spec.name == "piper":
            continue
        try:
            return spec.load().model_files(file), spec.name
        except Unsupported:
            continue
        except SoncaError as error:
            reasons.append(f"{spec.name}: {error}")
    why = "; ".join(reasons) or "no engine takes a folder"
    raise InvalidRequest(
        f"{file} is no model that an engine knows ({why}). A Piper voice is given by its .onnx",
        field="file",
    )


def _after_install(
    installed: Installed, store: ModelStore, facts: Mapping[str, str | None]
) -> None:
    """Lets the engine do what it does once with a model that has come."""
    from sonca.engines import registry

    known = {key: value for key, value in facts.items() if value}
    if installed.engine not in registry.specs():
        return  # a recogniser's
    engine = registry.find(installed.engine).load()
    engine.after_install(installed.folder, store.folder, known, _say)


def _tell_done(installed: Installed) -> None:
    _say(f"{installed.name} is in {installed.folder}")
    _say("A running server finds it on POST /v1/models/reload, or SIGHUP.")


def _one_of(option: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        raise typer.BadParameter(f"{option} is {value!r}, it must be one of {', '.join(known)}")


def _say(line: str) -> None:
    """Prints a line for people, not into a pipe."""
    typer.echo(line, err=True)


_COLUMNS = (
    "name",
    "installed",
    "engine",
    "language",
    "gender",
    "quality",
    "megabytes",
    "commercial",
    "licence",
)


def _known(model: Model, here: Installed | None) -> dict[str, Any]:
    size = here.size if here else model.size
    return {
        "name": model.name,
        "title": model.title,
        "installed": here is not None,
        "engine": model.engine,
        "language": model.language,
        "gender": model.gender,
        "region": model.region,
        "quality": model.quality,
        "megabytes": None if size is None else round(size / 1e6, 1),
        "repository": model.repository,
        "folder": str(here.folder) if here else None,
        "licence": model.licence,
        **_rights(model.engine, model.name, model.repository),
    }


def _rights(engine: str, model: str, repository: str) -> dict[str, Any]:
    from sonca.voices.passports import passport_of

    passport = passport_of(engine, model, repository)
    return {"commercial": passport.commercial, "passport": passport.as_json()}


def _local(model: Installed) -> dict[str, Any]:
    row = dict.fromkeys(("title", "language", "gender", "region", "quality", "repository"))
    return row | {
        "name": model.name,
        "installed": True,
        "engine": model.engine,
        "megabytes": round(model.size / 1e6, 1),
        "licence": model.licence or model.origin,
        "folder": str(model.folder),
        **_rights(model.engine, model.name, model.origin.partition("@")[0]),
    }


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*_COLUMNS, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(_cell(row[column]) for column in _COLUMNS))
    Console().print(table)


app.command()(convert)
