"""Runs the servers that only benchmarks need.

Knows how their processes find this package; what is measured on them is not its business.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path

from sonca.bench.process import Server, sonca_server

ROOT = Path(__file__).parents[1]
ENVIRONMENT = {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])}
"""For processes that run modules of this checkout, whatever folder they are started in."""


def baseline_server(
    mode: str,
    engine: str,
    models_dir: Path | None = None,
    *,
    sentence_s: float = 0.0,
    more: Mapping[str, str] | None = None,
) -> Server:
    """Returns a server of one of `serving_modes.baseline_servers`, not started.

    `sentence_s` above 0 forces the length of VietTTS's sentences; `more` goes into the
    environment.
    """
    options = ["--models-dir", str(models_dir)] if models_dir else []
    options += ["--sentence-s", str(sentence_s)] if sentence_s else []
    module = "benchmarks.serving_modes.baseline_servers"
    command = [sys.executable, "-m", module, mode, engine, "{port}", *options]
    return Server(command, {**ENVIRONMENT, **(more or {})})


def forced_server(
    engine: str,
    models_dir: Path | None,
    *,
    sentence_s: float,
    more: Mapping[str, str] | None = None,
) -> AbstractContextManager[Server]:
    """Runs Sonca's own server; `sentence_s` and `more` as with `baseline_server`."""
    if not sentence_s:
        return sonca_server(engine, models_dir, more=more)
    module = ("benchmarks.viettts.random_model", str(sentence_s))
    return sonca_server(engine, models_dir, module=module, more={**ENVIRONMENT, **(more or {})})
