"""ZeroTTS: a Vietnamese voice that reads code-switched text, in ONNX, frame by frame."""

from sonca.engines.zerotts.engine import ZeroTTSEngine

__all__ = ["ZeroTTSEngine"]
