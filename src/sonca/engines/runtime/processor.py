"""What the processor can do that decides how a graph is run."""

from __future__ import annotations

from pathlib import Path

_VNNI = ("avx512_vnni", "avx_vnni", "asimddp")


def has_vnni() -> bool:
    """Returns whether the processor multiplies 8-bit numbers without loss on the way."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    line = next((row for row in text.splitlines() if row.startswith(("flags", "Features"))), "")
    return not set(_VNNI).isdisjoint(line.split())
