"""Releases the pages of a weights file that the runtime has packed for itself.

The runtime maps the file of a graph's weights, reads it once and lays what it needs out anew.
The mapping stays, and with it every page that was read: as much memory again as the weights.
The pages are clean and the file is still there, so they can go; whatever is read again comes
back by itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
from pathlib import Path

MAPS = Path("/proc/self/maps")


def release_pages(path: Path) -> None:
    """Releases this process's pages of the file `path`; does nothing where the system cannot."""
    advice = getattr(mmap, "MADV_DONTNEED", None)
    if advice is None:
        return
    with contextlib.suppress(OSError, AttributeError):
        system = ctypes.CDLL(None)
        for start, end in _mappings(path):
            system.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), advice)


def _mappings(path: Path) -> list[tuple[int, int]]:
    """Returns where the file is mapped for reading only; what can be written to stays."""
    found = []
    name = str(path.resolve())
    for line in MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5] == name and fields[1].startswith("r--"):
            start, end = (int(address, 16) for address in fields[0].split("-"))
            found.append((start, end))
    return found
