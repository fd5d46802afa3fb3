"""Recognizes the text of a page that is a picture, with Tesseract, if it is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from statistics import median
from typing import Any

from sonca.book.sources.pdf.lines import Line, Page
from sonca.errors import InvalidRequest

_DPI = 300
_POINTS_PER_INCH = 72
_TIMEOUT_S = 120
_LANGUAGE = "vie"
_WORD_LEVEL = "5"
_UNEVEN = 1.35


def read_page(page: Any, number: int) -> Page:
    """Returns a page of pypdfium2 with the lines that Tesseract recognizes. Raises
    `InvalidRequest` if it is not installed, or lacks Vietnamese."""
    program = shutil.which("tesseract")
    if program is None:
        raise InvalidRequest(
            "--ocr needs Tesseract: install tesseract-ocr and tesseract-ocr-vie", field="ocr"
        )
    width, height = page.get_size()
    scale = _DPI / _POINTS_PER_INCH
    picture = _picture(page, scale)
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "-l", _LANGUAGE, "--dpi", str(_DPI), "tsv"],
            input=picture,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Page(number, width, height, (), has_picture=True)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1][:200]
        raise InvalidRequest(f"Tesseract cannot read page {number + 1}: {said}", field="ocr")
    lines = _evened(list(_lines(done.stdout.decode("utf-8", "replace"), scale)))
    return Page(number, width, height, tuple(lines), has_picture=True)


def _picture(page: Any, scale: float) -> bytes:
    """Returns the page as a grey picture in PGM, which needs no library."""
    bitmap = page.render(scale=scale, grayscale=True)
    pixels = bitmap.to_numpy()
    rows, columns = pixels.shape[:2]
    return f"P5 {columns} {rows} 255\n".encode() + bytes(pixels.reshape(rows, columns).tobytes())


def _lines(table: str, scale: float) -> Iterator[Line]:
    """Yields the lines of Tesseract's table of words."""
    words: dict[tuple[str, ...], list[tuple[str, float, float, float, float]]] = {}
    for row in table.split("\n")[1:]:
        cells = row.split("\t")
        if len(cells) < 12 or cells[0] != _WORD_LEVEL or not cells[11].strip():
            continue
        left, top, width, height = (float(cell) / scale for cell in cells[6:10])
        word = (cells[11].strip(), left, left + width, top, top + height)
        words.setdefault(tuple(cells[1:5]), []).append(word)
    for line in words.values():
        texts, lefts, rights, tops, bottoms = zip(*line, strict=True)
        if sum(c.isalnum() for c in "".join(texts)) * 2 < len("".join(texts)):
            continue  # spots and lines of the picture
        yield Line(
            " ".join(texts), lefts[0], rights[-1], min(tops), max(bottoms), rights[0] - lefts[0]
        )


def _evened(lines: list[Line]) -> list[Line]:
    """Returns lines, those of about the usual height with just that: boxes fit the letters that
    happen to be in a line, and say little of its size."""
    if not lines:
        return lines
    usual = median(line.size for line in lines)
    return [
        replace(line, top=line.bottom - usual)
        if usual / _UNEVEN < line.size < usual * _UNEVEN
        else line
        for line in lines
    ]
