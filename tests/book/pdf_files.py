"""Writes PDF files, for tests: text of any letters at any place, with an outline and a password.

The font has boxes for letters: a page looks wrong, and reads right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

WIDTH, HEIGHT = 420.0, 595.0
_WIDTHS = {" ": 0.28, "i": 0.26, "l": 0.26, "t": 0.3, "m": 0.82, "w": 0.78, ".": 0.28, ",": 0.28}
_PAD = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")


def width(text: str, size: float = 11) -> float:
    """How wide a text is set."""
    return sum(_WIDTHS.get(c, 0.5) for c in text) * size


@dataclass
class PdfFile:
    """A PDF file that is being written."""

    title: str = ""
    author: str = ""
    pages: list[list[tuple[float, float, float, str]]] = field(default_factory=list)
    outline: list[tuple[str, int, float]] = field(default_factory=list)
    """Title, page from 0, distance from the top."""
    picture_pages: set[int] = field(default_factory=set)
    password: str = ""
    rotation: int = 0
    """By which all pages are shown turned; texts are set so that they are upright then."""
    stamp: str = ""
    """A text across each page."""

    def page(self) -> PdfFile:
        self.pages.append([])
        return self

    def put(self, text: str, x: float, y: float, size: float = 11) -> PdfFile:
        """Sets a text at `x` from the left and with its base line at `y` from the top."""
        self.pages[-1].append((x, y, size, text))
        return self

    def lines(
        self, lines: Sequence[str], x: float, y: float, size: float = 11, step: float = 15
    ) -> float:
        """Sets lines below each other; returns where the next would be."""
        for line in lines:
            if line:
                indent = len(line) - len(line.lstrip())
                self.put(line.strip(), x + indent * size / 2, y, size)
            y += step
        return y

    def write(self, path: Path) -> Path:
        path.write_bytes(self._bytes())
        return path

    def _bytes(self) -> bytes:
        letters = sorted({c for page in self.pages for *_, text in page for c in text + self.stamp})
        codes = {letter: index + 1 for index, letter in enumerate(letters)}
        assert len(codes) < 255
        objects: list[bytes] = [b""] * 6
        kids = []
        for index, page in enumerate(self.pages):
            commands = [
                f"BT /F1 {size} Tf {self._matrix(x, y)} Tm "
                f"<{''.join(f'{codes[c]:02x}' for c in text)}> Tj ET"
                for x, y, size, text in page
            ]
            if self.stamp:
                shown = "".join(f"{codes[c]:02x}" for c in self.stamp)
                commands.append(f"BT /F1 40 Tf .7 .7 -.7 .7 90 150 Tm <{shown}> Tj ET")
            if index in self.picture_pages:
                commands.append("q 300 0 0 400 50 50 cm /I1 Do Q")
            objects.append(_stream(" ".join(commands).encode()))
            objects.append(
                f"<</Type/Page/Parent 2 0 R/Rotate {self.rotation}"
                f"/MediaBox[0 0 {WIDTH} {HEIGHT}]/Contents "
                f"{len(objects)} 0 R/Resources<</Font<</F1 3 0 R>>"
                f"/XObject<</I1 5 0 R>>>>>>".encode()
            )
            kids.append(len(objects))
        roots = "".join(f"{number} 0 R " for number in kids)
        objects[1] = f"<</Type/Pages/Kids[{roots}]/Count {len(kids)}>>".encode()
        widths = [round(_WIDTHS.get(c, 0.5) * 1000) for c in letters]
        shapes = {w: len(objects) + 1 + i for i, w in enumerate(sorted(set(widths)))}
        objects += [
            _stream(f"{w} 0 0 -200 {w} 750 d1 0 0 {w} 700 re f".encode()) for w in sorted(shapes)
        ]
        named = "".join(f"/g{code}" for code in codes.values())
        shaped = "".join(
            f"/g{c} {shapes[w]} 0 R" for c, w in zip(codes.values(), widths, strict=True)
        )
        objects[2] = (
            "<</Type/Font/Subtype/Type3/FontMatrix[.001 0 0 .001 0 0]/FontBBox[0 -200 1000 750]"
            f"/FirstChar 1/LastChar {len(letters)}/Widths[{' '.join(map(str, widths))}]"
            f"/Encoding<</Differences[1{named}]>>/CharProcs<<{shaped}>>/Resources<<>>"
            "/ToUnicode 4 0 R>>"
        ).encode()
        objects[3] = _stream(_map(codes))
        objects[4] = _stream(
            b"\x80" * 4,
            "/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8",
        )
        objects[5] = f"<</Title {_text(self.title)}/Author {_text(self.author)}>>".encode()
        entries = ""
        if self.outline:
            entries = f"/Outlines {len(objects) + 1} 0 R"
            objects += self._outline(len(objects) + 1, kids)
        objects[0] = f"<</Type/Catalog/Pages 2 0 R{entries}>>".encode()
        return _file(objects, self.password)

    def _matrix(self, x: float, y: float) -> str:
        match self.rotation:
            case 90:
                return f"0 1 -1 0 {y} {x}"
            case 180:
                return f"-1 0 0 -1 {WIDTH - x} {y}"
            case 270:
                return f"0 -1 1 0 {WIDTH - y} {HEIGHT - x}"
        return f"1 0 0 1 {x} {HEIGHT - y}"

    def _outline(self, at: int, kids: Sequence[int]) -> list[bytes]:
        last = at + len(self.outline)
        objects = [f"<</Type/Outlines/First {at + 1} 0 R/Last {last} 0 R>>".encode()]
        for index, (title, page, y) in enumerate(self.outline):
            number = at + 1 + index
            following = f"/Next {number + 1} 0 R" if number < last else ""
            before = f"/Prev {number - 1} 0 R" if index else ""
            objects.append(
                f"<</Title {_text(title)}/Parent {at} 0 R{following}{before}"
                f"/Dest[{kids[page]} 0 R/XYZ 0 {HEIGHT - y} 0]>>".encode()
            )
        return objects


def _text(text: str) -> str:
    return f"<feff{text.encode('utf-16-be').hex()}>"


def _map(codes: dict[str, int]) -> bytes:
    lines = "".join(
        f"<{code:02x}> <{letter.encode('utf-16-be').hex()}>\n" for letter, code in codes.items()
    )
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{lines}endbfchar endcmap end end"
    ).encode()


def _stream(data: bytes, more: str = "") -> bytes:
    return f"<<{more}/Length {len(data)}>>stream\n".encode() + data + b"\nendstream"


def _file(objects: Sequence[bytes], password: str) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    more = ""
    key = b""
    id = hashlib.md5(b"id").digest()
    if password:
        owner = _rc4(hashlib.md5(_padded("owner")).digest()[:5], _padded(password))
        allowed = (-4 & 0xFFFFFFFF).to_bytes(4, "little")
        key = hashlib.md5(_padded(password) + owner + allowed + id).digest()[:5]
        user = _rc4(key, _PAD)
        more = (
            f"/Encrypt<</Filter/Standard/V 1/R 2/O<{owner.hex()}>/U<{user.hex()}>/P -4>>"
            f"/ID[<{id.hex()}><{id.hex()}>]"
        )
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        if password and b"stream\n" in body:
            head, _, rest = body.partition(b"stream\n")
            data = rest[: -len(b"\nendstream")]
            own = hashlib.md5(key + number.to_bytes(3, "little") + b"\0\0").digest()[:10]
            body = head + b"stream\n" + _rc4(own, data) + b"\nendstream"
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    at = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    for place in places:
        out += f"{place:010} 00000 n \n".encode()
    out += (
        f"trailer<</Size {len(objects) + 1}/Root 1 0 R/Info 6 0 R{more}>>\nstartxref\n{at}\n%%EOF"
    ).encode()
    return bytes(out)


def _padded(password: str) -> bytes:
    return (password.encode("latin-1") + _PAD)[:32]


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    out = bytearray()
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
