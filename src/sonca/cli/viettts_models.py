"""``sonca models convert``: VietTTS's own command."""

from __future__ import annotations

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
    from sonca.engines.viettts.convert.cli import convert_folder, place
    from sonca.settings import read

    models_dir = read().models_dir
    target = into or place(source, models_dir)
    model = convert_folder(
        source,
        target,
        models_dir,
        _say,
        vocabulary=vocabulary,
        vad=vad,
        precision=precision.value,
        cuda=cuda,
    )
    _say(f"converted: {model.path}")


def _say(line: str) -> None:
    """Prints a line for people, not into a pipe."""
    typer.echo(line, err=True)
