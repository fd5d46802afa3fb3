"""``sonca bench``: measure instead of believing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Measure speed: ways to serve, latency, load.")

Engine = Annotated[str, typer.Option(help="Engine to measure.")]
Models = Annotated[Path | None, typer.Option(help="Folder of models.", file_okay=False)]
Out = Annotated[Path | None, typer.Option("--json", help="Write the figures here.")]
Quick = Annotated[bool, typer.Option("--quick", help="Less of everything; under a minute.")]


@app.command()
def setups(
    engine: Engine = "espeak",
    quick: Quick = False,
    models_dir: Models = None,
    json: Out = None,
    charts: Annotated[
        Path | None, typer.Option(help="Draw SVG and PNG charts into this folder.")
    ] = None,
    starts: Annotated[int | None, typer.Option(min=1, help="Starts of each server.")] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Single requests of each setup.")
    ] = None,
    loads: Annotated[
        int | None, typer.Option(min=1, help="Times each number of callers is tried.")
    ] = None,
    callers: Annotated[
        list[int] | None, typer.Option(min=1, help="Callers at once; repeat for several.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Measure this setup; repeat for several.")
    ] = None,
    sentence_s: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            max=20.0,
            help="VietTTS with random weights, made in --models-dir if it holds none (2 GB): "
            "seconds of every sentence.",
        ),
    ] = None,
) -> None:
    """Run the document's fast and slow setups and ours side by side."""
    from dataclasses import replace

    from sonca.bench import report
    from sonca.bench import setups as bench

    plan = bench.QUICK if quick else bench.Plan()
    if sentence_s is not None:
        from sonca.bench.random_models import prepare
        from sonca.engines.registry import canonical

        if canonical(engine) != "viettts" or models_dir is None:
            raise typer.BadParameter("--sentence-s needs --engine viettts and --models-dir")
        prepare(models_dir, 25)
        plan = replace(plan, sentence_s=sentence_s)
    if starts or rounds or loads or callers:  # asked for by number: no less than that
        plan = replace(plan, most_s=86400.0)
    plan = replace(
        plan,
        starts=starts or plan.starts,
        rounds=rounds or plan.rounds,
        loads=loads or plan.loads,
        callers=tuple(callers) if callers else plan.callers,
    )
    chosen = tuple(only) if only else bench.SETUPS
    unknown = [name for name in chosen if name not in bench.SETUPS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r}; there are: {', '.join(bench.SETUPS)}")
    result = bench.run(engine, plan, models_dir=models_dir, setups=chosen, say=_say)
    report.table(result)
    if json is not None:
        report.save(result, json)
    if charts is not None:
        for path in report.charts(result, charts):
            _say(f"wrote {path}")


@app.command()
def latency(
    engine: Engine = "espeak",
    quick: Quick = False,
    models_dir: Models = None,
    json: Out = None,
) -> None:
    """First audio and totals by length of text, and what the server adds to the bare call."""
    from sonca.bench import latency as bench

    lengths = bench.LENGTHS[:3] if quick else bench.LENGTHS
    _show(
        bench.run(
            engine,
            models_dir=models_dir,
            rounds=20 if quick else 200,
            lengths=lengths,
            say=_say,
        ),
        json,
    )


@app.command()
def load(
    engine: Engine = "espeak",
    models_dir: Models = None,
    json: Out = None,
    per_s: Annotated[float, typer.Option(min=0.01, help="Arrivals a second.")] = 5.0,
    requests: Annotated[int, typer.Option(min=1, help="Arrivals in all.")] = 100,
    soak: Annotated[int, typer.Option(min=0, help="Requests of the memory soak.")] = 0,
    readers: Annotated[int, typer.Option(min=0, help="Slow and vanishing readers.")] = 50,
    quick: Annotated[
        bool, typer.Option("--quick", help="Less of the neighbours: about a minute.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Nothing but this of the neighbours: plans, newcomers, books, half_sent, stalled "
            "or crowd; repeat for several.",
        ),
    ] = None,
) -> None:
    """Arrivals that do not wait, slow and vanished readers, a memory soak, and neighbours: what
    one caller's work does to another's waiting."""
    from sonca.bench import load as bench
    from sonca.bench import neighbours, report

    plan = neighbours.QUICK if quick else neighbours.Plan()
    unknown = [name for name in only or () if name not in neighbours.SCENARIOS]
    if unknown:
        raise typer.BadParameter(
            f"{unknown[0]!r}; there are: {', '.join(neighbours.SCENARIOS)}", param_hint="--only"
        )
    if only:
        result = bench.neighbours_only(engine, plan, only, models_dir=models_dir, say=_say)
    else:
        result = bench.run(
            engine,
            models_dir=models_dir,
            per_s=per_s,
            requests=requests,
            soak=soak,
            readers=readers,
            beside=plan,
            say=_say,
        )
    _show(result, json)
    report.neighbours(result)


@app.command()
def book(
    engine: Engine = "espeak",
    models_dir: Models = None,
    json: Out = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds.")] = 5,
    copies: Annotated[int, typer.Option(min=1, help="The story so often: 3 chapters each.")] = 4,
    format: Annotated[str, typer.Option(metavar="NAME", help="m4b, mp3 or opus.")] = "m4b",
) -> None:
    """A whole book against the bare engine and the bare encoder, in turns."""
    from sonca.bench import book as bench

    _show(
        bench.run(
            engine, models_dir=models_dir, rounds=rounds, copies=copies, format=format, say=_say
        ),
        json,
    )


@app.command()
def peers(
    voice: Annotated[Path, typer.Option(help="The voice's .onnx.", exists=True, dir_okay=False)],
    python: Annotated[str, typer.Option(help="Python of the environment the peers are in.")],
    scripts: Annotated[
        Path, typer.Option(help="Folder of the peers' scripts.", file_okay=False)
    ] = Path("benchmarks/peers"),
    quick: Quick = False,
    rounds: Annotated[int | None, typer.Option(min=1, help="Rounds.")] = None,
    json: Out = None,
) -> None:
    """A Piper voice with us, with piper-tts and with sherpa-onnx, in turns."""
    from dataclasses import replace

    from sonca.bench import peers as bench

    plan = bench.QUICK if quick else bench.Plan()
    if rounds is not None:
        plan = replace(plan, rounds=rounds, turns=rounds)
    _show(bench.run(voice, python, plan, scripts=scripts, say=_say), json)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def viettts(context: typer.Context) -> None:
    """VietTTS at its full size with random weights; its options: sonca bench viettts -- --help."""
    from sonca.bench import viettts as bench

    bench.app(context.args, prog_name="sonca bench viettts")


@app.command()
def compare(before: Path, after: Path) -> None:
    """Print every figure of two results and its ratio."""
    from rich.console import Console
    from rich.table import Table

    from sonca.bench import compare as bench
    from sonca.bench import report

    grid = Table()
    for title in ("figure", before.name, after.name, "ratio"):
        grid.add_column(title, justify="left" if title == "figure" else "right")
    for name, one, two, ratio in bench.run(report.load(before), report.load(after)):
        grid.add_row(name, f"{one:.5g}", f"{two:.5g}", f"{ratio:.3f}")
    Console().print(grid)


def _say(line: str) -> None:
    typer.echo(line, err=True)


def _show(result: dict[str, object], path: Path | None) -> None:
    from rich.console import Console

    from sonca.bench import report

    Console().print_json(data=result)
    if path is not None:
        report.save(result, path)
