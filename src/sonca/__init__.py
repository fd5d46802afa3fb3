"""Sonca: Vietnamese text-to-speech that people can put into production."""

__version__ = "0.1.0"
