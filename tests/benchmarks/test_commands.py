"""What the documents say to run can be run."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys

import pytest
import typer

from benchmarks.servers import ROOT
from sonca.cli.bench import app

DOCUMENTS = [*ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/**/*.md"), *ROOT.glob("README*.md")]
COMMAND = re.compile(r"(python -m benchmarks\.|sonca bench )([\w.]+)((?:[^`\n]|\\\n)*)")
COMMANDS = {
    (match[1].split()[0], match[2], *re.findall(r"--[\w-]+", match[3]))
    for path in DOCUMENTS
    for match in COMMAND.finditer(path.read_text("utf-8"))
    if match[2] != "viettts.parity"  # commands within a command: a test of its own runs it
}


def options_of(program: str, name: str) -> set[str]:
    """Returns the options that a command takes."""
    if program == "sonca":
        command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
        return {opt for param in command.params for opt in param.opts}
    package = importlib.util.find_spec(f"benchmarks.{name}")
    assert package is not None
    module = f"benchmarks.{name}" + (".__main__" if package.submodule_search_locations else "")
    main = importlib.import_module(module).main
    if not inspect.signature(main).parameters:  # it reads its own arguments
        told = subprocess.run(
            [sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True
        )
        return set(re.findall(r"--[\w-]+", told.stdout))
    one = typer.Typer()
    one.command()(main)
    return {opt for param in typer.main.get_command(one).params for opt in param.opts}


@pytest.mark.parametrize("words", sorted(COMMANDS), ids=" ".join)
def test_a_documented_command_is_there_with_its_options(words: tuple[str, ...]) -> None:
    program, name, *options = words
    assert set(options) <= options_of(program, name)


def test_every_benchmark_is_in_the_list() -> None:
    listed = re.findall(
        r"`([\w.]+)`",
        "\n".join(
            line.split("|")[1]
            for line in (ROOT / "benchmarks/README.md").read_text("utf-8").splitlines()
            if line.startswith("| `")
        ),
    )
    folders = {path.parent.name for path in ROOT.glob("benchmarks/*/__main__.py")}
    assert folders | {"books"} <= set(listed)
    assert all(importlib.util.find_spec(f"benchmarks.{name}") for name in listed)
