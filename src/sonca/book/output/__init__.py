"""Puts a finished book together: its files, their captions, and where they go."""

from sonca.book.output.target import Target

__all__ = ["Target"]
