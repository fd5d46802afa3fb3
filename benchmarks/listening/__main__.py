"""Measures what a recogniser finds of words that are left out, said twice or replaced.

    python -m benchmarks.listening --out RESULT.json [--voices espeak joe kokoro] [--count 66]
        [--models DIR]

Of each voice COUNT utterances are made; each is heard as it is, and with one word cut out, one
doubled and one replaced, by the engine's own word marks: 200 damaged ones at 66. Runs where Sonca,
faster-whisper and the packages of `docs/listening.md` are; DIR holds Kokoro's model. Takes two to
three minutes of CPU a voice. What the file holds of other voices stays.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.listening import voices
from benchmarks.listening.damage import KINDS, Spoken, damaged
from sonca.audio import AudioChunk
from sonca.bench.stats import machine
from sonca.listening import Listener, Verdict
from sonca.listening.whisper import Whisper

SUSPECTED = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Shares of good utterances of the curve."""


def main() -> None:
    """Measures and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--voices", nargs="+", choices=voices.ENGINES, default=["espeak", "joe"])
    parser.add_argument("--count", type=int, default=66)
    parser.add_argument("--models", type=Path)
    asked = parser.parse_args()
    result: dict[str, Any] = {"voices": {}}
    if asked.out.is_file():
        result = json.loads(asked.out.read_text())
    with tempfile.TemporaryDirectory() as name:
        listener = Listener(Whisper(voices.whisper_base(Path(name, "whisper-base")), 1))
        for voice in asked.voices:
            spoken = voices.spoken(voice, asked.count, asked.models or Path(name))
            result["voices"][voice] = _measured(listener, voice, spoken)
            result |= {"benchmark": "listening", "machine": machine()}
            asked.out.write_text(json.dumps(result, indent=2) + "\n")


def _measured(listener: Listener, voice: str, spoken: list[Spoken]) -> dict[str, Any]:
    language = "vi" if voice == "espeak" else "en"
    verdicts: dict[str, list[Verdict]] = {kind: [] for kind in ("good", *KINDS)}
    duration_s, cpu_s = 0.0, time.process_time()
    for each, kind, samples in _heard(spoken):
        chunk = AudioChunk(samples, each.rate_hz)
        verdict = listener.judge(each.utterance, [chunk], language)
        verdicts[kind].append(verdict)
        duration_s += chunk.duration_s
        if kind == "good":
            listener.learn(voice, verdict)
    cpu_s = time.process_time() - cpu_s
    limit = listener.limit(voice)
    doubts = {
        kind: [listener.doubt(voice, verdict) for verdict in found]
        for kind, found in verdicts.items()
    }
    return {
        "utterances": len(spoken),
        "damaged": sum(len(doubts[kind]) for kind in KINDS),
        "cpu_s_a_second": cpu_s / duration_s,
        "limit": limit,
        "suspected": _beyond(doubts["good"], limit),
        "found": {kind: _beyond(doubts[kind], limit) for kind in KINDS},
        "curve": [_point(doubts, share) for share in SUSPECTED],
        "word_errors": _word_errors(verdicts["good"]),
    }


def _heard(spoken: list[Spoken]) -> Iterator[tuple[Spoken, str, Any]]:
    draw = random.Random(1)
    for each in spoken:
        yield each, "good", each.samples
        for kind in KINDS:
            yield each, kind, damaged(each, kind, spoken, draw)


def _beyond(doubts: list[float], limit: float) -> float:
    return float(np.mean(np.array(doubts) > limit))


def _word_errors(good: list[Verdict]) -> float:
    """Returns how many of the good utterances' syllables were heard wrongly, near ones included."""
    said = sum(each.syllables for each in good)
    return sum(each.wrong for each in good) / said


def _point(doubts: dict[str, list[float]], share: float) -> dict[str, float]:
    """Returns what is found with the limit at which no more than a share of good ones is
    suspected."""
    limit = float(np.quantile(doubts["good"], 1 - share, method="higher"))
    found = {str(kind): _beyond(doubts[kind], limit) for kind in KINDS}
    return {"suspected": _beyond(doubts["good"], limit), **found}


if __name__ == "__main__":
    main()
