"""Which part of a recording is the voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from sonca.engines.viettts.arrays import Array

Segment = tuple[int, int]
RATE_HZ = 16000
MIN_S = 3.0
MAX_S = 5.0
FRAME = 512
CONTEXT = 64
"""Samples before each frame that the detector also sees."""
THRESHOLD, RELEASE = 0.5, 0.35
MIN_SPEECH, MIN_SILENCE, PAD = int(0.25 * RATE_HZ), int(0.1 * RATE_HZ), int(0.03 * RATE_HZ)
JOIN = int(0.4 * RATE_HZ)
"""Breaks shorter than this are breath between words of one stretch of speech."""


def choose_speech(segments: Sequence[Segment], samples: int) -> Segment:
    """Chooses what to imitate: the first segment of 3 to 5 seconds, else the first 5 seconds of the
    first long stretch of speech, else of the longest. Half-open, in samples.

    Upstream takes the recording's beginning, silence included, where no segment fits.
    """
    longest = int(MAX_S * RATE_HZ)
    for start, end in segments:
        if MIN_S * RATE_HZ <= end - start <= longest:
            return start, end
    joined: list[Segment] = []
    for start, end in segments:
        if joined and start - joined[-1][1] <= JOIN:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    enough = [s for s in joined if s[1] - s[0] >= MIN_S * RATE_HZ]
    start, end = enough[0] if enough else max(joined, key=lambda s: s[1] - s[0])
    return start, min(end, start + longest, samples)


def segments_of(probability: Sequence[float], samples: int) -> list[Segment]:
    """Finds stretches of speech from the probability of each frame of 512 samples.

    Speech begins at the threshold and ends after a tenth of a second below the release; what is
    shorter than a quarter of a second is not speech; a little is added on both sides.
    """
    found: list[Segment] = []
    start: int | None = None
    quiet: int | None = None
    for index, value in enumerate(probability):
        at = index * FRAME
        if value >= THRESHOLD:
            start, quiet = at if start is None else start, None
        elif start is not None and value < RELEASE:
            quiet = at if quiet is None else quiet
            if at - quiet >= MIN_SILENCE:
                found.append((start, quiet))
                start = quiet = None
    if start is not None:
        found.append((start, samples))
    return _padded([s for s in found if s[1] - s[0] >= MIN_SPEECH], samples)


def _padded(found: list[Segment], samples: int) -> list[Segment]:
    """Lengthens each stretch by the pad on both sides, never into its neighbour."""
    out: list[Segment] = []
    for index, (start, end) in enumerate(found):
        after = found[index + 1][0] if index + 1 < len(found) else samples + PAD
        before = out[-1][1] if out else 0
        room = min(PAD, (after - end) // 2)
        out.append((max(start - PAD, before), min(end + room, samples)))
    return out


def silero(path: Path) -> Callable[[Array], list[Segment]]:
    """Returns the detector of the ONNX model in `path`."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def detect(wave: Array) -> list[Segment]:
        padded = np.pad(wave, (CONTEXT, -len(wave) % FRAME)).astype(np.float32)
        state = np.zeros((2, 1, 128), np.float32)
        rate = np.array(RATE_HZ, np.int64)
        probability = []
        for at in range(0, len(padded) - CONTEXT, FRAME):
            frame = padded[None, at : at + CONTEXT + FRAME]
            out, state = session.run(None, {"input": frame, "state": state, "sr": rate})
            probability.append(float(out[0, 0]))
        return segments_of(probability, len(wave))

    return detect


def by_level(wave: Array) -> list[Segment]:
    """Finds speech by loudness alone, for folders without silero-vad's model: speech is
    what stands well above the quietest part."""
    frames = len(wave) // FRAME
    if frames == 0:
        return []
    level = np.sqrt((wave[: frames * FRAME].reshape(frames, FRAME) ** 2).mean(axis=1))
    floor, top = np.quantile(level, 0.1), np.quantile(level, 0.95)
    limit = max(min(3 * floor, 0.5 * top), 0.003)
    return segments_of((level > limit).astype(float).tolist(), len(wave))
