"""What the peers share: a text in, figures out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from benchmarks.answers import answer_lines, peak_mib

Heard = Callable[[float], None]
"""Is told the seconds of each piece of sound, as it is made."""
Speak = Callable[[str, Heard], None]


def serve(load: Callable[[str, int], Speak]) -> None:
    """Speaks the lines it is told: ``python …_peer.py VOICE.onnx THREADS``; THREADS 0 leaves the
    number to the peer. Answers seconds to the first sound and to the last, of processor time and
    of sound, and peak memory."""
    speak = load(sys.argv[1], int(sys.argv[2]))

    def answer(text: str) -> dict[str, float]:
        pieces: list[tuple[float, float]] = []
        started, worked = time.perf_counter(), time.process_time()
        speak(text, lambda seconds: pieces.append((time.perf_counter() - started, seconds)))
        return {
            "first_s": pieces[0][0],
            "total_s": time.perf_counter() - started,
            "cpu_s": time.process_time() - worked,
            "audio_s": sum(seconds for _, seconds in pieces),
            "peak_mib": peak_mib(),
        }

    answer_lines(lambda: ({"ready": True}, answer))
