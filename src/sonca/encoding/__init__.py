"""Encodes a stream, a whole or a file; decodes what users send; resamples.

Everything runs in process. Nothing here knows engines, requests or where files are kept.
"""

from sonca.encoding.decoder import decode
from sonca.encoding.encoder import Encoder, encode
from sonca.encoding.file_encoder import FileEncoder
from sonca.encoding.formats import BOOK_FORMATS, FORMATS, Format, format_for, format_of_path
from sonca.encoding.resampling import Resampler, resample
from sonca.encoding.wav import wav_header

__all__ = [
    "BOOK_FORMATS",
    "FORMATS",
    "Encoder",
    "FileEncoder",
    "Format",
    "Resampler",
    "decode",
    "encode",
    "format_for",
    "format_of_path",
    "resample",
    "wav_header",
]
