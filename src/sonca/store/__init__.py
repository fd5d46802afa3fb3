"""Audio that is kept for a while, and what was said about it."""

from sonca.store.audio_store import AudioStore, Kept, Stats, Writer

__all__ = ["AudioStore", "Kept", "Stats", "Writer"]
