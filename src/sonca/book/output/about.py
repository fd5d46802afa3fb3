"""What a finished book says of itself, beside its title and author."""

from __future__ import annotations

from dataclasses import dataclass

from sonca.errors import InvalidRequest

_YEARS = range(1, 10_000)


@dataclass(frozen=True, slots=True)
class About:
    """Raises `InvalidRequest` for a year that is none."""

    narrator: str = ""
    """Empty for the narrator's voice."""
    year: int | None = None
    language: str = "vi"
    """As BCP 47 names it."""
    description: str = ""
    series: str = ""
    part: str = ""
    """The book's number in its series."""

    def __post_init__(self) -> None:
        if self.year is not None and self.year not in _YEARS:
            raise InvalidRequest(f"year is {self.year}, it must be 1 to 9999", field="year")

    @property
    def in_series(self) -> str:
        """The series and the number in it, in one line."""
        return f"{self.series}, {self.part}" if self.series and self.part else self.series

    def tags(self) -> dict[str, str]:
        """Returns the tags of an audio file. Players of audiobooks show the composer as the
        narrator."""
        found = {
            "composer": self.narrator,
            "date": f"{self.year:04}" if self.year else "",
            "description": self.description,
            "synopsis": self.description,
            "grouping": self.in_series,
            "show": self.series,
            "episode_id": self.part if self.series else "",
        }
        return {name: value for name, value in found.items() if value}
