"""Shows what neighbours did to each other: a table on the terminal."""

from __future__ import annotations

from sonca.bench.report import Result


def table(result: Result) -> None:
    """Prints every pair: alone, and beside each other."""
    from rich.console import Console
    from rich.table import Table

    grid = Table(title="neighbours: alone, and beside each other; times in ms")
    grid.add_column("", no_wrap=True)
    grid.add_column("", no_wrap=True)
    for title in ("served", "median", "p95", "max"):
        grid.add_column(title, justify="right", no_wrap=True)
    for scenario, part in (result.get("neighbours") or {}).items():
        for name, pair in part["measured"].items():
            for when, figures in pair.items():
                times = [_ms(figures.get(key)) for key in ("median_s", "p95_s", "max_s")]
                served = f"{figures['served']} of {figures['served'] + figures['refused']}"
                title = f"{scenario}: {name}"
                grid.add_row(title, when, served, *times, end_section=when == "beside")
    if grid.row_count:
        Console().print(grid)


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{seconds * 1000:.{1 if seconds < 0.1 else 0}f}"
