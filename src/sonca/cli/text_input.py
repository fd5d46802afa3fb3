"""Reads the text to speak: from the command line, a file, or standard input.

Encodings are not guessed: bytes that are not text are an error that names the first of them.
"""

from __future__ import annotations

import codecs
import os
import sys
from pathlib import Path

from sonca.errors import InvalidRequest, TextTooLong

STDIN = "-"

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAX_BYTES_PER_CHAR = 4
_ADVICE = "convert it to UTF-8"


def from_words(words: list[str]) -> str:
    """Returns the text given as arguments. Bytes that are not UTF-8 reach Python as lone
    surrogates."""
    text = " ".join(words)
    for index, letter in enumerate(text):
        if "\ud800" <= letter <= "\udfff":
            offset = len(os.fsencode(text[:index]))
            raise InvalidRequest(
                f"the text is not UTF-8: byte {offset} of it is not (0x{ord(letter) & 0xFF:02x})",
                field="text",
            )
    return text


def from_file(name: str, max_chars: int) -> str:
    """Returns the text of a file, or of standard input if it is called ``-``.

    UTF-8, or UTF-16 with its byte order mark. `InvalidRequest` if it cannot be read.
    """
    shown = "standard input" if name == STDIN else name
    limit = max_chars * _MAX_BYTES_PER_CHAR + len(codecs.BOM_UTF8)
    try:
        data = _read(name, limit + 1)
    except OSError as error:
        raise InvalidRequest(f"cannot read {shown}: {error.strerror or error}") from error
    if len(data) > limit:
        raise TextTooLong(
            f"{shown} has more than the {max_chars:,} characters that are the limit; split it"
        )
    return decode(data, shown)


def _read(name: str, size: int) -> bytes:
    if name != STDIN:
        with Path(name).open("rb") as file:
            return file.read(size)
    if sys.stdin is None:
        raise OSError("it is closed")
    return sys.stdin.buffer.read(size)


def decode(data: bytes, shown: str) -> str:
    """Returns bytes as text, without the byte order mark; `shown` names them in errors."""
    mark, encoding = next(
        (pair for pair in _BYTE_ORDER_MARKS if data.startswith(pair[0])), (b"", "utf-8")
    )
    try:
        text = data[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        offset = len(mark) + error.start
        problem = f"byte {offset} (0x{data[offset]:02x}) is not {encoding.upper()}"
        raise InvalidRequest(f"{shown}: {problem}; {_ADVICE}") from error
    if "\0" in text:
        offset = len(mark) + len(text[: text.index("\0")].encode(encoding))
        raise InvalidRequest(f"{shown}: byte {offset} is NUL, so this is not text; {_ADVICE}")
    return text
