"""Shows what was measured of the ways to serve: a table on the terminal, charts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonca.bench.report import Result
from sonca.errors import SoncaError

_ROWS: tuple[tuple[str, str, str], ...] = (
    ("start_to_ready_s", "start to ready, s", ".2f"),
    ("first_request_s", "first request, s", ".3f"),
    ("request_median_s", "request, s", ".4f"),
    ("request_p95_s", "request p95, s", ".4f"),
    ("rtf_median", "RTF", ".4f"),
    ("first_audio_median_s", "first audio, s", ".4f"),
    ("livez_p50_ms", "/livez p50, ms", ".1f"),
    ("livez_p99_ms", "/livez p99, ms", ".1f"),
    ("livez_max_ms", "/livez max, ms", ".0f"),
    ("memory_peak_mib", "peak memory, MiB", ".0f"),
)


def table(result: Result) -> None:
    """Print the figures, one a line, the setups side by side."""
    from rich.console import Console
    from rich.table import Table

    setups = result["setups"]
    grid = Table(title=f"{result['benchmark']} on {result['engine']}")
    grid.add_column("", no_wrap=True)
    for name in setups:
        grid.add_column(
            name, justify="right", overflow="fold", style="bold" if name == "sonca" else None
        )
    for key, title, form in _ROWS:
        grid.add_row(title, *(format(row[key], form) for row in setups.values()))
    for count in next(iter(setups.values()))["audio_s_per_s"]:
        cells = [f"{row['audio_s_per_s'][count]:.1f}" for row in setups.values()]
        grid.add_row(f"audio s/s, {count} callers", *cells)
    console = Console()
    console.print(grid)
    if idle := result.get("livez_p99_under_most_callers_ms", {}).get("idle beside sonca"):
        console.print(f"/livez p99 of an idle server beside the loaded sonca: {idle:.1f} ms")


def charts(result: Result, folder: Path) -> list[Path]:
    """Draw the setups as SVG and PNG; needs matplotlib (``pip install 'sonca[bench]'``)."""
    try:
        import matplotlib
    except ImportError as error:
        raise SoncaError("charts need matplotlib: pip install 'sonca[bench]'") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    setups = result["setups"]
    figure, axes = pyplot.subplots(2, 2, figsize=(12, 8), layout="constrained")
    figure.suptitle(f"Ways to serve the same engine ({result['engine']})", fontsize=15)
    _bars(axes[0][0], setups, "start_to_ready_s", "Start to ready, s (lower is better)", "{:.1f}")
    _bars(axes[0][1], setups, "rtf_median", "RTF, one caller (lower is better)", "{:.4g}")
    _bars(
        axes[1][0], setups, "livez_p99_ms", "/livez p99 under load, ms, log scale", "{:,.0f}", True
    )
    _lines(axes[1][1], setups)
    paths = [folder / f"setups-{result['engine']}.{kind}" for kind in ("svg", "png")]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return paths


_OURS, _OTHERS = "#0f766e", "#94a3b8"


def _bars(
    axis: Any, setups: Mapping[str, Any], key: str, title: str, form: str, log: bool = False
) -> None:
    names = list(setups)[::-1]
    values = [setups[name][key] for name in names]
    colours = [_OURS if name == "sonca" else _OTHERS for name in names]
    bars = axis.barh(names, values, color=colours)
    axis.bar_label(bars, [form.format(value) for value in values], padding=4)
    axis.set_title(title, loc="left")
    axis.spines[["top", "right"]].set_visible(False)
    if log:
        axis.set_xscale("log")
    axis.margins(x=0.18)


def _lines(axis: Any, setups: Mapping[str, Any]) -> None:
    for name, row in setups.items():
        counts = [int(count) for count in row["audio_s_per_s"]]
        ours = name == "sonca"
        axis.plot(
            counts,
            list(row["audio_s_per_s"].values()),
            marker="o",
            label=name,
            linewidth=3 if ours else 1.5,
            color=_OURS if ours else None,
            zorder=3 if ours else 2,
        )
    axis.set_xticks(counts)
    axis.set_ylim(bottom=0)
    axis.set_xlabel("callers at once")
    axis.set_title("Seconds of audio per second (higher is better)", loc="left")
    axis.legend(fontsize=8)
    axis.spines[["top", "right"]].set_visible(False)
