"""What the processor can do that decides how a graph is run."""

from __future__ import annotations

import functools
from pathlib import Path

_VNNI = ("avx512_vnni", "avx_vnni", "asimddp")
_BF16 = ("amx_bf16", "avx512_bf16", "bf16")


@functools.cache
def has_vnni() -> bool:
    """Returns whether the processor multiplies 8-bit numbers without loss on the way."""
    return not _flags().isdisjoint(_VNNI)


def has_bf16() -> bool:
    """Returns whether the processor multiplies in bf16 by itself."""
    return not _flags().isdisjoint(_BF16)


def _flags() -> set[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    line = next((row for row in text.splitlines() if row.startswith(("flags", "Features"))), "")
    return set(line.split())
