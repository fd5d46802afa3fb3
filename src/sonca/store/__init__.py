"""Audio that is kept for a while, and what was said about it."""

from sonca.store.audio_store import AudioStore
from sonca.store.quota import Quota, Stats
from sonca.store.writer import Kept, Writer

__all__ = ["AudioStore", "Kept", "Quota", "Stats", "Writer"]
