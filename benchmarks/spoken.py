"""What is measured of an engine that speaks, ours or another's. Runs in any of their Pythons."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

from benchmarks.answers import peak_mib

Heard = Callable[[float], None]
"""Is told the seconds of each piece of sound, as it is made."""


def timed(speak: Callable[[Heard], None]) -> dict[str, float]:
    """Returns the seconds to the first sound and to the last, of processor time and of sound, and
    the peak of memory."""
    pieces: list[tuple[float, float]] = []
    started, worked = time.perf_counter(), time.process_time()
    speak(lambda seconds: pieces.append((time.perf_counter() - started, seconds)))
    return {
        "first_s": pieces[0][0],
        "total_s": time.perf_counter() - started,
        "cpu_s": time.process_time() - worked,
        "audio_s": sum(seconds for _, seconds in pieces),
        "peak_mib": peak_mib(),
    }


def medians(answers: Sequence[dict[str, float]]) -> dict[str, float]:
    """Returns the figures of several answers of `timed`: medians, all sound, the highest peak."""
    return {
        "rtf": median(a["total_s"] / a["audio_s"] for a in answers),
        "cpu_rtf": median(a["cpu_s"] / a["audio_s"] for a in answers),
        "first_s": median(a["first_s"] for a in answers),
        "audio_s": sum(a["audio_s"] for a in answers),
        "peak_mib": max(a["peak_mib"] for a in answers),
    }
