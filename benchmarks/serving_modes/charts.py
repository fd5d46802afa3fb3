"""Draws what was measured of the ways to serve."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonca.bench.report import Result
from sonca.errors import SoncaError

_OURS, _OTHERS = "#0f766e", "#94a3b8"


def draw(result: Result, folder: Path) -> list[Path]:
    """Draws the modes as SVG and PNG; needs matplotlib (``pip install 'sonca[bench]'``)."""
    try:
        import matplotlib
    except ImportError as error:
        raise SoncaError("charts need matplotlib: pip install 'sonca[bench]'") from error
    matplotlib.use("Agg")
    from matplotlib import pyplot

    modes = result["setups"]
    figure, axes = pyplot.subplots(2, 2, figsize=(12, 8), layout="constrained")
    figure.suptitle(f"Ways to serve the same engine ({result['engine']})", fontsize=15)
    _bars(axes[0][0], modes, "start_to_ready_s", "Start to ready, s (lower is better)", "{:.1f}")
    _bars(axes[0][1], modes, "rtf_median", "RTF, one caller (lower is better)", "{:.4g}")
    _bars(axes[1][0], modes, "livez_p99_ms", "/livez p99 under load, ms, log scale", "{:,.0f}")
    axes[1][0].set_xscale("log")
    _lines(axes[1][1], modes)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    paths = [folder / f"setups-{result['engine']}.{kind}" for kind in ("svg", "png")]
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return paths


def _bars(axis: Any, modes: Mapping[str, Any], key: str, title: str, form: str) -> None:
    names = list(modes)[::-1]
    values = [modes[name][key] for name in names]
    bars = axis.barh(names, values, color=[_OURS if n == "sonca" else _OTHERS for n in names])
    axis.bar_label(bars, [form.format(value) for value in values], padding=4)
    axis.set_title(title, loc="left")
    axis.margins(x=0.18)


def _lines(axis: Any, modes: Mapping[str, Any]) -> None:
    for name, row in modes.items():
        ours = {"linewidth": 3, "color": _OURS, "zorder": 3} if name == "sonca" else {}
        rates = row["audio_s_per_s"]
        axis.plot([*map(int, rates)], [*rates.values()], marker="o", label=name, **ours)
    axis.set_xticks([*map(int, rates)])
    axis.set_ylim(bottom=0)
    axis.set_xlabel("callers at once")
    axis.set_title("Seconds of audio per second (higher is better)", loc="left")
    axis.legend(fontsize=8)
