"""From settings to a `Sonca`, for the command line and the server alike."""

from __future__ import annotations

from sonca.engines.base import Setup
from sonca.settings import Settings
from sonca.store.chunks import ChunkCache
from sonca.synthesizer import Sonca
from sonca.text import Lexicon


def open_sonca(settings: Settings, *, cached: bool = False) -> Sonca:
    """Returns the synthesizer that the settings describe; with `cached`, it keeps what it has
    spoken. Nothing is loaded yet."""
    quota = settings.cache_quota_bytes if cached else 0
    return Sonca(
        settings.engine,
        setup=Setup(
            settings.models_dir, settings.device, settings.threads, settings.steps, settings.exact
        ),
        loudness_lufs=settings.level_lufs,
        queue_limit=settings.queue_limit,
        max_text_chars=settings.max_text_chars,
        cache=ChunkCache(settings.cache_dir, quota_bytes=quota) if quota else None,
        commercial=settings.commercial,
        lexicon=Lexicon.load(settings.lexicon) if settings.lexicon else None,
    )
