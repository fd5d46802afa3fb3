"""Engines that misbehave on cue, for tests of the server. They speak in tones."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from sonca.audio import AudioChunk
from sonca.engines.base import EngineInfo, Options, Setup
from sonca.engines.tone import ToneEngine
from sonca.errors import EngineError
from sonca.utterance import Utterance
from sonca.voice import Voice


class CueEngine(ToneEngine):
    """Fails at the word ``hỏng``, is silent at ``lặng``, and at ``chờ`` waits for `gate`."""

    gate = threading.Event()
    """Opened by a test. Waiting is given up after 20 s, so that no test hangs."""
    spoken: ClassVar[list[str]] = []
    told: ClassVar[list[tuple[str, bool]]] = []
    """Of each utterance, the name of its priority and whether it was the first."""

    def __init__(self) -> None:
        super().__init__()
        self._info = replace(self._info, name="cue", clones=False)

    @property
    def info(self) -> EngineInfo:
        return self._info

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return (
            Voice("cue-low", "Nam", "male", "north"),
            Voice("cue-high", "Nữ", "female", "south"),
        )

    def voice(self, key: str) -> float:
        return {"cue-low": 1.0, "cue-high": 2.0}[key]

    def synthesize(
        self, utterance: Utterance, voice: float, options: Options
    ) -> Iterator[AudioChunk]:
        self.told.append((options.priority.name, options.first))
        if "lặng" in utterance.spoken:
            return
        for chunk in super().synthesize(utterance, voice, options):
            word = utterance.original[:0]
            for mark in chunk.marks:
                start, end = mark.span
                first = utterance.span[0]
                word = utterance.original[start - first : end - first]
            if word == "chờ":
                self.gate.wait(20)
            if word == "hỏng":
                raise EngineError("the engine was told to fail")
            self.spoken.append(word)
            yield chunk


class BrokenEngine(ToneEngine):
    """Cannot be loaded."""

    @classmethod
    def create(cls, setup: Setup) -> BrokenEngine:
        raise EngineError("no such device")


class SlowEngine(ToneEngine):
    """Is loaded when a test opens `gate`, after 20 s at the latest."""

    gate = threading.Event()

    @classmethod
    def create(cls, setup: Setup) -> SlowEngine:
        cls.gate.wait(20)
        return cls()

    @classmethod
    def voices(cls, setup: Setup) -> Sequence[Voice]:
        return (Voice("slow-low", "Nam", "male", "north"),)

    def voice(self, key: str) -> float:
        return 1.0
