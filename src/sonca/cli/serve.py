"""``sonca serve``: the HTTP server with its page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port [11111]; 0 takes any free one.")
    ] = None,
    engine: Annotated[str | None, typer.Option(help="Default engine.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where audio, recordings and models are kept.")
    ] = None,
    voices_dir: Annotated[
        Path | None, typer.Option(help="Recordings that requests may name as voice_file.")
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error [info].")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="auto, text or json [auto].")] = None,
) -> None:
    """Start the server with its page. All settings: SONCA_… in the environment."""
    from sonca import settings
    from sonca.server import run

    run(
        settings.read(
            host=host,
            port=port,
            engine=engine,
            device=device,
            data_dir=data_dir,
            voices_dir=voices_dir,
            log_level=log_level,
            log_format=log_format,
        ),
        on_ready=_greet,
    )


def _greet(url: str) -> None:
    typer.echo(f"Sonca đã sẵn sàng, mở / is ready, open: {url}  (Ctrl+C để dừng / to stop)")
    sys.stdout.flush()
