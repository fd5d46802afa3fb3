"""Voices: which there are, what they are called, and the recordings of cloned ones."""

from sonca.voices.catalogue import Catalogue, Resolution

__all__ = ["Catalogue", "Resolution"]
