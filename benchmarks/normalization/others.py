"""Runs another library over texts in its own environment; talks JSON on standard streams.

Usage: ``others.py LIBRARY < texts.json > readings.json``. `__main__` starts it.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any


def _sea_g2p() -> Callable[[str], str]:
    from sea_g2p import Normalizer

    return Normalizer().normalize


def _vietnormalizer() -> Callable[[str], str]:
    from vietnormalizer import VietnameseNormalizer

    return VietnameseNormalizer().normalize


LOADERS = {"sea-g2p": _sea_g2p, "vietnormalizer": _vietnormalizer}


def main() -> None:
    asked = json.load(sys.stdin)
    start = time.perf_counter()
    read = LOADERS[sys.argv[1]]()
    read("Xin chào.")
    loaded_s = time.perf_counter() - start
    readings = []
    for text in asked["cases"]:
        try:
            readings.append(str(read(text)))
        except Exception as error:  # a crash is a result, too
            readings.append(f"crashed: {type(error).__name__}")
    best_s = min(_timed(read, asked["prose"]) for _ in range(3))
    answer: dict[str, Any] = {"readings": readings, "load_s": loaded_s, "prose_s": best_s}
    json.dump(answer, sys.stdout)


def _timed(read: Callable[[str], str], lines: list[str]) -> float:
    start = time.perf_counter()
    for line in lines:
        read(line)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
