"""Asks processes by lines of JSON; `answers` is their end."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.servers import ENVIRONMENT
from sonca.errors import SoncaError


class LineProcess:
    """A script that answers questions, as a context manager. `first` is there when it is ready."""

    def __init__(self, python: Path | str, script: Path, *arguments: object) -> None:
        self._name = script.stem
        self._command = [str(part) for part in (python, script, *arguments)]
        self.first: dict[str, Any] = {}
        """What it said when it was ready."""

    def __enter__(self) -> LineProcess:
        self._log = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            encoding="utf-8",
            env={**os.environ, **ENVIRONMENT},
        )
        self.first = self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:  # in the middle of something long
            self._process.kill()
            self._process.wait()
        self._log.close()

    def ask(self, question: object) -> dict[str, Any]:
        """Sends a line of JSON, waits for one. Raises `SoncaError` with its last words if it
        ends."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has ended: its last words say why
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            words = self._log.read().decode(errors="replace").strip()[-600:]
            raise SoncaError(f"{self._name} gave up: {words or 'without a word'}")
        answer: dict[str, Any] = json.loads(line)
        return answer
