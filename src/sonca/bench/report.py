"""Results as JSON, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonca.errors import SoncaError

Result = Mapping[str, Any]


def show(result: Result, path: Path | None = None) -> None:
    """Prints the result, and writes it to `path`."""
    from rich.console import Console

    Console().print_json(data=result)
    if path is not None:
        save(result, path)


def save(result: Result, path: Path) -> None:
    """Write the result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")


def load(path: Path) -> Result:
    """Read a result; `SoncaError` if it is not one."""
    try:
        result: Result = json.loads(path.read_text("utf-8"))
        result["benchmark"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SoncaError(f"{path} is no benchmark result: {error}") from error
    return result
