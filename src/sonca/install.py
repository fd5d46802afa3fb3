"""What an engine needs beside Sonca, and the command that installs it where one stands.

``pip install "sonca[…]"`` is no advice to somebody who ran ``make serve``, and none where Sonca is
on no index: so the advice is make's own way there, and the packages by name everywhere else.
"""

from __future__ import annotations

import functools
import importlib.metadata
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

from sonca.errors import EngineNotInstalled

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"
"""Where Sonca runs from its own folder; else there is no such file."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EXTRA = re.compile(r"""extra\s*==\s*["']([\w-]+)["']""")
_OWN = re.compile(r"sonca\[([\w-]+)\]")
TIMEOUT_S = 1800


def needed(extra: str, *modules: str) -> str | None:
    """Says which of the modules are not installed, and the command that brings them, as
    `Engine.missing` does; None if all are there."""
    lacking = [name for name in modules if not _importable(name)]
    return f"it needs {', '.join(lacking)}: {command(extra)}" if lacking else None


@functools.cache
def packages(extra: str) -> tuple[str, ...]:
    """Returns the requirements of an extra, such as ``onnx>=1.17``; none if there is no such. An
    engine's extra is called as the engine."""
    found: list[str] = []
    for each in _stated(extra):
        own = _OWN.fullmatch(each)  # another extra of ours
        found += packages(own[1]) if own else [each]
    return tuple(found)


def _stated(extra: str) -> tuple[str, ...]:
    try:
        with _PROJECT.open("rb") as file:
            project = tomllib.load(file)["project"]
        if project["name"] == "sonca":  # newer than what was installed of an editable folder
            return tuple(project["optional-dependencies"].get(extra, ()))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        known = importlib.metadata.requires("sonca") or []
    except importlib.metadata.PackageNotFoundError:
        known = []
    return tuple(
        text.partition(";")[0].strip()
        for text in known
        if (found := _EXTRA.search(text)) is not None and found[1] == extra
    )


def lacking(extra: str) -> list[str]:
    """Returns those of its requirements that are not installed, whatever their versions."""
    return [each for each in packages(extra) if not _installed(each)]


def command(extra: str) -> str:
    """Returns the command that installs what an extra needs."""
    folder = made_in()
    if folder is not None:
        where = "" if folder == Path.cwd() else f" -C {shlex.quote(str(folder))}"
        return f"make{where} serve EXTRAS={extra}"
    return shlex.join(_pip(lacking(extra) or [*packages(extra)] or [extra]))


def install(extra: str, say: Callable[[str], None]) -> None:
    """Installs what an extra lacks into this Python. `EngineNotInstalled` says why it cannot."""
    wanted = lacking(extra)
    if not wanted:
        return
    todo = _pip(wanted)
    pins = _PROJECT.with_name("constraints.txt")
    if pins.is_file():
        todo += ["--constraint", str(pins)]
    say(f"installing {', '.join(wanted)}")
    try:
        done = subprocess.run(todo, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        failed = done.returncode != 0
    except (OSError, subprocess.TimeoutExpired) as error:
        reason, failed = str(error), True
    if failed:
        raise EngineNotInstalled(
            f"{', '.join(wanted)} could not be installed: {reason}. Do it yourself: "
            f"{command(extra)}",
            field="model",
        )
    importlib.invalidate_caches()


def program(*, public: bool = False) -> str:
    """Returns how the command `sonca` is called here, where it need not be on the path. With
    `public` it tells no folder of this machine: after make, it is seen from make's own folder."""
    beside = Path(sys.prefix) / "bin" / "sonca"
    found = shutil.which("sonca")
    if found is not None and Path(found).resolve() == beside.resolve():
        return "sonca"
    home = made_in()
    if home is not None and beside.is_relative_to(home) and (public or home == Path.cwd()):
        return shlex.quote(str(beside.relative_to(home)))
    if public:
        return "sonca"
    return shlex.join([str(beside)] if beside.is_file() else [sys.executable, "-m", "sonca"])


def made_in() -> Path | None:
    """Returns the folder whose ``make`` made this Python's environment; None if none did."""
    try:
        folder = Path((Path(sys.prefix) / ".place").read_text("utf-8").strip())
    except (OSError, ValueError):
        return None
    return folder if (folder / "Makefile").is_file() else None


def _pip(requirements: list[str]) -> list[str]:
    """Returns the command that installs them into this Python, which may have come without pip."""
    if importlib.util.find_spec("pip") is None:
        return ["uv", "pip", "install", "--python", sys.executable, *requirements]
    return [sys.executable, "-m", "pip", "install", *requirements]


def _installed(requirement: str) -> bool:
    found = _NAME.match(requirement)
    name = found[0] if found else requirement
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return _importable(name.replace("-", "_"))  # onnxruntime-gpu stands in for onnxruntime
    return True


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False
