"""``sonca models convert``: VietTTS's own command."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import typer


class Precision(StrEnum):
    fast = "fast"
    exact = "exact"


def convert(
    source: Path = typer.Argument(
        help="Folder with config.yaml, llm.pt, flow.pt, hift.pt and the two ONNX models."
    ),
    into: Path | None = typer.Option(
        None, help="Folder to write; default: in the models folder, where the engine looks."
    ),
    precision: Precision = typer.Option(
        Precision.fast, help="fast: int8 and bf16 where it does not hurt; exact: float32."
    ),
    cuda: bool = typer.Option(False, "--cuda", help="Also write what a GPU needs."),
    vocabulary: Path | None = typer.Option(
        None, help="multilingual.tiktoken; default: fetched from the package viet-tts."
    ),
    vad: Path | None = typer.Option(
        None, help="silero_vad.onnx; default: fetched from the package silero-vad."
    ),
) -> None:
    """Convert a VietTTS checkpoint for Sonca. Nothing in it is executed."""
    from sonca.engines.viettts.convert.convert import convert as write
    from sonca.engines.viettts.convert.fetch import companions
    from sonca.settings import read

    models_dir = read().models_dir
    target = into or _place(source, models_dir)
    files = companions(models_dir, _say, vocabulary, vad)
    model = write(source, target, *files, precision=precision.value, cuda=cuda, say=_say)
    _say(f"converted: {model.path}")


def _place(source: Path, models_dir: Path) -> Path:
    """Returns where the conversion of a checkpoint folder belongs, so that the engine finds it."""
    from sonca.engines.viettts.model_folder import CONVERTED, HOME
    from sonca.errors import InvalidRequest

    name = source.resolve().name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}", name):
        raise InvalidRequest(
            f"a model cannot be called {name[:60]!r}; rename the folder, or give --into",
            field="into",
        )
    return models_dir / HOME / name / CONVERTED


def _say(line: str) -> None:
    """Prints a line for people, not into a pipe."""
    typer.echo(line, err=True)
