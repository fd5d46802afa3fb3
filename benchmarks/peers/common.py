"""What the peers share: lines in, figures out."""

import json
import sys
import time
from pathlib import Path


def serve(speak) -> None:
    """`speak(text, heard)` calls `heard(seconds)` for each piece of sound as it is made."""
    answer({"ready": True})
    for line in sys.stdin:
        pieces = []
        started, worked = time.perf_counter(), time.process_time()
        speak(
            json.loads(line),
            lambda seconds: pieces.append((time.perf_counter() - started, seconds)),  # noqa: B023
        )
        total_s, cpu_s = time.perf_counter() - started, time.process_time() - worked
        figures = {
            "first_s": pieces[0][0],
            "total_s": total_s,
            "cpu_s": cpu_s,
            "audio_s": sum(seconds for _, seconds in pieces),
            "peak_mib": peak(),
        }
        answer(figures)


def answer(figures) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def peak() -> float:
    """Most memory this process ever had, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0
