"""``python -m benchmarks.peers``: a Piper voice with us, with piper-tts and with sherpa-onnx."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.peers import measure
from sonca.bench import report
from sonca.cli.bench import Json, Quick, say


def main(
    voice: Annotated[Path, typer.Option(help="The voice's .onnx.", exists=True, dir_okay=False)],
    python: Annotated[str, typer.Option(help="Python of the environment the peers are in.")],
    quick: Quick = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds.")] = None,
    json: Json = None,
) -> None:
    """A Piper voice with us, with piper-tts and with sherpa-onnx, in turns."""
    plan = measure.QUICK if quick else measure.Plan()
    if rounds is not None:
        plan = replace(plan, rounds=rounds, turns=rounds)
    report.show(measure.run(voice, python, plan, say=say), json)


if __name__ == "__main__":
    typer.run(main)
