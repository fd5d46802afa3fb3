"""Supertonic 3 and KorvaTTS over ONNX Runtime. `SupertonicEngine` is all that others need."""

from sonca.engines.supertonic.engine import SupertonicEngine

__all__ = ["SupertonicEngine"]
