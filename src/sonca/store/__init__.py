"""Audio that is kept for a while, and what was said about it."""

from sonca.store.audio_store import AudioStore, Stats
from sonca.store.writer import Kept, Writer

__all__ = ["AudioStore", "Kept", "Stats", "Writer"]
