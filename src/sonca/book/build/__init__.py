"""Builds a book: what is spoken goes into logs, from there into chapters' files, then together."""

from sonca.book.build.build import Build
from sonca.book.build.progress import BuildReport, Progress

__all__ = ["Build", "BuildReport", "Progress"]
