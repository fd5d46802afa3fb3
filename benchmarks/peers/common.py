"""What the peers share: a text in, figures out."""

from __future__ import annotations

import sys
from collections.abc import Callable

from benchmarks.answers import answer_lines
from benchmarks.spoken import Heard, timed

Speak = Callable[[str, Heard], None]


def serve(load: Callable[[str, int], Speak]) -> None:
    """Speaks the lines it is told: ``python …_peer.py VOICE.onnx THREADS``; THREADS 0 leaves the
    number to the peer. Answers seconds to the first sound and to the last, of processor time and
    of sound, and peak memory."""
    speak = load(sys.argv[1], int(sys.argv[2]))

    def answer(text: str) -> dict[str, float]:
        return timed(lambda heard: speak(text, heard))

    answer_lines(lambda: ({"ready": True}, answer))
