"""Sonca: Vietnamese text-to-speech that people can put into production.

The public names are the ones listed here; everything else may change.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sonca.audio import AudioChunk, Mark
    from sonca.errors import SoncaError
    from sonca.synthesizer import Sonca, Speech
    from sonca.voice import Voice

__version__ = "0.1.0"

__all__ = ["AudioChunk", "Mark", "Sonca", "SoncaError", "Speech", "Voice", "__version__"]

_HOMES = {
    "AudioChunk": "sonca.audio",
    "Mark": "sonca.audio",
    "Sonca": "sonca.synthesizer",
    "SoncaError": "sonca.errors",
    "Speech": "sonca.synthesizer",
    "Voice": "sonca.voice",
}


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used: `import sonca` itself loads nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'sonca' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
