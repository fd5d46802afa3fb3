"""``python -m benchmarks.peers``: a Piper voice with us, with piper-tts and with sherpa-onnx."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.options import Json, run_command, say
from benchmarks.peers.measure import run
from sonca.bench.report import show


def main(
    voice: Annotated[Path, typer.Option(help="The voice's .onnx.", exists=True, dir_okay=False)],
    python: Annotated[str, typer.Option(help="Python of the environment the peers are in.")],
    rounds: Annotated[int, typer.Option(min=1, help="Times that each speaks each text.")] = 5,
    turns: Annotated[int, typer.Option(min=0, help="Times that each serves four callers.")] = 3,
    own_threads: Annotated[
        bool, typer.Option(help="Also on as many threads as each chooses.")
    ] = True,
    sherpa: Annotated[bool, typer.Option(help="Also sherpa-onnx.")] = True,
    json: Json = None,
) -> None:
    """A Piper voice with us, with piper-tts and with sherpa-onnx, in turns."""
    result = run(
        voice, python, rounds=rounds, turns=turns, own_threads=own_threads, sherpa=sherpa, say=say
    )
    show(result, json)


if __name__ == "__main__":
    run_command(main)
