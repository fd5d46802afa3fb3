"""``sonca bench compare A.json B.json``: every figure of two results, and its ratio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sonca.bench.report import Result


def run(before: Result, after: Result) -> list[tuple[str, float, float, float]]:
    """(name, before, after, after / before) of every number that both results have."""
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
