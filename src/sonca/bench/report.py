"""Results as JSON, for people and programs, and two of them compared."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
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
    """Writes the result as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", "utf-8")


def load(path: Path) -> Result:
    """Reads a result; raises `SoncaError` if it is not one."""
    try:
        result: Result = json.loads(path.read_text("utf-8"))
        result["benchmark"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SoncaError(f"{path} is not a benchmark result: {error}") from error
    return result


def compare(before: Result, after: Result) -> list[tuple[str, float, float, float]]:
    """Returns (name, before, after, after / before) of every number that both results have."""
    first, second = dict(_numbers(before)), dict(_numbers(after))
    return [
        (name, first[name], second[name], second[name] / first[name])
        for name in first
        if name in second and first[name]
    ]


def _numbers(value: object, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, float(value)
