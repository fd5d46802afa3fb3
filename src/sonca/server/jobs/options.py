"""What a job was asked for, as it is kept, and what a build makes of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from sonca.book.cast import Cast, by_gender, cast_file, propose_cast
from sonca.book.model import Book
from sonca.book.options import BookOptions
from sonca.book.output.about import About
from sonca.encoding.formats import BookFormatName
from sonca.errors import InvalidRequest
from sonca.synthesizer import Sonca
from sonca.text import Lexicon


@dataclass(frozen=True, slots=True)
class JobOptions:
    """JSON values only. A field that is added needs a default: rows that are kept lack it."""

    file: str
    """The book's name, with its suffix."""
    title: str
    author: str
    chapters: tuple[str, ...]
    """Titles."""
    format: BookFormatName = "m4b"
    voice: str | None = None
    male: str | None = None
    female: str | None = None
    speed: float = 1.0
    cast: str | None = None
    """``auto``, a cast as TOML, or None."""
    lexicon: str | None = None
    """The book's own readings."""
    lexicon_format: Literal["tsv", "toml"] = "tsv"
    narrator: str = ""
    year: int | None = None
    description: str = ""
    series: str = ""
    part: str = ""
    words: bool = False
    """Whether an EPUB marks every word."""
    verify: bool = False
    """Whether every sentence is listened to."""
    encoding: str | None = None
    book: BookOptions = field(default_factory=BookOptions)
    expiry_hours: float | None = None
    """Counted from its end; None keeps it until it is deleted."""
    needed_bytes: int = 0
    """What the job may come to take on the disk, as it was estimated when it was accepted."""

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> JobOptions:
        """Reads what `dump` wrote, in this version or another; passes over unknown fields.
        `ValueError` says what cannot be read."""
        try:
            return _ADAPTER.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            name = ".".join(str(part) for part in first["loc"])
            raise ValueError(f"{name or 'its options'}: {first['msg'].lower()}") from error

    def about(self) -> About:
        """Returns what the book says of itself. `InvalidRequest` for a year that is none."""
        return About(self.narrator, self.year, "vi", self.description, self.series, self.part)

    def check(self) -> None:
        """Raises `InvalidRequest` for options that cannot be, or cannot be together."""
        self.about()
        if self.cast is not None and (self.voice or self.male or self.female or self.speed != 1):
            raise InvalidRequest(
                "a cast says who speaks how: send it, or voice, male, female and speed",
                field="cast",
            )

    def readings(self) -> Lexicon | None:
        """Reads the lexicon. `InvalidRequest` names a bad line."""
        return Lexicon.parse(self.lexicon, self.lexicon_format) if self.lexicon else None

    def cast_of(self, book: Book, sonca: Sonca) -> Cast:
        """Returns who speaks how. `InvalidRequest` for a cast that is not one."""
        if self.cast == "auto":
            return propose_cast(book, sonca.catalogue.of(sonca.default_engine))
        if self.cast is not None:
            some = bool(self.book.skip or self.book.only)
            return cast_file.parse(self.cast, book, some=some)
        return by_gender(book, self.voice, self.male, self.female, self.speed)


_ADAPTER = TypeAdapter(JobOptions)
