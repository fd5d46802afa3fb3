"""Hears through a transducer of the sherpa-onnx collection, such as its Vietnamese Zipformers."""

from __future__ import annotations

from pathlib import Path

from sonca.audio import Samples
from sonca.errors import InvalidRequest
from sonca.listening.alignment import HeardWord

_WORD = "\u2581"
"""What the first piece of a word begins with."""


class Transducer:
    """A folder with an encoder, a decoder and a joiner in ONNX, and ``tokens.txt``."""

    def __init__(self, folder: Path, threads: int) -> None:
        import sherpa_onnx

        self.name = folder.name
        parts = {part: _only(folder, part) for part in ("encoder", "decoder", "joiner")}
        self._recogniser = sherpa_onnx.OfflineRecognizer.from_transducer(
            **{part: str(path) for part, path in parts.items()},
            tokens=str(folder / "tokens.txt"),
            num_threads=threads,
            decoding_method="greedy_search",
        )

    def hear(self, samples: Samples, sample_rate_hz: int, language: str) -> list[HeardWord]:
        stream = self._recogniser.create_stream()
        stream.accept_waveform(sample_rate_hz, samples)
        self._recogniser.decode_stream(stream)
        result = stream.result
        return words_of(result.tokens, result.timestamps, len(samples) / sample_rate_hz)


def words_of(tokens: list[str], times_s: list[float], end_s: float) -> list[HeardWord]:
    """Returns the words that pieces make, each up to where the next one begins."""
    begun: list[tuple[str, float]] = []
    for token, time_s in zip(tokens, times_s, strict=True):
        if token.startswith((_WORD, " ")) or not begun:
            begun.append((token.lstrip(_WORD + " "), time_s))
        else:
            begun[-1] = (begun[-1][0] + token, begun[-1][1])
    ends = [start for _, start in begun[1:]] + [end_s]
    return [
        HeardWord(text.lower(), start, stop)
        for (text, start), stop in zip(begun, ends, strict=True)
        if text
    ]


def _only(folder: Path, part: str) -> Path:
    """Returns the file of a part, that of eight bits before the larger one."""
    found = sorted(folder.glob(f"{part}*.onnx"), key=lambda path: ".int8." not in path.name)
    if not found:
        raise InvalidRequest(
            f"{folder} has no {part}*.onnx; sonca models verify says what is missing",
            field="verify",
        )
    return found[0]
