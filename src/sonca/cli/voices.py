"""``sonca voices``: who can speak."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from sonca.cli.signals import stoppable

if TYPE_CHECKING:
    from sonca.synthesizer import Sample
    from sonca.voice import Voice
    from sonca.voices.passports import Passport

app = typer.Typer()

_COLUMNS = ("id", "name", "gender", "region", "tone", "engine", "commercial", "speed", "lufs")


@app.command()
def voices(
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
    engine: str | None = typer.Option(None, help="Only the voices of this engine."),
    play: str | None = typer.Option(None, metavar="NAME", help="Play a sample of this voice."),
    measure: bool = typer.Option(
        False, "--measure", help="Make the sample of each voice that has none, and measure it."
    ),
) -> None:
    """List the voices that can speak now, or hear one."""
    from sonca.factory import open_sonca
    from sonca.settings import read
    from sonca.synthesizer import VoiceSamples

    if play is not None:
        _play(play, engine)
        return
    settings = read(engine=engine)
    with stoppable(), open_sonca(settings) as sonca:
        found = sonca.catalogue.of(sonca.default_engine) if engine else sonca.voices
        samples = VoiceSamples(settings.samples_dir, sonca)
        sample = samples.get if measure else samples.find
        rows = [_row(voice, sonca.permits.passport(voice), sample(voice)) for voice in found]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    elif sys.stdout.isatty():
        _print_table(rows)
    else:
        for row in rows:
            typer.echo("\t".join(str(row[name] or "") for name in _COLUMNS))


def _play(name: str, engine: str | None) -> None:
    """Plays the sample of a voice, made if it must be, and says what is known of it."""
    from sonca.cli.player import Player, output_device
    from sonca.factory import open_sonca
    from sonca.settings import read
    from sonca.synthesizer import VoiceSamples

    output_device()  # nothing is made for speakers that are not there
    settings = read(engine=engine)
    with stoppable(), open_sonca(settings) as sonca:
        samples = VoiceSamples(settings.samples_dir, sonca)
        voice = samples.voice(name)
        sample = samples.get(voice)
        passport = sonca.permits.passport(voice)
        measured = sample.measured
        typer.echo(f"{voice.id}: {voice.name} ({voice.engine})", err=True)
        for line in passport.lines():
            typer.echo(f"  {line}", err=True)
        typer.echo(
            f"  measured here: {measured.seconds_per_second:g} s for a second of sound, "
            f"{measured.loudness_lufs} LUFS",
            err=True,
        )
        sound = sample.sound()
        with Player(sound.sample_rate_hz) as player:
            player.feed(sound.samples)
            player.finish()


def _row(voice: Voice, passport: Passport, sample: Sample | None) -> dict[str, Any]:
    return {
        **asdict(voice),
        "commercial": passport.commercial,
        "licence": passport.weights,
        "passport": passport.name,
        "measured": asdict(sample.measured) if sample else None,
        # Seconds for a second of sound, and how loud that is: what the columns show.
        "speed": sample.measured.seconds_per_second if sample else None,
        "lufs": sample.measured.loudness_lufs if sample else None,
    }


def _print_table(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*_COLUMNS, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(*(str(row[name] or "") for name in _COLUMNS))
    Console().print(table)
