"""MOSS-Audio-Tokenizer-Nano in ONNX: codes to sound and back, for the engines that speak in codes.

A frame is 16 codes and 80 ms of sound at 48 kHz. Both graphs have two channels inside; here all
sound is mono.
"""

from sonca.engines.moss_codec.decoder import MossDecoder, MossStream
from sonca.engines.moss_codec.encoder import MossEncoder
from sonca.engines.moss_codec.meta import CodecMeta, read_meta

__all__ = ["CodecMeta", "MossDecoder", "MossEncoder", "MossStream", "read_meta"]
