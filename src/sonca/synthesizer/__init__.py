"""The facade over the layers below it: text in, sound out."""

from sonca.synthesizer.engine_pool import EnginePool, EngineStatus
from sonca.synthesizer.facade import EngineLoading, Sonca
from sonca.synthesizer.recipe import Recipe
from sonca.synthesizer.request import SpeechRequest
from sonca.synthesizer.samples import Measured, Sample, VoiceSamples
from sonca.synthesizer.speech import Speech, Suspect, UtteranceAudio

__all__ = [
    "EngineLoading",
    "EnginePool",
    "EngineStatus",
    "Measured",
    "Recipe",
    "Sample",
    "Sonca",
    "Speech",
    "SpeechRequest",
    "Suspect",
    "UtteranceAudio",
    "VoiceSamples",
]
