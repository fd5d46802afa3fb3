"""Reads what is left of ZIP files that are cut off or damaged: parts by the headers before them,
and each as far as it can be unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO

from sonca.book import limits

_HEADER = struct.Struct("<4s5H3L2H")
_SIGN = b"PK\x03\x04"
_UTF8, _SIZES_BEHIND, _LOCKED = 0x800, 0x8, 0x1
_CHUNK = 1 << 16


def entries(path: Path) -> list[zipfile.ZipInfo]:
    """Returns the parts of a file that has lost its list of them, by their own headers."""
    data = path.read_bytes()
    found: list[zipfile.ZipInfo] = []
    at = data.find(_SIGN)
    while 0 <= at <= len(data) - _HEADER.size and len(found) < limits.MAX_ENTRIES:
        entry = _entry(data, at)
        if entry is not None:
            found.append(entry)
        at = data.find(_SIGN, at + len(_SIGN))
    ends = [*(entry.header_offset for entry in found), len(data)][1:]
    for entry, end in zip(found, ends, strict=bool(found)):
        if not entry.compress_size:
            entry.compress_size = max(0, end - entry.header_offset - _HEADER.size)
    return found


def _entry(data: bytes, at: int) -> zipfile.ZipInfo | None:
    _, _, flags, method, *_, packed, size, name_size, _ = _HEADER.unpack_from(data, at)
    raw = data[at + _HEADER.size : at + _HEADER.size + name_size]
    if not raw or len(raw) < name_size or raw.endswith(b"/"):
        return None
    entry = zipfile.ZipInfo(raw.decode("utf-8" if flags & _UTF8 else "cp437", "replace"))
    entry.header_offset, entry.flag_bits, entry.compress_type = at, flags, method
    if not flags & _SIZES_BEHIND:
        entry.compress_size, entry.file_size = packed, size
    return entry


def read(path: Path, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """Returns as much of a part as can be unpacked, at most `limit` bytes and one: nothing if it
    is locked, or packed in an unusual way."""
    if entry.flag_bits & _LOCKED:
        return b""
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        head = file.read(_HEADER.size)
        if len(head) < _HEADER.size or head[:4] != _SIGN:
            return b""
        *_, name_size, extra_size = _HEADER.unpack(head)
        file.seek(name_size + extra_size, 1)
        if entry.compress_type == zipfile.ZIP_STORED:
            return file.read(min(entry.compress_size, limit + 1))
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            return _inflated(file, entry.compress_size, limit)
    return b""


def _inflated(file: BinaryIO, packed: int, limit: int) -> bytes:
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    data = bytearray()
    try:
        while packed > 0 and len(data) <= limit and not unpacker.eof:
            piece = unpacker.unconsumed_tail or file.read(min(_CHUNK, packed))
            if not piece:
                break
            packed -= 0 if unpacker.unconsumed_tail else len(piece)
            data += unpacker.decompress(piece, limit + 1 - len(data))
    except zlib.error:
        pass  # what came before the damage stays
    return bytes(data)
