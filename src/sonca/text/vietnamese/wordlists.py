"""Reads the tables in `sonca/text/data`, and looks words up in them.

A table is tab-separated; `#` and a blank start a comment line; keys that share a row stand
between ``|``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache


def rows(name: str) -> Iterator[list[str]]:
    """Yields the rows of a table, each a list of its fields."""
    from importlib import resources  # 14 ms that an import of the package need not pay

    text = resources.files("sonca.text").joinpath("data", name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("# "):
            yield line.split("\t")


@lru_cache(maxsize=64)
def mapping(name: str) -> dict[str, str]:
    """Returns the second field of a table by its keys."""
    return {key: row[1] for row in rows(name) for key in row[0].split("|")}


@lru_cache(maxsize=64)
def section(name: str, kind: str) -> dict[str, str]:
    """Returns the third field by the second, of the rows that begin with `kind`."""
    return {row[1]: row[2] for row in rows(name) if row[0] == kind}


@lru_cache(maxsize=64)
def words(name: str) -> frozenset[str]:
    """Returns all blank-separated words of a table without tabs."""
    return frozenset(word for row in rows(name) for word in row[0].split())


def word_set(text: str) -> frozenset[str]:
    """Returns blank-separated words as a set: how the rules write their word lists."""
    return frozenset(text.split())


def known_foreign(word: str) -> str | None:
    """Returns the listed reading of a foreign word, in any case."""
    return mapping("foreign.tsv").get(unicodedata.normalize("NFC", word).lower())


@lru_cache(maxsize=1)
def abbreviations() -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Returns the readings of every abbreviation, each with the words of which one must stand near,
    if any; those that need such a word come first."""
    table: dict[str, list[tuple[str, tuple[str, ...]]]] = {}
    for row in rows("abbreviations.tsv"):
        near = tuple(row[2].split()) if len(row) > 2 else ()
        for key in row[0].split("|"):
            table.setdefault(key, []).append((row[1], near))
    for readings in table.values():
        readings.sort(key=lambda r: not r[1])
    return table


def abbreviation(key: str) -> str | None:
    """Returns the reading of an abbreviation whatever stands near it."""
    found = abbreviations().get(key)
    return found[-1][0] if found and not found[-1][1] else None


@lru_cache(maxsize=1)
def units_alone() -> frozenset[str]:
    """Returns the units that mean nothing else, and so are read without a number too."""
    keys = (row[0] for row in rows("units.tsv") if len(row) > 2 and "alone" in row[2])
    return frozenset(key for alone in keys for key in alone.split("|"))


def unit_alone(word: str) -> str | None:
    """Returns the name of a unit whose symbol stands as a word of its own ("tính bằng km")."""
    return mapping("units.tsv").get(word) if word in units_alone() else None
