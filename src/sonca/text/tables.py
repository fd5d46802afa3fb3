"""Reads the tables in `sonca/text/data`: tab-separated, `#` starts a comment line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache


def rows(name: str) -> Iterator[list[str]]:
    """The rows of a table, each a list of its fields."""
    from importlib import resources  # 14 ms that an import of the package need not pay

    text = resources.files("sonca.text").joinpath("data", name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


@lru_cache(maxsize=64)
def mapping(name: str) -> dict[str, str]:
    """A two-column table as a dictionary; keys that share a row stand between ``|``."""
    table: dict[str, str] = {}
    for row in rows(name):
        for key in row[0].split("|"):
            table[key] = row[1]
    return table


@lru_cache(maxsize=64)
def words(name: str) -> frozenset[str]:
    """All blank-separated words of a table without tabs."""
    return frozenset(word for row in rows(name) for word in row[0].split())


def word_set(text: str) -> frozenset[str]:
    """Blank-separated words as a set: how the rules write their word lists."""
    return frozenset(text.split())
