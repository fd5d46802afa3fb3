"""What is kept on the disk: audio with an expiry, sound that may be needed again, jobs."""

from sonca.store.audio_store import AudioStore
from sonca.store.audio_writer import AudioWriter, StoredAudio
from sonca.store.quota import Quota, StoreStats

__all__ = ["AudioStore", "AudioWriter", "Quota", "StoreStats", "StoredAudio"]
