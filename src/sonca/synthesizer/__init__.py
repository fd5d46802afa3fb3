"""The facade over the layers below it: text in, sound out."""

from sonca.synthesizer.facade import EngineStatus, Sonca
from sonca.synthesizer.request import SpeechRequest
from sonca.synthesizer.speech import Speech, Spoken, Suspect

__all__ = ["EngineStatus", "Sonca", "Speech", "SpeechRequest", "Spoken", "Suspect"]
