"""Answers questions that come as lines of JSON; `line_process` asks them.

Runs under the Python of what is measured: imports nothing but the standard library and the part
of Sonca that needs no more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from sonca.bench.process import memory_mib

Answer = Callable[[Any], dict[str, Any]]


def answer_lines(load: Callable[[], tuple[dict[str, Any], Answer]]) -> None:
    """Answers until there are no more questions. `load` returns the first line and who answers."""
    out, sys.stdout = sys.stdout, sys.stderr  # what a package prints is no answer

    def send(figures: dict[str, Any]) -> None:
        out.write(json.dumps(figures) + "\n")
        out.flush()

    first, answer = load()
    send(first)
    for line in sys.stdin:
        send(answer(json.loads(line)))


def peak_mib() -> float:
    """Returns the most memory that this process ever had, in MiB."""
    return memory_mib("VmHWM")
