"""Piper's neural voices over ONNX Runtime. `PiperEngine` is all that others need."""

from sonca.engines.piper.engine import PiperEngine

__all__ = ["PiperEngine"]
